"""A patch with the box around the mass, and the area of the film on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.view import Box, View

SMALLEST_BOX = 8.0
"""Minimum side of a box, in cells; a smaller one is enlarged about its centre."""
BORDER = 2
"""Cells next to the black outside that count as outside, because resampling mixes them with it."""
MIN_FILM = 0.05
"""Minimum fraction of film; if there is less, all of the patch is regarded as film."""


@dataclass(frozen=True)
class MarkedPatch:
    """A patch and the box around the mass on it."""

    pixels: npt.NDArray[np.float32]
    """``(256, 256)`` in [0, 1], bright where dense; see :mod:`mammopair.crop`."""
    box: Box
    """In corner coordinates of the patch; it does not extend beyond the patch."""
    millimetres: float | None = None
    """Side of a cell; None if the pixel spacing of the view is unknown."""

    @cached_property
    def on_film(self) -> npt.NDArray[np.bool_]:
        """``(256, 256)``: False in black regions that touch the edge of the patch."""
        from scipy.ndimage import binary_dilation, label

        regions, _ = label(self.pixels <= 0)
        edge = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
        outside = np.isin(regions, edge[edge > 0])
        if outside.any():
            outside = binary_dilation(outside, iterations=BORDER)
        film = ~outside
        return film if film.mean() >= MIN_FILM else np.ones_like(film)

    @cached_property
    def filled(self) -> npt.NDArray[np.float32]:
        """The pixels, with the nearest film in place of those outside, to avoid an edge there."""
        from scipy.ndimage import distance_transform_edt

        if self.on_film.all():
            return self.pixels
        nearest = distance_transform_edt(~self.on_film, return_distances=False, return_indices=True)
        return np.asarray(self.pixels[tuple(nearest)], np.float32)

    @cached_property
    def deviation(self) -> float:
        """Standard deviation of the film's brightness; 1 if it is constant."""
        found = float(self.pixels[self.on_film].std())
        return found if found > 1e-6 else 1.0


def cut_marked_patch(view: View, box: Box) -> MarkedPatch:
    """Extract the patch around a box on a view.

    Raises
    ------
    InputError
        If the box has no area or lies completely outside the view.
    """
    square = place_square(view, box)
    cell = square.width / PATCH_SIDE
    return make_marked_patch(
        cut_patch(view, square),
        square.box_on_grid(box, PATCH_SIDE),
        cell * view.spacing.column if view.spacing else None,
    )


def make_marked_patch(
    pixels: npt.NDArray[np.floating], box: Box, millimetres: float | None = None
) -> MarkedPatch:
    """Validate a patch and a box; the box is clipped to the patch and enlarged to the minimum.

    Raises
    ------
    InputError
        If the patch is not ``(256, 256)`` finite numbers in [0, 1], or the box lies outside it.
    """
    patch = np.asarray(pixels, np.float32)
    if patch.shape != (PATCH_SIDE, PATCH_SIDE):
        raise InputError(
            "patch", f"has shape {patch.shape}; it must be ({PATCH_SIDE}, {PATCH_SIDE})"
        )
    if not (np.isfinite(patch).all() and patch.min() >= -1e-3 and patch.max() <= 1.001):
        raise InputError(
            "patch", "has values outside [0, 1]; scale it so that black is 0 and white is 1"
        )
    across = _extent(box.x, box.width)
    down = _extent(box.y, box.height)
    return MarkedPatch(
        np.clip(patch, 0, 1), Box(across[0], down[0], across[1], down[1]), millimetres
    )


def _extent(start: float, extent: float) -> tuple[float, float]:
    """Clip an interval to the patch and enlarge it to the minimum; return start and extent."""
    low, high = max(start, 0.0), min(start + extent, float(PATCH_SIDE))
    if not high > low:
        raise InputError(
            "box", f"at {start:g} with an extent of {extent:g} cells is outside the patch"
        )
    middle = (low + high) / 2
    half = max(high - low, SMALLEST_BOX) / 2
    middle = min(max(middle, half), PATCH_SIDE - half)
    return middle - half, 2 * half
