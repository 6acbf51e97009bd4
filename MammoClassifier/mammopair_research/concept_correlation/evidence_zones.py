"""Evidence by zone: inside the mass, in the ring of its margin, and outside.

Zones are defined by the *relative radius*: the distance from the centre of the mass divided by that
of its border in the same direction, which is 1 on the border. The border is the ellipse inscribed
in the marked box (:func:`ellipse_radius`), or an outline
(:attr:`mammopair.features.outline.Outline.relative_radius`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE
from mammopair.view import Box

ZONES = ("inside", "margin", "outside")
MARGIN = (0.8, 1.2)
"""Relative radii of the ring of the margin."""

Floats = npt.NDArray[np.float64]


def ellipse_radius(box: Box) -> Floats:
    """Compute the relative radius for the ellipse inscribed in a box, ``(256, 256)``.

    Parameters
    ----------
    box
        In the corner coordinates of the patch.
    """
    x, y = box.centre
    positions = np.arange(PATCH_SIDE) + 0.5
    across = (positions - x) / (box.width / 2)
    down = (positions - y) / (box.height / 2)
    return np.hypot(across[None, :], down[:, None])


def zone_cover(relative_radius: npt.NDArray[np.floating], cells: int) -> Floats:
    """Compute the fraction of each cell in each of :data:`ZONES`, ``(3, cells, cells)``.

    The fractions of a cell add up to 1. If the pixels do not divide evenly among the cells, a pixel
    belongs to the cell that contains its centre.
    """
    low, high = MARGIN
    zone = (relative_radius >= low).astype(int) + (relative_radius >= high)
    pixels = len(relative_radius)
    cell = ((np.arange(pixels) + 0.5) * cells / pixels).astype(int)
    index = (zone * cells + cell[:, None]) * cells + cell[None, :]
    counts = np.bincount(index.ravel(), minlength=3 * cells * cells).reshape(3, cells, cells)
    return counts / counts.sum(axis=0)


def zone_sums(cells: Floats, relative_radius: npt.NDArray[np.floating]) -> Floats:
    """Compute the evidence for and against malignancy in each zone, ``(3, 2)``, both at least 0.

    The sum of "for" minus the sum of "against" is the mean of the map: for an additive map its part
    of the logit.
    """
    cover = zone_cover(relative_radius, len(cells))
    sides = np.stack([cells.clip(min=0), (-cells).clip(min=0)])
    return np.einsum("zij,sij->zs", cover, sides) / cells.size


def zone_shares(cells: Floats, relative_radius: npt.NDArray[np.floating]) -> Floats:
    """Compute :func:`zone_sums` as fractions of all absolute evidence, with the sum 1.

    A map without evidence has 1/6 everywhere.
    """
    sums = zone_sums(cells, relative_radius)
    total = sums.sum()
    return sums / total if total > 0 else np.full((3, 2), 1 / 6)
