"""Pixels as an image viewer holds them, converted to the brightness of a view.

A viewer may hold a file's pixels inverted, windowed or edited. These functions compare such
pixels with the file's, and convert them where no file is known.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

GREY_LEVELS = 65536
"""Number of grey values that are distinguished when two images are compared."""
TOLERANCE = 1e-3
"""Largest difference of two pixels that count as equal, relative to black to white."""
BRIGHT_BORDER = 0.6
"""An image looks inverted if three quarters of its border are brighter than this."""


def shows_same_image(stored: npt.NDArray[np.generic], shown: npt.NDArray[np.float32]) -> bool:
    """Return whether two arrays differ by a monotonic change of grey values only.

    A window, a VOI LUT and an inversion are such changes: equal values in ``stored`` are equal in
    ``shown``, and the values of one increase, or decrease, with those of the other.

    Parameters
    ----------
    stored
        ``(rows, columns)``, of any integer or floating type, finite and not constant.
    shown
        ``(rows, columns)`` in [0, 1].
    """
    if stored.shape != shown.shape:
        return False
    low, high = stored.min(), stored.max()
    if stored.dtype.kind == "f" or float(high) - float(low) > GREY_LEVELS - 1:
        scale = (GREY_LEVELS - 1) / (float(high) - float(low))
        codes = np.rint((stored.astype(np.float64) - float(low)) * scale).astype(np.uint16)
    else:
        codes = (stored.astype(np.int64) - int(low)).astype(np.uint16)
    table = np.full(GREY_LEVELS, np.nan, dtype=np.float32)
    table[codes] = shown
    if np.abs(table[codes] - shown).max() > TOLERANCE:
        return False
    values = table[~np.isnan(table)]
    falls = np.maximum.accumulate(values) - values
    rises = values - np.minimum.accumulate(values)
    return bool(falls.max() <= TOLERANCE or rises.max() <= TOLERANCE)


def stretch(stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Scale pixels linearly so that their smallest value is 0 and their largest 1."""
    low, high = float(stored.min()), float(stored.max())
    return ((stored.astype(np.float32) - low) / (high - low)).astype(np.float32)


def subtract_darkest(stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Shift pixels so that their smallest value is 0, without scaling them."""
    values = np.asarray(stored, dtype=np.float32)
    return values - values.min()


def apply_window(
    stored: npt.NDArray[np.generic], black: float, white: float
) -> npt.NDArray[np.float32]:
    """Scale pixels linearly so that ``black`` is 0 and ``white`` 1, and clip to [0, 1]."""
    return np.clip((stored.astype(np.float64) - black) / (white - black), 0, 1).astype(np.float32)


def has_bright_border(pixels: npt.NDArray[np.float32]) -> bool:
    """Return whether the border of an image in [0, 1] is bright, as in an inverted mammogram."""
    border = pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]
    return bool(np.quantile(np.concatenate(border), 0.25) > BRIGHT_BORDER)
