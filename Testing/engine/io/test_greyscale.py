"""The grey-scale pipeline, compared with numbers computed by hand from the standard."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from mammopair.io.dicom import read_dicom
from mammopair.io.greyscale import (
    DisplayPixels,
    LookupTable,
    Presentation,
    Rescale,
    StoredFormat,
    Window,
    apply_window,
    compute_display_values,
    read_presentation,
)
from Testing.synthetic_mammograms import breast, lookup_table, mammogram, write_mammogram

BITS = 12
BRIGHTEST = 2**BITS - 1
RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def read(tmp_path, stored=RAMP, **attributes):
    return read_dicom(write_mammogram(tmp_path / "view.dcm", stored, **attributes))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-1000, 0.0), (1948, 0.0), (1949, 1 / 199), (2047.5, 0.5), (2048, 100 / 199), (2147, 1.0)],
)
def test_a_linear_window_equals_the_formula_of_the_standard(value, shown):
    # PS3.3 C.11.2.1.2.1 for c = 2048, w = 200: y = (x - 2047.5) / 199 + 0.5, clipped.
    got = apply_window(np.array([float(value)]), Window(2048, 200))
    assert got[0] == pytest.approx(shown, abs=1e-12)


def test_a_linear_window_equals_the_example_of_the_standard():
    # PS3.3 C.11.2.1.2.1, example: c = 2048, w = 4096 is the identity on 0 .. 4095.
    got = apply_window(np.array([0.0, 1.0, 2047.0, 4095.0]), Window(2048, 4096))
    assert got == pytest.approx(np.array([0.0, 1.0, 2047.0, 4095.0]) / 4095)


def test_a_linear_window_of_width_one_is_a_step():
    got = apply_window(np.array([99.0, 99.5, 100.0]), Window(100, 1))
    assert got.tolist() == [0.0, 0.0, 1.0]


def test_a_linear_exact_window_has_no_offset_of_half_a_value():
    got = apply_window(np.array([90.0, 100.0, 105.0, 110.0]), Window(100, 20, "LINEAR_EXACT"))
    assert got == pytest.approx([0.0, 0.5, 0.75, 1.0])


def test_a_sigmoid_window_is_the_logistic_function_without_overflow():
    got = apply_window(np.array([100.0, 150.0, -1e9, 1e9]), Window(100, 200, "SIGMOID"))
    assert got[0] == 0.5
    assert got[1] == pytest.approx(1 / (1 + np.exp(-1)))
    assert got[2] == pytest.approx(0)
    assert got[3] == 1.0


def test_without_window_the_full_range_of_the_stored_bits_is_displayed(tmp_path):
    view = read(tmp_path, np.array([[0, 1024], [2048, 4095]], dtype=np.uint16))
    assert view.pixels == pytest.approx(np.array([[0, 1024], [2048, 4095]]) / 4095)


def test_without_window_the_range_is_rescaled(tmp_path):
    view = read(tmp_path, RescaleSlope=0.5, RescaleIntercept=-100)
    assert view.pixels == pytest.approx(RAMP / BRIGHTEST)


def test_signed_pixels_are_displayed_from_their_smallest_value(tmp_path):
    stored = np.array([[-2048, -1], [0, 2047]], dtype=np.int16)
    view = read(tmp_path, stored, bits=12)
    assert view.pixels == pytest.approx((stored.astype(float) + 2048) / 4095)


def test_a_window_applies_to_values_after_rescaling(tmp_path):
    view = read(
        tmp_path, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000.5, WindowWidth=2001
    )
    assert view.pixels.ravel()[500] == 0.0
    assert view.pixels.ravel()[1000] == pytest.approx(0.5)
    assert view.pixels.ravel()[1500] == pytest.approx(1.0)


def test_the_first_of_several_windows_is_used(tmp_path):
    one = read(tmp_path, WindowCenter=[500, 2000], WindowWidth=[400, 100])
    other = read(tmp_path, WindowCenter=500, WindowWidth=400)
    assert (one.pixels == other.pixels).all()


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_the_voi_lut_function_of_the_header_is_applied(tmp_path, function):
    view = read(tmp_path, WindowCenter=2000, WindowWidth=800, VOILUTFunction=function)
    expected = apply_window(RAMP.astype(float), Window(2000, 800, function))
    assert view.pixels == pytest.approx(expected, abs=1e-6)
    linear = read(tmp_path, WindowCenter=2000, WindowWidth=800)
    assert not np.allclose(view.pixels, linear.pixels, atol=1e-6)


@pytest.mark.parametrize("as_words", [False, True])
def test_a_voi_lut_takes_precedence_over_a_window(tmp_path, as_words):
    curve = np.rint(4095 * (np.arange(4096) / 4095) ** 2).astype(np.uint16)
    table = lookup_table(curve, as_words=as_words)
    view = read(tmp_path, VOILUTSequence=table, WindowCenter=100, WindowWidth=50)
    assert view.pixels == pytest.approx(curve[RAMP] / BRIGHTEST)


def test_a_voi_lut_extends_its_first_and_last_entry(tmp_path):
    table = lookup_table(np.array([10, 20, 30]), first=1000, bits=8)
    view = read(tmp_path, VOILUTSequence=table).pixels.ravel() * 255
    assert view[[0, 999, 1000, 1001, 1002, 1003, 4095]] == pytest.approx(
        [10, 10, 10, 20, 30, 30, 30]
    )


def test_a_voi_lut_may_start_at_a_negative_value(tmp_path):
    stored = np.arange(-2048, 2048, dtype=np.int16).reshape(64, 64)
    table = lookup_table(np.arange(4096), first=-2048)
    view = read(tmp_path, stored, VOILUTSequence=table)
    assert view.pixels == pytest.approx((stored.astype(float) + 2048) / 4095)


def test_a_voi_lut_count_of_zero_means_65536(tmp_path):
    stored = np.array([[0, 65535], [1, 256]], dtype=np.uint16)
    curve = np.arange(65536)[::-1]
    view = read(
        tmp_path, stored, bits=16, VOILUTSequence=lookup_table(curve, bits=16, as_words=True)
    )
    assert view.pixels == pytest.approx(1 - stored / 65535)


def test_a_large_voi_lut_count_is_unsigned_for_signed_pixels_in_implicit_vr(tmp_path):
    stored = np.array([[-20000, 19999], [1, 9999]], dtype=np.int16)
    table = lookup_table(np.arange(40000), first=0, bits=16, as_words=True)
    signed = {"bits": 16, "PixelRepresentation": 1, "transfer_syntax": ImplicitVRLittleEndian}
    view = read(tmp_path, stored, **signed, VOILUTSequence=table)
    assert view.pixels == pytest.approx(np.maximum(stored, 0) / 65535)


def test_a_voi_lut_of_8_bit_entries_is_read(tmp_path):
    table = lookup_table(np.arange(256), bits=8)
    table[0].add_new("LUTData", "OW", bytes(range(256)))
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    view = read(tmp_path, stored, bits=8, VOILUTSequence=table)
    assert view.pixels == pytest.approx(stored / 255)


def test_a_modality_lut_replaces_the_rescale(tmp_path):
    curve = np.arange(4096)[::-1]
    view = read(tmp_path, ModalityLUTSequence=lookup_table(curve), RescaleSlope=7)
    assert view.pixels == pytest.approx(1 - RAMP / BRIGHTEST)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_an_image_is_inverted_at_most_once(tmp_path, photometric, shape, inverted):
    view = read(tmp_path, PhotometricInterpretation=photometric, PresentationLUTShape=shape)
    straight = RAMP / BRIGHTEST
    assert view.pixels == pytest.approx(1 - straight if inverted else straight)


@pytest.mark.parametrize(
    ("photometric", "sign", "bright"),
    [("MONOCHROME1", 1, 0), ("MONOCHROME2", 1, 0), ("MONOCHROME2", -1, 4095)],
)
def test_raw_data_are_bright_where_less_radiation_was_detected(tmp_path, photometric, sign, bright):
    view = read(
        tmp_path,
        PresentationIntentType="FOR PROCESSING",
        PresentationLUTShape=None,
        PhotometricInterpretation=photometric,
        PixelIntensityRelationshipSign=sign,
    )
    assert view.pixels.ravel()[bright] == 1.0


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_for_either_photometric_interpretation(tmp_path, photometric):
    view = read(tmp_path, PhotometricInterpretation=photometric, PixelPaddingValue=0)
    assert view.pixels.ravel()[0] == 0.0
    expected = 1 - 1 / 4095 if photometric == "MONOCHROME1" else 1 / 4095
    assert view.pixels.ravel()[1] == pytest.approx(expected)


def test_a_range_of_padding_values_is_black(tmp_path):
    view = read(tmp_path, PixelPaddingValue=4000, PixelPaddingRangeLimit=4095)
    assert (view.pixels.ravel()[4000:] == 0).all()
    assert view.pixels.ravel()[3999] == pytest.approx(3999 / 4095)


def test_negative_padding_of_signed_pixels_is_black(tmp_path):
    stored = np.array([[-2048, -2000], [0, 2047]], dtype=np.int16)
    view = read(tmp_path, stored, PixelPaddingValue=-2000, PhotometricInterpretation="MONOCHROME1")
    assert view.pixels[0, 1] == 0.0
    assert view.pixels[0, 0] == 1.0


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"WindowCenter": 100, "WindowWidth": 0}, "invalid-window"),
        ({"WindowCenter": 100, "WindowWidth": -5}, "invalid-window"),
        ({"WindowCenter": 90000, "WindowWidth": 10}, "invalid-window"),
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, "invalid-rescale"),
    ],
)
def test_an_invalid_window_or_slope_is_ignored_with_a_warning(tmp_path, attributes, code):
    view = read(tmp_path, **attributes)
    assert code in [warning.code for warning in view.warnings]
    assert view.pixels == pytest.approx(RAMP / BRIGHTEST)


@given(
    bits=st.integers(8, 16),
    signed=st.booleans(),
    inverted=st.booleans(),
    slope=st.floats(0.25, 4) | st.floats(-4, -0.25),
    voi=st.none()
    | st.builds(
        Window,
        st.floats(-500, 5000),
        st.floats(1, 5000),
        st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    )
    | st.just(LookupTable(np.arange(1000, dtype=np.uint16), -3, 10)),
)
@settings(max_examples=60, deadline=None)
def test_the_lookup_table_equals_the_formulas_for_every_pixel(bits, signed, inverted, slope, voi):
    stored = breast(20, 10, bits=bits, signed=signed)
    presentation = Presentation(
        stored=StoredFormat(bits, signed), modality=Rescale(slope, 3), voi=voi, inverted=inverted
    )
    shown = DisplayPixels(stored, presentation)[:, :]
    assert shown.dtype == np.float32
    assert shown.min() >= 0
    assert shown.max() <= 1
    assert shown == pytest.approx(
        compute_display_values(stored.astype(float), presentation), abs=1e-6
    )


def test_a_window_is_read_from_functional_groups():
    window, group = Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth = 700, 100
    group.FrameVOILUTSequence = [window]
    dataset = mammogram(SharedFunctionalGroupsSequence=[group])
    presentation, _ = read_presentation(dataset)
    assert presentation.voi == Window(700, 100)


@pytest.mark.parametrize("signed", [False, True])
def test_a_slice_of_the_display_pixels_equals_that_of_the_whole_image(signed):
    stored = np.random.default_rng(0).integers(-2000 if signed else 0, 2047, (90, 70))
    stored = stored.astype(np.int16 if signed else np.uint16)
    presentation = Presentation(
        StoredFormat(12, signed), voi=Window(700, 900), inverted=True, padding=(0, 9)
    )
    pixels = DisplayPixels(stored, presentation)
    whole = pixels[:, :]
    assert pixels.shape == whole.shape == stored.shape
    assert whole == pytest.approx(compute_display_values(stored.astype(float), presentation))
    np.testing.assert_array_equal(pixels[40:61, 3:50], whole[40:61, 3:50])
    np.testing.assert_array_equal(np.asarray(pixels), whole)


@pytest.mark.parametrize(
    ("values", "uniform"), [([5, 1000], False), ([5, 9, 2000], True), ([5, 1000, 2000], False)]
)
def test_an_image_is_uniform_only_if_all_display_values_are_equal(values, uniform):
    """The smallest and the largest stored value may both be black, as window and padding."""
    stored = np.array([values], np.uint16)
    presentation = Presentation(
        StoredFormat(12, False), voi=Window(1000, 200), padding=(2000, 2000)
    )
    assert DisplayPixels(stored, presentation).is_uniform() == uniform
