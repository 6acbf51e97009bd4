"""Pixels and a window for viewers that apply a window of their own, with no value clipped.

A viewer can reproduce a linear window of the file and let the user widen it. The stored values
are therefore kept wherever a linear window displays them as the file specifies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.io.greyscale import Presentation, Rescale, Window, get_modality_range

WHITE = 65535
"""The value displayed as white where display values replace the stored values."""


@dataclass(frozen=True)
class WindowedValues:
    """Values and a window: ``clip((values - low) / (high - low), 0, 1)`` are the view's pixels."""

    values: npt.NDArray[np.integer]
    """``(rows, columns)``, in the stored orientation; larger values are brighter."""
    low: float
    """The largest value displayed as black."""
    high: float
    """The smallest value displayed as white."""
    stated: bool
    """Whether the file has a window or VOI LUT; otherwise the window is the range of the stored
    bits."""


def to_windowed(
    stored: npt.NDArray[np.integer],
    presentation: Presentation,
    pixels: npt.NDArray[np.float32],
) -> WindowedValues:
    """Return values and a window that display the same as the view's pixels.

    Where rescale and window are linear, the values are the stored ones, mirrored within the range
    of their bits (``lowest + highest - v``) where small values are bright, with padding set to
    the smallest value. A SIGMOID window, a lookup table, a window of width 1, or padding that the
    window would not display as black cannot be reproduced: the values are then the display
    values scaled to 0 to :data:`WHITE`.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of integers within the range of ``presentation.stored``.
    presentation
        The transformation to display values.
    pixels
        ``(rows, columns)``, the display values, in [0, 1].
    """
    stated = presentation.voi is not None
    ends = _find_ends(presentation)
    padded = _find_padding(stored, presentation)
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


def _find_ends(presentation: Presentation) -> tuple[float, float] | None:
    """The stored values (extrapolated) displayed as black and as white; None if not linear."""
    modality, voi = presentation.modality, presentation.voi
    if not isinstance(modality, Rescale):
        return None
    if voi is None:
        black, white = get_modality_range(presentation)
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


def _find_padding(
    stored: npt.NDArray[np.integer], presentation: Presentation
) -> npt.NDArray[np.bool_] | None:
    """A mask of the padding; None if there is none."""
    if presentation.padding is None:
        return None
    first, last = presentation.padding
    padded: npt.NDArray[np.bool_] = (stored >= first) & (stored <= last)
    return padded if padded.any() else None
