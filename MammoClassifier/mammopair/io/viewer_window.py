"""A mammogram for viewers that have a window of their own: nothing is cut off, all is bright.

What the engine shows through a linear window, a viewer can show through that window too, and the
user can then widen it. So the stored values are kept wherever a window says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.io.greyscale import Presentation, Rescale, Window, modality_range

WHITE = 65535
"""The value of white where the display values themselves are kept."""


@dataclass(frozen=True)
class WindowedValues:
    """``clip((values - low) / (high - low), 0, 1)`` are the pixels of the view."""

    values: npt.NDArray[np.integer]
    """``(rows, columns)``, in the stored orientation; larger where brighter."""
    low: float
    """The value that is shown black, with all that are smaller."""
    high: float
    """The value that is shown white, with all that are larger."""
    stated: bool
    """Whether the file states a window or a VOI LUT; else the range is that of the stored bits."""


def to_windowed(
    stored: npt.NDArray[np.integer],
    presentation: Presentation,
    pixels: npt.NDArray[np.float32],
) -> WindowedValues:
    """Values and a window that show what :func:`~mammopair.io.greyscale.show` shows.

    Where rescaling and window are linear these are the stored values, mirrored within the range
    of their bits (``lowest + highest - v``) where small ones are bright; padding becomes
    the smallest value. A SIGMOID, a look-up table, a window of width 1 and padding that the
    window would not show black are no window's work: there the display values are kept, 0 to
    :data:`WHITE`.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of integers within the range of ``presentation.stored``.
    presentation
        How to show them.
    pixels
        The same, shown.
    """
    stated = presentation.voi is not None
    ends = _ends(presentation)
    padded = _padded(stored, presentation)
    if ends is not None:
        dark, bright = ends
        lowest, highest = presentation.stored.lowest, presentation.stored.highest
        values = stored
        if dark > bright:
            values = stored.dtype.type(lowest + highest) - stored
            dark, bright = lowest + highest - dark, lowest + highest - bright
        if padded is None:
            return WindowedValues(values, dark, bright, stated)
        if lowest <= dark:
            values = np.where(padded, stored.dtype.type(lowest), values)
            return WindowedValues(values, dark, bright, stated)
    values = np.rint(pixels * np.float32(WHITE)).astype(np.uint16)
    return WindowedValues(values, 0.0, float(WHITE), stated)


def _ends(presentation: Presentation) -> tuple[float, float] | None:
    """The stored values, continued, that are just black and just white; None if not linear."""
    modality, voi = presentation.modality, presentation.voi
    if not isinstance(modality, Rescale):
        return None
    if voi is None:
        black, white = modality_range(presentation)
    elif isinstance(voi, Window) and voi.function == "LINEAR" and voi.width > 1:
        middle, half = voi.centre - 0.5, (voi.width - 1.0) / 2
        black, white = middle - half, middle + half
    elif isinstance(voi, Window) and voi.function == "LINEAR_EXACT":
        black, white = voi.centre - voi.width / 2, voi.centre + voi.width / 2
    else:
        return None
    if presentation.inverted:
        black, white = white, black
    return (black - modality.intercept) / modality.slope, (
        white - modality.intercept
    ) / modality.slope


def _padded(
    stored: npt.NDArray[np.integer], presentation: Presentation
) -> npt.NDArray[np.bool_] | None:
    """Where the image is padded; None if nowhere."""
    if presentation.padding is None:
        return None
    first, last = presentation.padding
    padded: npt.NDArray[np.bool_] = (stored >= first) & (stored <= last)
    return padded if padded.any() else None
