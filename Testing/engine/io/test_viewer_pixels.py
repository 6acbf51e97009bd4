"""Pixels of a viewer are compared with those of their file, and converted where none is known."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.io.viewer_pixels import (
    apply_window,
    has_bright_border,
    shows_same_image,
    stretch,
    subtract_darkest,
)

STORED = np.arange(4096, dtype=np.uint16).reshape(64, 64)
SHOWN = (STORED / 4095).astype(np.float32)


@pytest.mark.parametrize(
    ("stored", "shown", "same"),
    [
        (STORED, SHOWN, True),
        (STORED, 1 - SHOWN, True),
        (4095 - STORED, SHOWN, True),
        (STORED, np.clip(2 * SHOWN - 0.3, 0, 1), True),
        (STORED.astype(np.int32) - 2000, SHOWN, True),
        (STORED.astype(np.float32) * 1e6, SHOWN, True),
        (STORED, SHOWN.T, False),
        (STORED, SHOWN[:32], False),
        (STORED, np.abs(2 * SHOWN - 1), False),
    ],
    ids=[
        "the same",
        "shown inverted",
        "stored inverted",
        "windowed",
        "negative values",
        "floating point",
        "transposed",
        "another size",
        "not monotonic",
    ],
)
def test_any_monotonic_change_of_grey_values_is_the_same_image(stored, shown, same):
    assert shows_same_image(stored, shown.astype(np.float32)) is same


def test_equal_stored_values_with_different_brightness_are_another_image():
    stored = np.zeros((8, 8), np.uint8)
    stored[0, 0] = 1
    assert shows_same_image(stored, np.random.default_rng(0).random((8, 8), np.float32)) is False


def test_stretch_and_window_scale_to_zero_and_one():
    assert (stretch(STORED).min(), stretch(STORED).max()) == (0, 1)
    windowed = apply_window(STORED, 1000, 3000)
    assert windowed[STORED <= 1000].max() == 0
    assert windowed[STORED >= 3000].min() == 1
    assert windowed.flat[2000] == pytest.approx(0.5)


def test_subtracting_the_darkest_value_keeps_the_differences():
    assert subtract_darkest(STORED.astype(np.int16) - 100).tolist() == STORED.tolist()


def test_only_a_border_that_is_mostly_bright_counts_as_inverted():
    breast = np.zeros((40, 30), np.float32)
    breast[10:30, :10] = 0.9
    assert not has_bright_border(breast)
    assert has_bright_border(1 - breast)
