"""Fit the reference distribution of an ensemble on out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammopair.calibration.conformal import OutOfFoldScores, lesion_score
from mammopair.calibration.out_of_distribution import FeatureDistribution, feature_distances
from mammopair.model.reference_distribution import ReferenceDistribution
from mammopair_research.training.out_of_fold import LesionLogits, MemberOutputs

DIRECTIONS = 32
"""Principal directions of the pooled features with a variance of their own."""
CROPS_PER_DIRECTION = 8
"""Least number of crops per principal direction; fewer crops give fewer directions."""
PARTS = 10
"""Groups of patients that are excluded from the fit in turn."""
LEAST_DEVIATION = 1e-3
"""Least standard deviation along a direction, so that a constant feature is not divided by 0."""

Floats = npt.NDArray[np.float64]


def fit_reference(
    lesions: Sequence[LesionLogits], predictions: Mapping[str, MemberOutputs]
) -> ReferenceDistribution:
    """Return the out-of-fold scores by fold and the feature distribution by member."""
    return ReferenceDistribution(
        scores={
            fold: out_of_fold_scores([one for one in lesions if one.fold == fold])
            for fold in sorted({lesion.fold for lesion in lesions})
        },
        features={member: fit_features(outputs) for member, outputs in predictions.items()},
    )


def out_of_fold_scores(lesions: Sequence[LesionLogits]) -> OutOfFoldScores:
    """Return the scores of one fold's lesions by class, ascending."""

    def scores(label: int) -> Floats:
        return np.sort([lesion_score(one.logits) for one in lesions if one.label == label])

    return OutOfFoldScores(benign=scores(0), malignant=scores(1))


def fit_features(outputs: MemberOutputs) -> FeatureDistribution:
    """Fit the distribution of a member's pooled features.

    The distances are those of crops whose patients are excluded from the fit in turn.
    """
    from sklearn.model_selection import GroupKFold

    patients = [row.patient_id for row in outputs.rows]
    parts = min(PARTS, len(set(patients)))
    distances = np.empty(len(patients))
    for others, excluded in GroupKFold(parts).split(outputs.pooled, groups=patients):
        fitted = FeatureDistribution(*_principal_directions(outputs.pooled[others]), distances)
        distances[excluded] = feature_distances(outputs.pooled[excluded], fitted)
    return FeatureDistribution(*_principal_directions(outputs.pooled), distances=np.sort(distances))


def _principal_directions(pooled: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Return mean, principal directions, deviations along them, and along the rest."""
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    crops, channels = pooled.shape
    count = max(1, min(DIRECTIONS, crops // CROPS_PER_DIRECTION, channels - 1))
    with threadpool_limits(1):  # small matrices are slower on several threads
        found = PCA(count, svd_solver="full").fit(pooled)
    return (
        found.mean_,
        found.components_,
        np.maximum(np.sqrt(found.explained_variance_), LEAST_DEVIATION),
        float(max(np.sqrt(found.noise_variance_), LEAST_DEVIATION)),
    )
