"""How far a mass looks like the radiologists' words, and how that compares with known masses.

Each member learned the words beside malignancy, from the same pooled features. A word's score is
``sigmoid(slope * mean logit of the members + intercept)``, calibrated on held-out crops; beside
it stand the shares of held-out crops, with and without the word, that score lower.
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

MIN_DESCRIPTOR_AUC = 0.5
"""A word whose AUC may be this or less, by its interval, is one that the networks cannot tell."""

Floats = npt.NDArray[np.float64]


def scored_descriptors(manifest: Manifest) -> list[ConceptScale]:
    """The scales of the words that the networks tell, which are the ones that are scored."""
    return [
        scale
        for scale in manifest.concept_scales
        if scale.auc_ci is not None and scale.auc_ci[0] > MIN_DESCRIPTOR_AUC
    ]


def patch_concept_scores(
    outputs: Sequence[MemberOutput], patch: int, manifest: Manifest
) -> list[ConceptScore]:
    """The scores of one patch, from the members that read it."""
    read = [
        output.descriptor_logits[patch] for output in outputs if not np.isnan(output.logits[patch])
    ]
    scores = concept_probabilities(np.mean(read, axis=0)[None], manifest)
    return [
        make_concept_score(scale, float(scores[scale.descriptor][0]))
        for scale in scored_descriptors(manifest)
    ]


def lesion_concept_scores(
    views: Sequence[Sequence[ConceptScore]], manifest: Manifest
) -> list[ConceptScore]:
    """The mean of the views' scores, beside the same crops."""
    if not views or not views[0]:
        return []
    mean = {
        scores[0].descriptor: float(np.mean([one.score for one in scores]))
        for scores in zip(*views, strict=True)
    }
    return [
        make_concept_score(scale, mean[scale.descriptor]) for scale in scored_descriptors(manifest)
    ]


def concept_probabilities(logits: Floats, manifest: Manifest) -> Mapping[str, Floats]:
    """Scores ``(n,)`` by word, of the members' mean word logits ``(n, words)``."""
    columns = {word: number for number, word in enumerate(manifest.concepts)}
    return {
        scale.descriptor: sigmoid(
            scale.slope * logits[:, columns[scale.descriptor]] + scale.intercept
        )
        for scale in scored_descriptors(manifest)
    }


def make_concept_score(scale: ConceptScale, score: float) -> ConceptScore:
    """A score beside those of the held-out crops."""
    return ConceptScore(
        descriptor=scale.descriptor,
        score=score,
        above_with=fraction_below(scale.scores_with, score),
        above_without=fraction_below(scale.scores_without, score),
    )


def fraction_below(quantiles: Sequence[float], score: float) -> float:
    """The share of a sample under a score, from its quantiles at equal steps, interpolated."""
    rising = np.maximum.accumulate(quantiles)
    if score <= rising[0]:
        return 0.0
    return float(np.interp(score, rising, np.linspace(0, 1, len(rising))))
