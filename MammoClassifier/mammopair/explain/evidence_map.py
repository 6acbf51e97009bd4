"""The evidence map of a record: the class activation, calibrated and averaged over the members.

The networks end in a mean over cells and one linear layer, so a member's logit is exactly the
mean of its class activation plus a bias (Zhou et al., CVPR 2016). Calibration and the mean over
members are linear in the logit, so the calibrated, averaged map is exact too. It departs from the
usual class activation map in that it is signed, is in logits instead of scaled to the range of
each image, and has the grid of the last block instead of that of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import PROBABILITY_MARGIN, Calibration, logit
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
    """Average the calibrated class activation of the members that support a patch's projection.

    Parameters
    ----------
    outputs
        Of all members.
    patch
        Index of the patch in the outputs.
    calibration
        Calibration of the lesion.

    Returns
    -------
    cells : ndarray, shape ``(h, w)``
    bias : float
        ``cells.mean() + bias`` is the mean of the members' calibrated logits.
    """
    known = [output for output in outputs if not np.isnan(output.logits[patch])]
    cells = calibration.slope * np.mean([output.maps[patch] for output in known], axis=0)
    bias = calibration.slope * np.mean([output.bias for output in known]) + calibration.intercept
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
    probabilities = np.array([score.probability for score in view.member_scores])
    if not ((probabilities > PROBABILITY_MARGIN) & (probabilities < 1 - PROBABILITY_MARGIN)).all():
        return None
    cells = [cell for row in view.evidence.cells for cell in row]
    total = sum(cells) / len(cells) + view.evidence.bias
    return abs(total - float(logit(probabilities).mean()))


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
    """Compute the fraction of each cell ``(cells, cells)`` that a box covers."""
    edges = np.arange(cells)
    across = np.minimum(edges + 1, box.x + box.width) - np.maximum(edges, box.x)
    down = np.minimum(edges + 1, box.y + box.height) - np.maximum(edges, box.y)
    return np.outer(down.clip(0, 1), across.clip(0, 1))
