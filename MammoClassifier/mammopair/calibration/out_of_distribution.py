"""Out-of-distribution score: how far a crop's features are from those of the training crops.

The distance is Mahalanobis's on the pooled features of a member (Lee et al. 2018, arXiv
1807.03888), with the covariance of probabilistic principal component analysis (Tipping & Bishop
1999): one variance for each principal direction and one for all remaining directions, because the
variances of directions with little data are unreliable::

    d^2 = sum over principal directions of (projection / deviation)^2 + |residual|^2 / deviation^2

The distribution is fitted to crops **that the member was not trained on**: the features of training
crops are shifted towards their class, so that every new crop would seem far from them. For the same
reason the distances that a new crop is ranked among are those of crops that were left out of the
fit, patient by patient. The score is the fraction of these distances that are smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WARN_ABOVE = 0.97
"""Default score above which there is a warning."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FeatureDistribution:
    """Distribution of the pooled features of one member over out-of-fold crops."""

    mean: Floats
    """``(channels,)``"""
    directions: Floats
    """``(directions, channels)``: principal directions, orthonormal."""
    deviations: Floats
    """``(directions,)``: standard deviation along each principal direction."""
    residual_deviation: float
    """Standard deviation along every other direction."""
    distances: Floats
    """``(n,)``, ascending: distances of training crops, each left out of the fit."""


def feature_distances(pooled: Floats, distribution: FeatureDistribution) -> Floats:
    """Compute the distances ``(n,)`` of pooled features ``(n, channels)``; NaN where NaN."""
    centred = pooled - distribution.mean
    projection = centred @ distribution.directions.T
    # Subtracted before it is squared: with half-precision directions the other order is inexact.
    residual = centred - projection @ distribution.directions
    scaled = np.concatenate(
        [projection / distribution.deviations, residual / distribution.residual_deviation], axis=1
    )
    return np.linalg.norm(scaled, axis=1)


def out_of_distribution_score(pooled: Floats, distribution: FeatureDistribution) -> Floats:
    """Compute the scores ``(n,)`` in [0, 1] of pooled features ``(n, channels)``; NaN where NaN."""
    distances = feature_distances(pooled, distribution)
    reference = distribution.distances
    rank = np.searchsorted(reference, distances, side="left") / len(reference)
    return np.where(np.isnan(distances), np.nan, rank)


def mean_score_over_members(
    pooled: Sequence[tuple[str, Floats]], distributions: Mapping[str, FeatureDistribution]
) -> float | None:
    """Average the members' out-of-distribution scores of one crop.

    Parameters
    ----------
    pooled
        Name of each member and its pooled features ``(channels,)``, NaN if it does not support
        the crop's projection.
    distributions
        By member.

    Returns
    -------
    float or None
        None if no member has a score.

    Notes
    -----
    Where members disagree, the mean is closer to the middle. So fewer than 3 % of in-distribution
    crops have a score above 0.97, and a crop must be atypical for all members to exceed it.
    """
    scores = [
        float(out_of_distribution_score(features[None], distributions[member])[0])
        for member, features in pooled
        if member in distributions
    ]
    known = [score for score in scores if not np.isnan(score)]
    return float(np.mean(known)) if known else None
