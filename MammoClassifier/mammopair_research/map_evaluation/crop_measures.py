"""All measures of one method on one crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Floats, Method, attribute
from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble, split_members
from mammopair_research.concept_correlation.evidence_zones import ellipse_radius, zone_shares
from mammopair_research.datasets.patches import PlacedPatch
from mammopair_research.map_evaluation.deletion import Endpoints, deletion_and_insertion, sign_of
from mammopair_research.map_evaluation.localisation import box_on_map, energy_in_box, pointing_hit
from mammopair_research.map_evaluation.randomisation import STAGES, randomise_model
from mammopair_research.map_evaluation.region_replacement import REPLACEMENTS
from mammopair_research.map_evaluation.repeatability import (
    SHIFTS,
    agreement_after_shift,
    mean_agreement,
    rank_correlation,
    shift_image,
)

if TYPE_CHECKING:
    from mammopair_research.map_evaluation.evaluated_crop import EvaluatedCrop

SHIFTS_PER_CROP = 2
"""Number of shifts per crop, drawn at random from :data:`SHIFTS`."""


def measure_map(
    method: Method, crop: EvaluatedCrop, endpoints: Endpoints
) -> tuple[dict[str, float], Floats]:
    """Compute the measures that need one or two maps, and the profile of the evidence.

    Parameters
    ----------
    method
        The method to evaluate.
    crop
        The crop.
    endpoints
        Of the crop's model and centred patch.

    Returns
    -------
    dict, ndarray
        Measures by the names of :data:`mammopair_research.map_evaluation.measures.MEASURES`; the
        profile ``(3, 2)`` of
        :func:`mammopair_research.concept_correlation.evidence_zones.zone_shares`.
    """
    centred = crop.centred
    cells, _ = _explain(method, crop.model, centred)
    figures = deletion_and_insertion(crop.model, centred.pixels, cells, endpoints)
    figures["insertion minus deletion"] = float(
        np.mean(
            [figures[f"insertion, {name}"] - figures[f"deletion, {name}"] for name in REPLACEMENTS]
        )
    )
    figures |= _localisation(endpoints.sign * cells, centred, "centred")
    if crop.off_centre:
        shifted, logit = _explain(method, crop.model, crop.off_centre)
        figures |= _localisation(sign_of(logit) * shifted, crop.off_centre, "off-centre")
    return figures, zone_shares(cells, ellipse_radius(centred.box))


def measure_robustness(method: Method, crop: EvaluatedCrop) -> dict[str, float]:
    """Compute the measures that need about a dozen maps: randomisation and repeatability."""
    centred = crop.centred
    cells, logit = _explain(method, crop.model, centred)
    figures = {}
    for stage, fraction in STAGES.items():
        random_model = randomise_model(crop.model, fraction, crop.seed)
        random_cells, random_logit = _explain(method, random_model, centred)
        # Relevance, not the map: a map that is the image times a sign would cancel in the mean.
        relevance = sign_of(logit) * cells, sign_of(random_logit) * random_cells
        figures[f"randomised {stage}"] = rank_correlation(*relevance)
    figures["randomised all layers, absolute"] = abs(figures["randomised all layers"])

    drawn = np.random.default_rng(crop.seed).permutation(len(SHIFTS))[:SHIFTS_PER_CROP]
    agreements = []
    for down, right in (SHIFTS[number] for number in drawn):
        shifted = PlacedPatch(shift_image(centred.pixels, down, right), centred.box)
        after, _ = _explain(method, crop.model, shifted)
        agreements.append(agreement_after_shift(cells, after, down, right, len(centred.pixels)))
    figures["repeatability, shifts"] = float(np.mean(agreements))

    members = [_explain(method, one, centred)[0] for one in split_members(crop.all_members)]
    figures["repeatability, members"] = mean_agreement(members)
    return figures


def _explain(
    method: Method, model: DifferentiableEnsemble, patch: PlacedPatch
) -> tuple[Floats, float]:
    """Return the map ``(h, w)`` and the logit that it explains."""
    found = attribute(method, model, patch.pixels[None], [patch.box])
    return found.maps[0], float(found.logits[0])


def _localisation(relevance: Floats, patch: PlacedPatch, position: str) -> dict[str, float]:
    box = box_on_map(patch.box, len(patch.pixels), len(relevance))
    return {
        f"energy in the box, {position}": energy_in_box(relevance, box),
        f"pointing, {position}": pointing_hit(relevance, box),
    }
