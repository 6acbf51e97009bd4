"""Energy in the box and the pointing game: does the map lie on the mass?

Only what speaks for the answer given counts: the map times the sign of the logit, where it is
positive. These figures ask whether the map agrees with a radiologist's box, not whether it tells
what the network used; and where the mass is in the middle of the crop, a blob in the middle wins
both. So they are taken on crops with the mass off the centre (:mod:`.off_centre`).

References
----------
Wang et al., Score-CAM, CVPR workshops 2020, arXiv 1910.01279: the energy-based pointing game.
Zhang et al., Top-down neural attention by excitation backprop, IJCV 126:1084, 2018: pointing.
"""

from __future__ import annotations

import numpy as np

from mammopair.explain.attribution import Floats
from mammopair.explain.evidence_map import box_coverage
from mammopair.view import Box


def energy_inside(relevance: Floats, box: Box) -> float:
    """Part of the positive relevance that lies in the box, [0, 1].

    A map without positive relevance favours no place, so it gets the box's part of the area.

    Parameters
    ----------
    relevance
        ``(n, n)``
    box
        In the corner coordinates of the grid.
    """
    inside = box_coverage(box, len(relevance))
    positive = relevance.clip(min=0)
    total = positive.sum()
    return float((positive * inside).sum() / total) if total > 0 else float(inside.mean())


def points_into(relevance: Floats, box: Box) -> float:
    """1 if the middle of the most relevant cell lies in the box, else 0.

    Of several equally relevant cells each counts in part; a constant map points everywhere.
    """
    rows, columns = np.nonzero(relevance == relevance.max())
    across = (columns + 0.5 >= box.x) & (columns + 0.5 < box.x + box.width)
    down = (rows + 0.5 >= box.y) & (rows + 0.5 < box.y + box.height)
    return float((across & down).mean())


def on_grid(box: Box, patch_rows: int, cells: int) -> Box:
    """A box in the corner coordinates of a patch, in those of a grid over it."""
    part = cells / patch_rows
    return Box(box.x * part, box.y * part, box.width * part, box.height * part)
