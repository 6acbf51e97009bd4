"""Dose and response: change of measured features with the logit, within and across lesions.

**Within a lesion** the dose is the change of the logit along its counterfactual images, the
response that of the feature. Each crop has the slope of its own least-squares line; the mean of the
slopes, with patients resampled, is the two-stage estimate of a random-slope model (Matthews et al.,
BMJ 300:230, 1990). **Across lesions** it is the slope of one line through the originals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.bootstrap import LEVEL, RESAMPLES, patient_weights
from mammopair_research.concept_correlation.counterfactual_features import CounterfactualCrop
from mammopair_research.concept_correlation.crop_measurements import Floats
from mammopair_research.concept_correlation.descriptor_associations import adjust_p_values
from mammopair_research.stats.bootstrap_means import Mean, bootstrap_mean


@dataclass(frozen=True)
class FeatureResponse:
    """One feature along the counterfactual images."""

    feature: str
    towards_benign: Mean
    """Benign end minus original, paired by crop."""
    towards_malignant: Mean
    """Malignant end minus original."""
    between: Mean
    """Malignant end minus benign end."""
    p_value: float
    """Of ``between``: Wilcoxon's signed-rank test of the patients' means."""
    q_value: float
    """Adjusted for all features (Benjamini & Hochberg)."""
    slope: Mean
    """Within lesions, per logit."""
    spread: float
    """Standard deviation of the feature over the originals, for comparison."""


@dataclass(frozen=True)
class LogitChange:
    """Change of the logit by the counterfactual images."""

    towards_benign: Mean
    """At the benign end."""
    towards_malignant: Mean
    """At the malignant end."""
    as_intended: float
    """Fraction of the images, over both directions, whose probability changed as intended."""
    least_similarity: float
    """Least structural similarity to the original."""


def feature_responses(crops: Sequence[CounterfactualCrop]) -> list[FeatureResponse]:
    """Compute the response of every measured feature."""
    patients = np.array([crop.row.patient_id for crop in crops])
    features = list(crops[0].features)
    values = {
        name: np.array([crop.features[name][crop.landmarks] for crop in crops]) for name in features
    }
    p_values = [_signed_rank(ends[:, 2] - ends[:, 0], patients) for ends in values.values()]
    q_values = adjust_p_values(np.array(p_values))
    found = []
    for number, name in enumerate(features):
        benign, original, malignant = values[name].T
        slopes = [within_slope(crop.logits, crop.features[name]) for crop in crops]
        found.append(
            FeatureResponse(
                feature=name,
                towards_benign=_mean(benign - original, patients),
                towards_malignant=_mean(malignant - original, patients),
                between=_mean(malignant - benign, patients),
                p_value=p_values[number],
                q_value=float(q_values[number]),
                slope=_mean(np.array(slopes), patients),
                spread=float(original.std()),
            )
        )
    return found


def logit_change(crops: Sequence[CounterfactualCrop]) -> LogitChange:
    """Compute how far the logit changed, and whether in the intended direction."""
    patients = np.array([crop.row.patient_id for crop in crops])
    logits = np.array([crop.logits[crop.landmarks] for crop in crops])
    probabilities = np.array([crop.probabilities[crop.landmarks] for crop in crops])
    benign, original, malignant = probabilities.T
    intended = np.concatenate([benign < original, malignant > original])
    return LogitChange(
        towards_benign=_mean(logits[:, 0] - logits[:, 1], patients),
        towards_malignant=_mean(logits[:, 2] - logits[:, 1], patients),
        as_intended=float(intended.mean()),
        least_similarity=min(min(crop.similarity) for crop in crops),
    )


def within_slope(logits: Floats, values: Floats) -> float:
    """Fit the slope of a feature on the logit by least squares; NaN if the logit is constant."""
    centred = logits - logits.mean()
    squares = float(centred @ centred)
    return float(centred @ values / squares) if squares > 1e-12 else np.nan


def across_slope(logits: Floats, values: Floats, patients: npt.NDArray[np.str_]) -> Mean | None:
    """Fit the slope across lesions, with patients resampled; None if all logits are equal."""
    value = within_slope(logits, values)
    if np.isnan(value):
        return None
    weights = patient_weights(patients, RESAMPLES, seed=0).astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    x, y = weights @ logits, weights @ values
    drawn = (weights @ (logits * values) - x * y) / (weights @ logits**2 - x**2)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Mean(value, float(low), float(high), len(logits), len(np.unique(patients)))


def _mean(values: Floats, patients: npt.NDArray[np.str_]) -> Mean:
    undefined = Mean(np.nan, np.nan, np.nan, 0, 0)
    return bootstrap_mean(values, patients) or undefined


def _signed_rank(differences: Floats, patients: npt.NDArray[np.str_]) -> float:
    """Return the two-sided p-value of Wilcoxon's test of the patients' means; 1 if all are 0."""
    from scipy.stats import wilcoxon

    means = [differences[patients == patient].mean() for patient in np.unique(patients)]
    return float(wilcoxon(means).pvalue) if np.any(means) else 1.0
