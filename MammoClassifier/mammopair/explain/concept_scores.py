"""Concept scores: BI-RADS descriptors that the members predict, compared with known masses.

Members predict the descriptors and malignancy from the same pooled features. A descriptor's score
is ``sigmoid(slope * mean logit of the members + intercept)``, calibrated on out-of-fold crops. With
it are the fractions of out-of-fold crops, with and without the descriptor, whose score is lower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.model.manifest import ConceptScale, Manifest
from mammopair.record import ConceptScore

if TYPE_CHECKING:
    from mammopair.model.ensemble import MemberOutput

CHANCE_AUC = 0.5
"""A descriptor is scored only if the interval of its AUC is above this."""

Floats = npt.NDArray[np.float64]


def scored_descriptors(manifest: Manifest) -> list[ConceptScale]:
    """Return the scales of the descriptors that the ensemble predicts better than chance."""
    return [
        scale
        for scale in manifest.concept_scales
        if scale.auc_ci is not None and scale.auc_ci[0] > CHANCE_AUC
    ]


def patch_concept_scores(
    outputs: Sequence[MemberOutput], patch: int, manifest: Manifest
) -> list[ConceptScore]:
    """Compute the scores of one patch, given its index in the members' outputs."""
    logits = [
        output.descriptor_logits[patch] for output in outputs if not np.isnan(output.logits[patch])
    ]
    return concept_scores(np.mean(logits, axis=0), manifest)


def lesion_concept_scores(
    views: Sequence[Sequence[ConceptScore]], manifest: Manifest
) -> list[ConceptScore]:
    """Average the scores of a lesion's views."""
    if not views or not views[0]:
        return []
    means = {
        scores[0].descriptor: float(np.mean([score.score for score in scores]))
        for scores in zip(*views, strict=True)
    }
    return [
        make_concept_score(scale, means[scale.descriptor]) for scale in scored_descriptors(manifest)
    ]


def concept_scores(logits: Floats, manifest: Manifest) -> list[ConceptScore]:
    """Compute the scores from the members' mean descriptor logits ``(descriptors,)``."""
    probabilities = concept_probabilities(logits[None], manifest)
    return [
        make_concept_score(scale, float(probabilities[scale.descriptor][0]))
        for scale in scored_descriptors(manifest)
    ]


def concept_probabilities(logits: Floats, manifest: Manifest) -> Mapping[str, Floats]:
    """Calibrate the members' mean descriptor logits ``(n, descriptors)``.

    Returns
    -------
    Mapping
        Probabilities ``(n,)`` by descriptor, of the scored descriptors.
    """
    columns = {descriptor: number for number, descriptor in enumerate(manifest.concepts)}
    return {
        scale.descriptor: sigmoid(
            scale.slope * logits[:, columns[scale.descriptor]] + scale.intercept
        )
        for scale in scored_descriptors(manifest)
    }


def make_concept_score(scale: ConceptScale, score: float) -> ConceptScore:
    """Make a score, with the fractions of out-of-fold crops whose score is lower."""
    return ConceptScore(
        descriptor=scale.descriptor,
        score=score,
        above_with=fraction_below(scale.scores_with, score),
        above_without=fraction_below(scale.scores_without, score),
    )


def fraction_below(quantiles: Sequence[float], score: float) -> float:
    """Interpolate the fraction of a sample below a score from its quantiles at equal steps."""
    ascending = np.maximum.accumulate(quantiles)
    if score <= ascending[0]:
        return 0.0
    return float(np.interp(score, ascending, np.linspace(0, 1, len(ascending))))
