"""Platt scaling of a network's logits, and the interval around a lesion's probability.

**Probability.** Each logit of a member becomes ``p = sigmoid(slope * logit + intercept)`` (Platt
1999). A view's probability is the mean over the members that support its projection, and the
lesion's is the mean over its views, as the paper averages CC and MLO.

**Interval.** ``sigmoid(L +- z * sqrt(s^2 * (1 + 1/m) + v))``, where ``L`` is the logit of the
lesion's probability, ``s^2`` the variance of the ``m`` members' logits of this lesion, and ``v``
the variance of ``L`` that results from the uncertainty of slope and intercept.

It predicts the result of one more network that is trained in the same way on other patients of
the same collection. It is not an interval for the chance that this lesion is malignant, and it
does not include the difference between the training data and other images: another detector,
another population, a box around something other than a mass.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

OpenFraction = Annotated[float, msgspec.Meta(gt=0, lt=1)]
"""A number between 0 and 1, both excluded."""

INTERVAL_LEVEL = 0.9
"""Nominal coverage of the interval."""
PROBABILITY_MARGIN = 1e-6
"""Probabilities are clipped to this distance from 0 and 1, so that logits are finite."""

Floats = npt.NDArray[np.float64]


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Platt scaling: ``probability = sigmoid(slope * logit + intercept)``.

    Fitted so that the **mean** over the views and members of a lesion is calibrated.
    """

    slope: Annotated[float, msgspec.Meta(gt=0)]
    intercept: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    """Of slope and intercept, over bootstrap resamples of the patients."""
    fitted_on: str
    """Description of the predictions that it was fitted on."""
    prevalence: OpenFraction | None = None
    """Fraction of malignant lesions among those that it was fitted on; None if unknown."""


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Compute calibrated probabilities of logits of any shape; NaN stays NaN."""
    return _clip(sigmoid(calibration.slope * logits + calibration.intercept))


def lesion_probability(member_probabilities: Floats) -> float:
    """Compute the mean over views of the mean over members.

    Parameters
    ----------
    member_probabilities
        ``(views, members)``: calibrated, NaN where a member does not support a view's projection.
    """
    return float(np.nanmean(member_probabilities, axis=1).mean())


def interval(
    logits: Floats, calibration: Calibration, level: float = INTERVAL_LEVEL
) -> tuple[float, float]:
    """Compute the interval around a lesion's probability; the module's docstring defines it.

    Parameters
    ----------
    logits
        ``(views, members)``: uncalibrated, NaN where a member does not support a view.
    calibration
        Calibration of the ensemble.
    level
        Nominal coverage.

    Returns
    -------
    low, high : float
        In (0, 1); the lesion's probability lies between them.
    """
    calibrated = probabilities(logits, calibration)
    # Members that support none of the views have no logit of this lesion.
    supporting = ~np.isnan(calibrated).all(axis=0)
    members = logit(np.nanmean(calibrated[:, supporting], axis=0))
    spread = float(members.var(ddof=1)) * (1 + 1 / len(members)) if len(members) > 1 else 0.0
    gradient = logit_gradient(logits, calibration)
    calibration_variance = float(gradient @ np.array(calibration.covariance) @ gradient)
    variance = max(spread + calibration_variance, 0.0)
    half_width = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(variance)
    centre = logit(np.array(lesion_probability(calibrated)))
    return float(_clip(sigmoid(centre - half_width))), float(_clip(sigmoid(centre + half_width)))


def logit_gradient(logits: Floats, calibration: Calibration) -> Floats:
    """Compute the gradient of the lesion's logit ``L`` with respect to slope and intercept.

    With ``P`` the mean of ``p = sigmoid(a l + b)``: ``dL/da = mean(p (1 - p) l) / (P (1 - P))``,
    and ``dL/db`` is the same without the factor ``l``.

    Parameters
    ----------
    logits
        ``(views, members)``, as for :func:`interval`.

    Returns
    -------
    ndarray, shape ``(2,)``
    """
    calibrated = probabilities(logits, calibration)
    derivative = calibrated * (1 - calibrated)
    centre = lesion_probability(calibrated)
    means = [
        np.nanmean(derivative * logits, axis=1).mean(),
        np.nanmean(derivative, axis=1).mean(),
    ]
    return np.array(means) / (centre * (1 - centre))


def sigmoid(values: Floats) -> Floats:
    """Compute ``1 / (1 + exp(-x))`` without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * values))


def logit(values: Floats) -> Floats:
    """Compute ``log(p / (1 - p))`` of probabilities, which are clipped to be finite."""
    clipped = _clip(values)
    return np.log(clipped / (1 - clipped))


def _clip(values: Floats) -> Floats:
    return np.clip(values, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
