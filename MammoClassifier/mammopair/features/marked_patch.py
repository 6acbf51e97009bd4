"""The patch that the networks get, with the box on it and what of it is film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.view import Box, View

SMALLEST_BOX = 8.0
"""Cells that a box measures at least; a smaller one is widened about its centre."""
FRAYED = 2
"""Cells beside the black outside that count as outside: resampling has mixed it into them."""
LEAST_FILM = 0.05
"""Part of the patch that must be film; with less, all of it is taken for film."""


@dataclass(frozen=True)
class MarkedPatch:
    """A patch, bright where dense, and the mass on it."""

    pixels: npt.NDArray[np.float32]
    """``(256, 256)`` in [0, 1]; see :mod:`mammopair.crop`."""
    box: Box
    """In the continuous corner coordinates of the patch; all of it lies on the patch."""
    millimetres: float | None = None
    """Extent of a cell, where the view's spacing is known."""

    @cached_property
    def on_film(self) -> npt.NDArray[np.bool_]:
        """``(256, 256)``: False where black reaches in from the edge, which is no tissue."""
        from scipy.ndimage import binary_dilation, label

        regions, _ = label(self.pixels <= 0)
        edge = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
        outside = np.isin(regions, edge[edge > 0])
        if outside.any():
            outside = binary_dilation(outside, iterations=FRAYED)
        film = ~outside
        return film if film.mean() >= LEAST_FILM else np.ones_like(film)

    @cached_property
    def filled(self) -> npt.NDArray[np.float32]:
        """The pixels with the nearest film where there is none, so that its edge is no edge."""
        from scipy.ndimage import distance_transform_edt

        if self.on_film.all():
            return self.pixels
        nearest = distance_transform_edt(~self.on_film, return_distances=False, return_indices=True)
        return np.asarray(self.pixels[tuple(nearest)], np.float32)

    @cached_property
    def scatter(self) -> float:
        """Standard deviation of the film's brightness; 1 where it is constant."""
        found = float(self.pixels[self.on_film].std())
        return found if found > 1e-6 else 1.0


def cut_marked_patch(view: View, box: Box) -> MarkedPatch:
    """The patch that a network would get for a box on a view, ready to be measured.

    Raises
    ------
    InputError
        If the box has no area or lies wholly outside the view.
    """
    square = place_square(view, box)
    cell = square.width / PATCH_SIDE
    return mark(
        cut_patch(view, square),
        square.box_on_grid(box, PATCH_SIDE),
        cell * view.spacing.column if view.spacing else None,
    )


def mark(
    pixels: npt.NDArray[np.floating], box: Box, millimetres: float | None = None
) -> MarkedPatch:
    """A patch and a box on it, checked; of the box the part on the patch counts.

    Raises
    ------
    InputError
        If the patch is not ``(256, 256)`` finite numbers in [0, 1], or no part of the box is on it.
    """
    patch = np.asarray(pixels, np.float32)
    if patch.shape != (PATCH_SIDE, PATCH_SIDE):
        raise InputError(
            "patch", f"has shape {patch.shape}; ({PATCH_SIDE}, {PATCH_SIDE}) is needed"
        )
    if not (np.isfinite(patch).all() and patch.min() >= -1e-3 and patch.max() <= 1.001):
        raise InputError(
            "patch", "holds values outside [0, 1]; scale it so that black is 0, white 1"
        )
    across = _extent(box.x, box.width)
    down = _extent(box.y, box.height)
    return MarkedPatch(
        np.clip(patch, 0, 1), Box(across[0], down[0], across[1], down[1]), millimetres
    )


def _extent(start: float, extent: float) -> tuple[float, float]:
    """The part of an interval on the patch, widened to the least size: start and extent."""
    low, high = max(start, 0.0), min(start + extent, float(PATCH_SIDE))
    if not high > low:
        raise InputError("box", f"from {start:g} over {extent:g} cells does not lie on the patch")
    middle = (low + high) / 2
    half = max(high - low, SMALLEST_BOX) / 2
    middle = min(max(middle, half), PATCH_SIDE - half)
    return middle - half, 2 * half
