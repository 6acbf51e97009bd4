"""The exact signed evidence map: what each place of the lesion's square adds to the logit.

The networks end in a mean over cells and one linear layer, so a member's logit is exactly the
mean of its class activation plus a bias (Zhou et al., CVPR 2016). Calibration is linear in the
logit, and the mean over members is linear too, so the averaged, calibrated map is as exact.
It departs from the usual class-activation map in keeping the sign, in staying in logits instead
of being stretched to each image's own range, and in staying on its own coarse grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import PROBABILITY_MARGIN, Calibration
from mammopair.calibration.prior_shift import logit
from mammopair.crop import CropSquare
from mammopair.record import Evidence, ViewResult
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.model.ensemble import MemberOutput

NEGLIGIBLE = 0.25
"""Mean absolute evidence, in logits, below which a map is described as negligible."""
PREVAILING = 0.6
"""Share of the absolute evidence from which one sign, or one place, prevails."""

Floats = npt.NDArray[np.float64]


def patch_evidence(
    outputs: Sequence[MemberOutput], patch: int, calibration: Calibration
) -> tuple[Floats, float]:
    """The map ``(h, w)`` and the bias of one patch, averaged over the members that read it.

    ``map.mean() + bias`` is the mean of the members' calibrated logits.
    """
    read = [output for output in outputs if not np.isnan(output.logits[patch])]
    cells = calibration.slope * np.mean([output.maps[patch] for output in read], axis=0)
    bias = calibration.slope * np.mean([output.bias for output in read]) + calibration.intercept
    return cells, float(bias)


def describe_evidence(cells: Floats, bias: float, square: CropSquare, box: Box) -> Evidence:
    """Return an evidence map with its square on the view and its direction."""
    return Evidence(
        cells=cells.tolist(),
        bias=bias,
        square=square,
        direction=evidence_direction(cells, square.box_on_grid(box, len(cells))),
    )


def evidence_error(view: ViewResult) -> float | None:
    """Compute by how many logits a record's map fails to add up to the mean logit of its members.

    Returns
    -------
    float or None
        None where a member's probability was clipped, so that its logit is not known.
    """
    probabilities = [score.probability for score in view.member_scores]
    if not all(
        PROBABILITY_MARGIN < probability < 1 - PROBABILITY_MARGIN for probability in probabilities
    ):
        return None
    cells = [cell for row in view.evidence.cells for cell in row]
    total = sum(cells) / len(cells) + view.evidence.bias
    return abs(total - sum(map(logit, probabilities)) / len(probabilities))


def evidence_direction(cells: Floats, box: Box) -> str:
    """Summarise a map in a phrase, the same in every output.

    Parameters
    ----------
    cells
        ``(n, n)``, in calibrated logits.
    box
        The mass, in the corner coordinates of the grid.

    Returns
    -------
    str
        ``for malignancy`` or ``against malignancy``, followed by ``, inside the box``,
        ``, around the box`` or ``, inside and around the box``; or ``mixed`` where neither sign
        prevails; or ``negligible``.
    """
    strength = np.abs(cells)
    if strength.mean() < NEGLIGIBLE:
        return "negligible"
    positive = cells.clip(min=0).sum() / strength.sum()
    if 1 - PREVAILING < positive < PREVAILING:
        return "mixed"
    sign, side = (1, "for") if positive >= PREVAILING else (-1, "against")
    leading = (sign * cells).clip(min=0)
    inside = (leading * box_coverage(box, len(cells))).sum() / leading.sum()
    place = "inside and around"
    if inside >= PREVAILING:
        place = "inside"
    elif inside <= 1 - PREVAILING:
        place = "around"
    return f"{side} malignancy, {place} the box"


def box_coverage(box: Box, cells: int) -> Floats:
    """``(cells, cells)``: the part of each cell that a box covers, from 0 to 1."""
    edges = np.arange(cells)
    across = np.minimum(edges + 1, box.x + box.width) - np.maximum(edges, box.x)
    down = np.minimum(edges + 1, box.y + box.height) - np.maximum(edges, box.y)
    return np.outer(down.clip(0, 1), across.clip(0, 1))
