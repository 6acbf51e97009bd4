"""Values and a window for viewers: displayed as by the engine, with no value clipped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammopair.io.dicom import read_dicom, read_for_viewer
from mammopair.io.greyscale import (
    DisplayPixels,
    LookupTable,
    Presentation,
    Rescale,
    StoredFormat,
    Window,
)
from mammopair.io.viewer_window import WHITE, to_windowed
from Testing.synthetic_mammograms import breast, write_mammogram

TOLERANCE = 1e-5
"""Less than one step of 16 bits."""


def displayed(windowed):
    """The display values in a viewer."""
    values = windowed.values.astype(float)
    return np.clip((values - windowed.low) / (windowed.high - windowed.low), 0, 1)


linear_windows = st.builds(
    Window,
    centre=st.floats(-5000, 5000),
    width=st.floats(1.5, 9000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT"]),
)
other_vois = st.one_of(
    st.builds(
        Window,
        centre=st.floats(-5000, 5000),
        width=st.floats(1.0, 9000),
        function=st.just("SIGMOID"),
    ),
    st.just(Window(100, 1)),
    st.builds(
        LookupTable,
        entries=st.just(np.array([9, 7, 0, 255], dtype=np.uint16)),
        first=st.integers(-100, 100),
        bits=st.just(8),
    ),
)


@given(
    bits=st.integers(8, 16),
    signed=st.booleans(),
    slope=st.sampled_from([1.0, 0.5, -3.0, 2.25]),
    intercept=st.floats(-3000, 3000),
    voi=st.one_of(st.none(), linear_windows, other_vois),
    inverted=st.booleans(),
    padding=st.one_of(st.none(), st.tuples(st.integers(-200, 0), st.integers(1, 200))),
)
@settings(max_examples=300, deadline=None)
def test_a_viewer_displays_the_same_as_the_engine(
    bits, signed, slope, intercept, voi, inverted, padding
):
    stored = breast(16, 12, bits=bits, signed=signed)
    presentation = Presentation(
        StoredFormat(bits, signed), Rescale(slope, intercept), voi, inverted, padding
    )
    pixels = DisplayPixels(stored, presentation)[:, :]
    windowed = to_windowed(stored, presentation, pixels)
    assert windowed.high > windowed.low
    assert np.abs(displayed(windowed) - pixels).max() < TOLERANCE
    assert windowed.stated == (voi is not None)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("slope", [2.0, -2.0])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_linear_window_keeps_every_stored_value(signed, slope, inverted):
    stored = breast(bits=16, signed=signed)
    presentation = Presentation(
        StoredFormat(16, signed), Rescale(slope, 7.0), Window(500, 100), inverted
    )
    windowed = to_windowed(stored, presentation, DisplayPixels(stored, presentation)[:, :])
    lowest, highest = presentation.stored.lowest, presentation.stored.highest
    mirrored = inverted != (slope < 0)
    wanted = lowest + highest - stored.astype(int) if mirrored else stored
    assert windowed.values.dtype == stored.dtype
    assert (windowed.values == wanted).all()


def test_padding_that_a_window_cannot_display_as_black_is_converted():
    stored = breast(bits=12)
    plain = Presentation(
        StoredFormat(12, signed=False), voi=Window(2048, 4096), padding=(4095, 4095)
    )
    black = to_windowed(stored, plain, DisplayPixels(stored, plain)[:, :])
    assert (black.values[stored == 4095] == 0).all()
    assert (black.values[stored < 4095] == stored[stored < 4095]).all()

    grey = replace(plain, voi=Window(1000, 4096))
    kept = to_windowed(stored, grey, DisplayPixels(stored, grey)[:, :])
    assert (kept.low, kept.high) == (0, WHITE), "this window displays 0 as grey, not black"
    assert (kept.values[stored == 4095] == 0).all()


def test_a_window_that_makes_all_pixels_equal_is_replaced_for_viewers_too(tmp_path):
    path = write_mammogram(tmp_path / "view.dcm", WindowCenter=60000, WindowWidth=10)
    view, windowed = read_for_viewer(path)
    assert (windowed.low, windowed.high, windowed.stated) == (0, 4095, False)
    assert (view.pixels == read_dicom(path).pixels).all()
    assert "invalid-window" in {warning.code for warning in view.warnings}
