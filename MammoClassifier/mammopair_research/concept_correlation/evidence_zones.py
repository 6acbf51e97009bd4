"""Where the evidence lies: inside the mass, in the ring of its margin, or outside.

Zones are told apart by the *relative radius*: the distance from the middle of the mass over that
of its border in the same direction, so 1 on the border. The border is the ellipse inscribed in
the marked box (:func:`ellipse_radius`), or an outline that was found
(:attr:`mammopair.features.outline.Outline.relative_radius`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.view import Box

ZONES = ("inside", "margin", "outside")
MARGIN = (0.8, 1.2)
"""Relative radii between which the ring of the margin lies."""
POINTS = 256
"""Rows and columns of points at which a radius is known, over the whole patch."""

Floats = npt.NDArray[np.float64]


def ellipse_radius(box: Box, points: int = POINTS) -> Floats:
    """``(points, points)``: the relative radius for the ellipse inscribed in a box.

    Parameters
    ----------
    box
        In the corner coordinates of a patch of ``points x points`` cells.
    """
    x, y = box.centre
    places = np.arange(points) + 0.5
    across = (places - x) / (box.width / 2)
    down = (places - y) / (box.height / 2)
    return np.hypot(across[None, :], down[:, None])


def zone_cover(relative_radius: npt.NDArray[np.floating], cells: int) -> Floats:
    """``(3, cells, cells)``: the part of each cell that lies in each of :data:`ZONES`.

    The parts of a cell add up to 1. Where the points do not divide evenly among the cells, a
    point belongs to the cell that its middle lies in.
    """
    low, high = MARGIN
    zone = (relative_radius >= low).astype(int) + (relative_radius >= high)
    points = len(relative_radius)
    cell = ((np.arange(points) + 0.5) * cells / points).astype(int)
    place = (zone * cells + cell[:, None]) * cells + cell[None, :]
    counts = np.bincount(place.ravel(), minlength=3 * cells * cells).reshape(3, cells, cells)
    return counts / counts.sum(axis=0)


def zone_sums(cells: Floats, relative_radius: npt.NDArray[np.floating]) -> Floats:
    """``(3, 2)``: evidence for and against malignancy in each zone.

    Both are at least 0. For less against, over all zones, is the mean of the map: for an additive
    map, in logits, its part of the logit.
    """
    cover = zone_cover(relative_radius, len(cells))
    sides = np.stack([cells.clip(min=0), (-cells).clip(min=0)])
    return np.einsum("zij,sij->zs", cover, sides) / cells.size


def zone_shares(cells: Floats, relative_radius: npt.NDArray[np.floating]) -> Floats:
    """``(3, 2)``: :func:`zone_sums` as parts of all absolute evidence; they add up to 1.

    A map without any evidence has a sixth everywhere.
    """
    sums = zone_sums(cells, relative_radius)
    total = sums.sum()
    return sums / total if total > 0 else np.full((3, 2), 1 / 6)
