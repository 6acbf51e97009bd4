"""Energy in the box and the pointing game: whether a map localises the mass.

Only evidence for the predicted class counts: the map times the sign of the logit, where positive.
These measures test whether a map agrees with a radiologist's box, not whether it shows what the
network uses; and if the mass is in the centre of the crop, a blob in the centre is best at both.
So they are measured on crops with the mass off-centre (:mod:`.off_centre`).

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


def energy_in_box(relevance: Floats, box: Box) -> float:
    """Compute the fraction of the positive relevance that lies in the box, in [0, 1].

    A map without positive relevance gets the box's fraction of the area.

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


def pointing_hit(relevance: Floats, box: Box) -> float:
    """Return 1 if the centre of the most relevant cell lies in the box, else 0.

    Ties count in part: a constant map gets the fraction of the cells in the box.

    Parameters
    ----------
    relevance, box
        As in :func:`energy_in_box`.
    """
    rows, columns = np.nonzero(relevance == relevance.max())
    across = (columns + 0.5 >= box.x) & (columns + 0.5 < box.x + box.width)
    down = (rows + 0.5 >= box.y) & (rows + 0.5 < box.y + box.height)
    return float((across & down).mean())


def box_on_map(box: Box, patch_rows: int, cells: int) -> Box:
    """Convert a box from the corner coordinates of a patch to those of a map of it."""
    scale = cells / patch_rows
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
