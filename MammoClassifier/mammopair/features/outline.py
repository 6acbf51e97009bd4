"""Outline of a mass: the optimal closed path around the centre of its box.

The patch is sampled along ellipses with the proportions of the box; ``rho = 1`` is the one
inscribed in it. Dynamic programming finds the closed path, with one radius per angle, that
minimises a cost: an edge from bright inside to dark outside reduces it, deviation from the size of
the box and changes of radius increase it. The method is that of Timp & Karssemeijer, Med Phys
31:958 (2004), without their term for the grey level, and with the box, drawn by a radiologist, in
place of their distribution of sizes.

Limitations: with one radius per angle a thin or hooked spicule is cut off at its base; where tissue
obscures the margin, the box determines the outline; an edge of rib or muscle in the box that is
stronger than the margin may be followed. On a flat patch the outline is the ellipse of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE, from_pixel_index, to_pixel_index
from mammopair.features.marked_patch import MarkedPatch

ANGLES = 128
"""Number of directions."""
INNERMOST, OUTERMOST, RADII = 0.4, 1.3, 55
"""Smallest and largest ellipse, in half sides of the box, and the number of ellipses."""
SMOOTHING = 2.0
"""Standard deviation, in cells, of the Gaussian that is applied before the edge is found."""
SIZE_WEIGHT = 1.0
"""Cost of an outline twice the size of the box; the strongest edge reduces the cost by 1."""
BEND_WEIGHT, MAX_BEND = 0.03, 2
"""Cost of a change by one ellipse from an angle to the next, and the maximum change."""
ROUNDING = 1.0
"""Standard deviation, in angles, of the Gaussian that smooths the path."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """A closed curve with one radius per angle."""

    centre: tuple[float, float]
    """``(x, y)`` of the centre of the box, in corner coordinates of the patch."""
    points: Floats
    """``(128, 2)``: x and y along the curve, clockwise as displayed."""
    relative_radius: npt.NDArray[np.float32]
    """``(256, 256)``: distance from the centre, relative to that of the curve in the same
    direction: below 1 inside, above 1 outside."""

    @property
    def area(self) -> float:
        """Area in cells."""
        return abs(float(_triangles(self.points).sum()))

    @property
    def centroid(self) -> Floats:
        """``(2,)``: x and y of the centre of the area."""
        weights = _triangles(self.points)
        corners = self.points + np.roll(self.points, -1, axis=0)
        return np.asarray(weights @ corners / (3 * weights.sum()))

    @property
    def radius(self) -> float:
        """Radius of the disc of the same area, in cells."""
        return float(np.sqrt(self.area / np.pi))


def _triangles(points: Floats) -> Floats:
    """Compute the signed areas of the triangles of the origin and each side."""
    x, y = points.T
    return np.asarray((x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def find_outline(patch: MarkedPatch) -> Outline:
    """Find the outline of the mass on a patch; it exists for every patch."""
    from scipy.ndimage import gaussian_filter1d

    turn = np.arange(ANGLES) * 2 * np.pi / ANGLES
    rho = np.linspace(INNERMOST, OUTERMOST, RADII)
    path = _cheapest_closed_path(_costs(patch, turn, rho))
    radii = gaussian_filter1d(rho[path], ROUNDING, mode="wrap")

    x, y = patch.box.centre
    across = radii * patch.box.width / 2 * np.cos(turn)
    down = radii * patch.box.height / 2 * np.sin(turn)
    return Outline(
        centre=(x, y),
        points=np.stack([x + across, y + down], axis=1),
        relative_radius=_relative_radius((x, y), across, down),
    )


def _costs(patch: MarkedPatch, turn: Floats, rho: Floats) -> Floats:
    """Compute the cost of each point of the outline, ``(angles, radii)``."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    x, y = patch.box.centre
    right = patch.box.width / 2 * np.cos(turn)[:, None]
    down = patch.box.height / 2 * np.sin(turn)[:, None]
    smooth = gaussian_filter(patch.filled.astype(np.float64), SMOOTHING)
    points = [to_pixel_index(y + rho * down), to_pixel_index(x + rho * right)]
    brightness = map_coordinates(smooth, points, order=1, mode="nearest")
    decrease = -np.gradient(brightness, axis=1) / np.hypot(right, down)
    edge = np.clip(decrease, 0, None)
    strongest = np.quantile(edge, 0.99)
    if strongest > 1e-6 * patch.deviation:
        edge = np.clip(edge / strongest, 0, 1)
    return SIZE_WEIGHT * (rho - 1) ** 2 - edge


def _cheapest_closed_path(costs: Floats) -> npt.NDArray[np.intp]:
    """Return the index of the radius at each angle.

    The path is computed over three turns, of which the middle one is closed.
    """
    angles, radii = costs.shape
    changes = np.arange(-MAX_BEND, MAX_BEND + 1)
    bends = BEND_WEIGHT * np.abs(changes)[:, None]
    indices = np.arange(radii)
    padded = np.full(radii + 2 * MAX_BEND, np.inf)
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, radii)
    total = costs[0]
    predecessor = np.zeros((3 * angles, radii), np.intp)
    for step in range(1, 3 * angles):
        padded[MAX_BEND : MAX_BEND + radii] = total
        choices = neighbours + bends
        best = choices.argmin(axis=0)
        predecessor[step] = indices + changes[best]
        total = choices[best, indices] + costs[step % angles]
    path = np.empty(3 * angles, np.intp)
    path[-1] = total.argmin()
    for step in range(3 * angles - 1, 0, -1):
        path[step - 1] = predecessor[step, path[step]]
    return path[angles : 2 * angles]


def _relative_radius(
    centre: tuple[float, float], across: Floats, down: Floats
) -> npt.NDArray[np.float32]:
    cells = from_pixel_index(np.arange(PATCH_SIDE, dtype=np.float64))
    dx, dy = cells[None, :] - centre[0], cells[:, None] - centre[1]
    angle = np.arctan2(down, across)
    order = np.argsort(angle)
    curve = np.hypot(across, down)
    of_cell = np.interp(np.arctan2(dy, dx), angle[order], curve[order], period=2 * np.pi)
    return np.asarray(np.hypot(dx, dy) / of_cell, np.float32)
