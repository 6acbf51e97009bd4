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

FAINT = 0.25
"""Mean absolute evidence, in logits, under which a map is not worth a direction."""
ONE_SIDED = 0.6
"""Share of the absolute evidence that makes one side, or one place, the main one."""

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
    """An evidence map with its place on the view and its word."""
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
    if not all(PROBABILITY_MARGIN < probability < 1 - PROBABILITY_MARGIN for probability in probabilities):
        return None
    cells = [cell for row in view.evidence.cells for cell in row]
    total = sum(cells) / len(cells) + view.evidence.bias
    return abs(total - sum(map(logit, probabilities)) / len(probabilities))


def evidence_direction(cells: Floats, box: Box) -> str:
    """``for`` or ``against`` malignancy and where, ``mixed``, or ``faint``.

    Where it is: ``inside`` the marked box, ``around`` it, or ``throughout`` both.

    Parameters
    ----------
    cells
        ``(n, n)``, in calibrated logits.
    box
        The mass, in the corner coordinates of the grid.
    """
    strength = np.abs(cells)
    if strength.mean() < FAINT:
        return "faint"
    share = cells.clip(min=0).sum() / strength.sum()
    if 1 - ONE_SIDED < share < ONE_SIDED:
        return "mixed"
    side = "for" if share >= ONE_SIDED else "against"
    leading = cells.clip(min=0) if side == "for" else (-cells).clip(min=0)
    inside = (leading * box_coverage(box, len(cells))).sum() / leading.sum()
    if inside >= ONE_SIDED:
        return f"{side}, inside"
    if inside <= 1 - ONE_SIDED:
        return f"{side}, around"
    return f"{side}, throughout"


def box_coverage(box: Box, cells: int) -> Floats:
    """``(cells, cells)``: the part of each cell that a box covers, from 0 to 1."""
    edges = np.arange(cells)
    across = np.minimum(edges + 1, box.x + box.width) - np.maximum(edges, box.x)
    down = np.minimum(edges + 1, box.y + box.height) - np.maximum(edges, box.y)
    return np.outer(down.clip(0, 1), across.clip(0, 1))
