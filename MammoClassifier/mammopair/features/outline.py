"""The outline of a mass: the best closed path around the centre of its box.

The patch is sampled along ellipses that grow with the box, ``rho = 1`` being the one inscribed in
it. Dynamic programming finds the closed path of least cost, one radius an angle, in which bright
inside against dark outside pays, leaving the size of the box costs, and so does each change of
radius: the method of Timp & Karssemeijer, Med Phys 31:958 (2004), without their term for the
grey level, with the box, which a radiologist drew, in place of their distribution of sizes.

Where it fails: the path has one radius an angle, so a thin or hooked spicule is cut off at its
root; where tissue hides the margin, the box decides; a rib or muscle edge in the box that is
stronger than the margin can win. On a flat patch the path is the ellipse of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE
from mammopair.features.marked_patch import MarkedPatch

ANGLES = 128
"""Directions, all the way round."""
INNERMOST, OUTERMOST, RADII = 0.4, 1.3, 55
"""Of the ellipses, in half sides of the box, and how many."""
SMOOTHING = 2.0
"""Cells: the scale at which the edge is sought."""
SIZE_WEIGHT = 1.0
"""Cost of a path that is a whole box too wide or too narrow; the strongest edge pays 1."""
BEND_WEIGHT, STEEPEST = 0.03, 2
"""Cost of a change by one radius from an angle to the next, and the greatest change."""
ROUNDING = 1.0
"""Angles over which the steps of the path are rounded off."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """A closed curve with one radius an angle."""

    centre: tuple[float, float]
    """``(x, y)`` of the box's middle, in corner coordinates of the patch."""
    points: Floats
    """``(128, 2)``: x and y along the curve, clockwise as it is seen."""
    relative_radius: npt.NDArray[np.float32]
    """``(256, 256)``: distance from the centre over that of the curve in this direction: below 1
    inside, above 1 outside."""

    @property
    def area(self) -> float:
        """In cells."""
        return abs(float(_triangles(self.points).sum()))

    @property
    def centroid(self) -> Floats:
        """``(2,)``: x and y of the middle of the area."""
        weights = _triangles(self.points)
        corners = self.points + np.roll(self.points, -1, axis=0)
        return np.asarray(weights @ corners / (3 * weights.sum()))

    @property
    def radius(self) -> float:
        """Of the disc of the same area, in cells."""
        return float(np.sqrt(self.area / np.pi))


def _triangles(points: Floats) -> Floats:
    """Signed areas of the triangles from the origin over each side."""
    x, y = points.T
    return np.asarray((x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def find_outline(patch: MarkedPatch) -> Outline:
    """The outline of the mass on a patch; deterministic, defined for every patch."""
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
    """``(angles, radii)``: how little each place looks like the margin."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    x, y = patch.box.centre
    right = patch.box.width / 2 * np.cos(turn)[:, None]
    down = patch.box.height / 2 * np.sin(turn)[:, None]
    smooth = gaussian_filter(patch.filled.astype(np.float64), SMOOTHING)
    places = [y + rho * down - 0.5, x + rho * right - 0.5]
    brightness = map_coordinates(smooth, places, order=1, mode="nearest")
    fall = -np.gradient(brightness, axis=1) / np.hypot(right, down)
    edge = np.clip(fall, 0, None)
    strongest = np.quantile(edge, 0.99)
    if strongest > 1e-6 * patch.scatter:
        edge = np.clip(edge / strongest, 0, 1)
    return SIZE_WEIGHT * (rho - 1) ** 2 - edge


def _cheapest_closed_path(costs: Floats) -> npt.NDArray[np.intp]:
    """``(angles,)`` indices of radii. Three turns are run through; the middle one is closed."""
    angles, radii = costs.shape
    steps = np.arange(-STEEPEST, STEEPEST + 1)
    bends = BEND_WEIGHT * np.abs(steps)[:, None]
    everywhere = np.arange(radii)
    padded = np.full(radii + 2 * STEEPEST, np.inf)
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, radii)
    total = costs[0]
    came_from = np.zeros((3 * angles, radii), np.intp)
    for lap in range(1, 3 * angles):
        padded[STEEPEST : STEEPEST + radii] = total
        choices = neighbours + bends
        best = choices.argmin(axis=0)
        came_from[lap] = everywhere + steps[best]
        total = choices[best, everywhere] + costs[lap % angles]
    path = np.empty(3 * angles, np.intp)
    path[-1] = total.argmin()
    for lap in range(3 * angles - 1, 0, -1):
        path[lap - 1] = came_from[lap, path[lap]]
    return path[angles : 2 * angles]


def _relative_radius(
    centre: tuple[float, float], across: Floats, down: Floats
) -> npt.NDArray[np.float32]:
    cells = np.arange(PATCH_SIDE) + 0.5
    dx, dy = cells[None, :] - centre[0], cells[:, None] - centre[1]
    angle = np.arctan2(down, across)
    order = np.argsort(angle)
    curve = np.hypot(across, down)
    of_cell = np.interp(np.arctan2(dy, dx), angle[order], curve[order], period=2 * np.pi)
    return np.asarray(np.hypot(dx, dy) / of_cell, np.float32)
