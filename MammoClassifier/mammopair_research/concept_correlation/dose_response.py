"""Dose and response: how measured features change with the logit, within lesions and across them.

**Within a lesion** the dose is the change of the logit along its moved images, the response that
of the feature. Each crop gets the slope of its own least-squares line; the mean of the slopes,
with patients resampled, is the estimate of a model with random slopes in two stages (Matthews et
al., BMJ 300:230, 1990). **Across lesions** it is the slope of one line through the originals: what
lesions that differ by a logit differ by in fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.bootstrap import RESAMPLES, patient_weights
from mammopair_research.concept_correlation.counterfactual_features import MovedCrop
from mammopair_research.concept_correlation.crop_measurements import Floats
from mammopair_research.concept_correlation.descriptor_associations import adjust
from mammopair_research.stats.bootstrap_means import Mean, bootstrap_mean


@dataclass(frozen=True)
class Response:
    """One feature along the moved images."""

    feature: str
    benign_ward: Mean
    """At the benign end less the original, paired by crop."""
    malignant_ward: Mean
    """At the malignant end less the original."""
    between: Mean
    """At the malignant end less the benign end."""
    p_value: float
    """Of ``between``: Wilcoxon's signed-rank test on the patients' means."""
    q_value: float
    """Adjusted for all features (Benjamini & Hochberg)."""
    slope: Mean
    """Within lesions, a logit."""
    spread: float
    """Standard deviation of the feature over the originals, to see how large a change is."""


@dataclass(frozen=True)
class Shift:
    """How far the images were moved."""

    benign_ward: Mean
    """Change of the logit."""
    malignant_ward: Mean
    as_wished: float
    """Part of the crops, over both directions, whose probability changed as was wished."""
    least_similarity: float
    """To the original, the least of all."""


def responses(crops: Sequence[MovedCrop]) -> list[Response]:
    """Every measured feature, in the order in which they were measured."""
    patients = np.array([crop.row.patient_id for crop in crops])
    features = list(crops[0].features)
    ends = {name: np.array([_ends(crop, name) for crop in crops]) for name in features}
    p_values = [_signed_rank(values[:, 2] - values[:, 0], patients) for values in ends.values()]
    q_values = adjust(np.array(p_values))
    found = []
    for number, name in enumerate(features):
        benign, original, malignant = ends[name].T
        slopes = [within_slope(crop.logits, crop.features[name]) for crop in crops]
        found.append(
            Response(
                feature=name,
                benign_ward=_mean(benign - original, patients),
                malignant_ward=_mean(malignant - original, patients),
                between=_mean(malignant - benign, patients),
                p_value=p_values[number],
                q_value=float(q_values[number]),
                slope=_mean(np.array(slopes), patients),
                spread=float(original.std()),
            )
        )
    return found


def shift(crops: Sequence[MovedCrop]) -> Shift:
    """How far the images were moved, and whether in the wished direction."""
    patients = np.array([crop.row.patient_id for crop in crops])
    logits = np.array([crop.logits[[0, crop.original, -1]] for crop in crops])
    chances = np.array([crop.probabilities[[0, crop.original, -1]] for crop in crops])
    wished = np.concatenate([chances[:, 0] < chances[:, 1], chances[:, 2] > chances[:, 1]])
    return Shift(
        benign_ward=_mean(logits[:, 0] - logits[:, 1], patients),
        malignant_ward=_mean(logits[:, 2] - logits[:, 1], patients),
        as_wished=float(wished.mean()),
        least_similarity=min(min(crop.similarity) for crop in crops),
    )


def within_slope(logits: Floats, values: Floats) -> float:
    """Least squares, the feature on the logit; NaN where the logit did not move."""
    centred = logits - logits.mean()
    size = float(centred @ centred)
    return float(centred @ values / size) if size > 1e-12 else np.nan


def across_slope(logits: Floats, values: Floats, patients: npt.NDArray[np.str_]) -> Mean | None:
    """The slope across lesions, with patients resampled; None where all logits are the same."""
    value = within_slope(logits, values)
    if np.isnan(value):
        return None
    weights = patient_weights(patients, RESAMPLES, seed=0).astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    x, y = weights @ logits, weights @ values
    drawn = (weights @ (logits * values) - x * y) / (weights @ logits**2 - x**2)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Mean(value, float(low), float(high), len(logits), len(np.unique(patients)))


def _ends(crop: MovedCrop, feature: str) -> Floats:
    return crop.features[feature][[0, crop.original, -1]]


def _mean(values: Floats, patients: npt.NDArray[np.str_]) -> Mean:
    found = bootstrap_mean(values, patients)
    nothing = Mean(np.nan, np.nan, np.nan, 0, 0)
    return found or nothing


def _signed_rank(differences: Floats, patients: npt.NDArray[np.str_]) -> float:
    """Two-sided; 1 where nothing differs."""
    from scipy.stats import wilcoxon

    means = [differences[patients == patient].mean() for patient in np.unique(patients)]
    return float(wilcoxon(means).pvalue) if np.any(means) else 1.0
