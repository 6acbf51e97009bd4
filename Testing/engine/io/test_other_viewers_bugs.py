"""Bugs of other viewers with mammograms: one test each, named by the issue."""

import numpy as np
import pytest
from pydicom.uid import JPEGLosslessSV1, RLELossless, SecondaryCaptureImageStorage

from mammopair.io import pixel_data
from mammopair.io.dicom import read_dicom
from mammopair.view import SpacingMeaning
from Testing.synthetic_mammograms import breast, write_mammogram

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
CAPTURE = {
    "SOPClassUID": SecondaryCaptureImageStorage,
    "PresentationIntentType": None,
    "ImagerPixelSpacing": None,
}


@pytest.fixture
def read(tmp_path):
    def read(stored=RAMP, **attributes):
        return read_dicom(write_mammogram(tmp_path / "view.dcm", stored, **attributes))

    return read


def test_cornerstone3d_2236_the_window_of_the_header_is_applied_exactly(read):
    # A mammogram was displayed greyer than specified: 12 bits in 16, an off-centre window.
    view = read(WindowCenter=3000, WindowWidth=1001).pixels.ravel()
    assert view[2499] == 0.0
    assert view[3499] == pytest.approx((3499 - 2999.5) / 1000 + 0.5)
    assert view[3500] == 1.0


def test_cornerstone3d_2215_an_image_is_inverted_once_after_the_window(read):
    # Inverted before an off-centre window, nearly all of the image would be white or black.
    window = {"WindowCenter": 500, "WindowWidth": 400}
    straight = read(**window).pixels
    for shape in ("INVERSE", None):
        view = read(**window, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape=shape)
        assert view.pixels == pytest.approx(1 - straight, abs=1e-6)


def test_cornerstone3d_2057_imager_pixel_spacing_is_used_without_pixel_spacing(read):
    spacing = read(ImagerPixelSpacing=[0.094, 0.094]).spacing
    assert (spacing.row, spacing.meaning) == (0.094, SpacingMeaning.DETECTOR)


def test_ohif_127_a_negative_rescale_slope_is_applied_before_the_window(read):
    # The header in the issue: 8 bits, MONOCHROME2, slope -10 and intercept 3000.
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rescale = {"bits": 8, "RescaleSlope": -10, "RescaleIntercept": 3000}
    window = {"WindowCenter": 1725, "WindowWidth": 2551}
    view = read(stored, **rescale, **window).pixels
    assert view == pytest.approx(1 - stored / 255, abs=1e-3)
    assert read(stored, **rescale).pixels == pytest.approx(1 - stored / 255)
    back = read(stored, **rescale, **window, PresentationLUTShape="INVERSE").pixels
    assert back == pytest.approx(stored / 255, abs=1e-3)


def test_itk_4111_pixel_spacing_of_a_secondary_capture_is_read(read):
    spacing = read(**CAPTURE, PixelSpacing=[0.05, 0.06]).spacing
    assert (spacing.row, spacing.column) == (0.05, 0.06)


def test_gdcm_170_pixel_spacing_takes_precedence_over_nominal_scanned_spacing(read):
    both = {"PixelSpacing": [0.05, 0.05], "NominalScannedPixelSpacing": [0.042, 0.042]}
    assert read(**CAPTURE, **both).spacing.row == 0.05
    only = {"NominalScannedPixelSpacing": [0.042, 0.042]}
    assert read(**CAPTURE, **only).spacing.row == 0.042


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLosslessSV1])
@pytest.mark.parametrize("decoder", ["dicomsdl", "simpleitk"])
def test_polarity_does_not_depend_on_the_decoder(read, syntax, decoder, monkeypatch):
    # GDCM inverts MONOCHROME1 while decoding; DCMTK and pydicom do not.
    monkeypatch.setitem(pixel_data.DECODERS, syntax, (decoder,))
    stored = breast()
    attributes = {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 900}
    view = read(stored, transfer_syntax=syntax, **attributes, WindowWidth=500)
    plain = read(stored, **attributes, WindowWidth=500)
    assert (view.pixels == plain.pixels).all()


def test_row_and_column_spacing_are_not_swapped(read):
    # Slicer's DCMTK reader swaps them; DICOM stores the distance between rows first.
    spacing = read(ImagerPixelSpacing=[0.2, 0.1]).spacing
    assert (spacing.row, spacing.column) == (0.2, 0.1)
