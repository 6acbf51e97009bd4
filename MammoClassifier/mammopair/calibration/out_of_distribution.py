"""How unusual a crop looks to a network, beside training crops of patients it never saw.

The distance is Mahalanobis's on the pooled features, under the covariance of probabilistic
principal components (Tipping & Bishop 1999): a variance for each of the main directions, and one
for all the rest, which keeps the many directions with little data from being taken at their word::

    d^2 = sum over main directions of (along / deviation)^2 + |remainder|^2 / rest^2

Mahalanobis distances tell inputs apart that a network was not trained on (Lee et al. 2018, arXiv
1807.03888). What is usual is learned from crops **that the member was not trained on**: features of
crops that were trained on are pulled towards their class, so that every new crop, however usual,
would seem far from them. The distances that a new one is ranked among are of crops that were left
out of the fit as well, patient by patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WARN_ABOVE = 0.97
"""A crop that is more unusual than this share of the training's is warned of."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FeatureDistribution:
    """What is usual to one member."""

    mean: Floats
    """``(channels,)``"""
    directions: Floats
    """``(directions, channels)``, orthonormal."""
    deviations: Floats
    """``(directions,)``: standard deviation along each."""
    residual_deviation: float
    """Standard deviation along every other direction."""
    distances: Floats
    """``(n,)``, rising: of training crops, each left out of the fit with her patient."""


def feature_distances(pooled: Floats, usual: FeatureDistribution) -> Floats:
    """Distances ``(n,)`` of pooled features ``(n, channels)``; NaN where these are NaN."""
    centred = pooled - usual.mean
    along = centred @ usual.directions.T
    # Subtracted before it is squared: half precision would not survive the other order.
    remainder = centred - along @ usual.directions
    scaled = np.concatenate(
        [along / usual.deviations, remainder / usual.residual_deviation], axis=1
    )
    return np.linalg.norm(scaled, axis=1)


def out_of_distribution_score(pooled: Floats, usual: FeatureDistribution) -> Floats:
    """Shares ``(n,)`` of the training crops, in [0, 1], that are less unusual than each crop."""
    distances = feature_distances(pooled, usual)
    rank = np.searchsorted(usual.distances, distances, side="left") / len(usual.distances)
    return np.where(np.isnan(distances), np.nan, rank)


def mean_score_over_members(
    pooled: Sequence[tuple[str, Floats]], usual: Mapping[str, FeatureDistribution]
) -> float | None:
    """The members' shares for one crop, averaged; None where no member has any to say.

    Parameters
    ----------
    pooled
        ``(member, (channels,))`` of each member, NaN where it does not read the crop.
    usual
        By member.

    Notes
    -----
    Where members differ the mean is drawn to the middle, so of usual crops fewer than 3 % lie over
    0.97 of it, and an unusual one must look so to all of them.
    """
    shares = [
        float(out_of_distribution_score(features[None], usual[member])[0])
        for member, features in pooled
        if member in usual
    ]
    known = [share for share in shares if not np.isnan(share)]
    return float(np.mean(known)) if known else None
