"""One method, one crop: every figure that a single crop can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Floats, Method, attribute
from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble, split_members
from mammopair_research.concept_correlation.evidence_zones import ellipse_radius, zone_shares
from mammopair_research.map_evaluation.deletion import Ends, deletion_and_insertion, side_of
from mammopair_research.map_evaluation.localisation import energy_inside, on_grid, points_into
from mammopair_research.map_evaluation.randomisation import STAGES, randomised
from mammopair_research.map_evaluation.repeatability import (
    SHIFTS,
    agreement_after_shift,
    mean_agreement,
    rank_correlation,
    shift_image,
)

if TYPE_CHECKING:
    from mammopair_research.datasets.patches import PlacedPatch
    from mammopair_research.map_evaluation.subjects import Subject

SHIFTS_A_CROP = 2
"""Of the four; which ones is drawn."""


def measure_map(method: Method, subject: Subject, ends: Ends) -> tuple[dict[str, float], Floats]:
    """The figures that are taken on every crop, and the profile of its evidence.

    Parameters
    ----------
    ends
        Of the subject's reader and centred patch.

    Returns
    -------
    dict, ndarray
        By the names of :data:`mammopair_research.map_evaluation.measures.MEASURES`; the profile ``(3, 2)``
        of :func:`mammopair_research.concept_correlation.evidence_zones.zone_shares`.
    """
    centred = subject.centred
    cells, _ = _explain(method, subject.reader, centred)
    figures = deletion_and_insertion(subject.reader, centred.pixels, cells, ends)
    figures["insertion less deletion"] = float(
        np.mean([figures[f"insertion, {how}"] - figures[f"deletion, {how}"] for how in FILLS])
    )
    figures |= _located(ends.side * cells, centred, "centred")
    if subject.off_centre:
        moved, logit = _explain(method, subject.reader, subject.off_centre)
        figures |= _located(side_of(logit) * moved, subject.off_centre, "off-centre")
    return figures, zone_shares(cells, ellipse_radius(centred.box))


FILLS = ("blur", "in-paint")


def measure_repeated(method: Method, subject: Subject) -> dict[str, float]:
    """The figures that draw the map a dozen times: taken on a part of the crops only."""
    centred = subject.centred
    cells, logit = _explain(method, subject.reader, centred)
    figures = {}
    for stage, part in STAGES.items():
        forgetful = randomised(subject.reader, part, subject.seed)
        fresh, other = _explain(method, forgetful, centred)
        # By relevance: a map that is the picture times a sign would else be lost in the mean.
        relevance = side_of(logit) * cells, side_of(other) * fresh
        figures[f"randomised {stage}"] = rank_correlation(*relevance)
    figures["randomised all layers, absolute"] = abs(figures["randomised all layers"])

    drawn = np.random.default_rng(subject.seed).permutation(len(SHIFTS))[:SHIFTS_A_CROP]
    agreements = []
    for down, right in (SHIFTS[number] for number in drawn):
        moved = type(centred)(shift_image(centred.pixels, down, right), centred.box)
        after, _ = _explain(method, subject.reader, moved)
        agreements.append(agreement_after_shift(cells, after, down, right, len(centred.pixels)))
    figures["repeatability, shifts"] = float(np.mean(agreements))

    members = [_explain(method, one, centred)[0] for one in split_members(subject.everyone)]
    figures["repeatability, members"] = mean_agreement(members)
    return figures


def _explain(
    method: Method, reader: DifferentiableEnsemble, patch: PlacedPatch
) -> tuple[Floats, float]:
    """The map ``(h, w)`` and the logit that it explains."""
    found = attribute(method, reader, patch.pixels[None], [patch.box])
    return found.maps[0], float(found.logits[0])


def _located(relevance: Floats, patch: PlacedPatch, where: str) -> dict[str, float]:
    box = on_grid(patch.box, len(patch.pixels), len(relevance))
    return {
        f"energy in the box, {where}": energy_inside(relevance, box),
        f"pointing, {where}": points_into(relevance, box),
    }
