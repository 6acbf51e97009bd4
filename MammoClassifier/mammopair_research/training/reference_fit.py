"""From what members say of crops they never saw to what new crops are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammopair.calibration.conformal import OutOfFoldScores, lesion_score
from mammopair.calibration.out_of_distribution import FeatureDistribution, feature_distances
from mammopair.model.reference_distribution import ReferenceDistribution
from mammopair_research.training.out_of_fold import LesionLogits, OutOfFoldCrops

DIRECTIONS = 32
"""Main directions of the pooled features that have a variance of their own."""
CROPS_A_DIRECTION = 8
"""Fewer crops than this for each direction give fewer directions."""
PARTS = 10
"""Groups of patients that are left out of the fit in turn."""
LEAST = 1e-3
"""Least standard deviation along a direction: a feature that never moved must not divide by 0."""

Floats = npt.NDArray[np.float64]


def make_reference(
    lesions: Sequence[LesionLogits], unseen: Mapping[str, OutOfFoldCrops]
) -> ReferenceDistribution:
    """Held-out scores by fold, and what is usual by member."""
    return ReferenceDistribution(
        scores={
            fold: held_out_scores([one for one in lesions if one.fold == fold])
            for fold in sorted({lesion.fold for lesion in lesions})
        },
        features={member: usual_features(crops) for member, crops in unseen.items()},
    )


def held_out_scores(lesions: Sequence[LesionLogits]) -> OutOfFoldScores:
    """The scores of one fold's lesions, rising, by class."""

    def of(label: int) -> Floats:
        return np.sort([lesion_score(one.logits) for one in lesions if one.label == label])

    return OutOfFoldScores(benign=of(0), malignant=of(1))


def usual_features(crops: OutOfFoldCrops) -> FeatureDistribution:
    """What is usual to a member, from all its crops; the distances from crops left out in turn."""
    from sklearn.model_selection import GroupKFold

    patients = [row.patient_id for row in crops.rows]
    parts = min(PARTS, len(set(patients)))
    distances = np.empty(len(patients))
    for others, left_out in GroupKFold(parts).split(crops.pooled, groups=patients):
        mean, directions, deviations, rest = _fit(crops.pooled[others])
        usual = FeatureDistribution(mean, directions, deviations, rest, distances)
        distances[left_out] = feature_distances(crops.pooled[left_out], usual)
    return FeatureDistribution(*_fit(crops.pooled), distances=np.sort(distances))


def _fit(pooled: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Mean, main directions, deviations along them, and along the rest."""
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    crops, channels = pooled.shape
    count = max(1, min(DIRECTIONS, crops // CROPS_A_DIRECTION, channels - 1))
    with threadpool_limits(1):  # small matrices: threads only wait for each other
        found = PCA(count, svd_solver="full").fit(pooled)
    return (
        found.mean_,
        found.components_,
        np.maximum(np.sqrt(found.explained_variance_), LEAST),
        float(max(np.sqrt(found.noise_variance_), LEAST)),
    )
