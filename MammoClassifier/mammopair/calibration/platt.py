"""From logits to a probability that means what it says, and the interval around it.

**The probability.** Each reading's logit becomes ``p = sigmoid(slope * logit + intercept)``
(Platt 1999); a view's probability is the mean over the members that read it, and the lesion's is
the mean over its views, as the paper averages CC and MLO.

**The interval** is ``sigmoid(L +- z * sqrt(s^2 * (1 + 1/m) + v))`` with ``L`` the logit of the
lesion's probability, ``s^2`` the variance of the members' logits for this lesion, ``m`` their
number, and ``v`` the variance that the uncertain calibration gives ``L``.

It means: where the answer of one more network, trained the same way on other patients of the
same collection, would be expected to lie, with the calibration as uncertain as that many patients
leave it. It does not mean the chance that the lesion is malignant lies in it, and it knows
nothing of images that differ from those of the training: another detector, another population,
a box that marks something else than a mass.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


INTERVAL_LEVEL = 0.9
"""Nominal coverage of the interval."""
PROBABILITY_MARGIN = 1e-6
"""Probabilities are kept this far from 0 and 1: no network is surer, and logits stay finite."""

Floats = npt.NDArray[np.float64]


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a network's logit becomes a probability: ``sigmoid(slope * logit + intercept)``.

    Fitted so that the **mean** over the readings of a lesion is calibrated.
    """

    slope: Annotated[float, msgspec.Meta(gt=0)]
    intercept: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    """Of slope and intercept, over patient-level bootstrap resamples."""
    fitted_on: str
    """On which predictions, in words."""
    prevalence: Share | None = None
    """Share of malignant ones among the lesions that it was fitted on, where it is known."""


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Calibrated probabilities of logits of any shape, at least ``PROBABILITY_MARGIN`` from 0 and 1.

    NaN stays NaN.
    """
    return _kept(sigmoid(calibration.slope * logits + calibration.intercept))


def lesion_probability(readings: Floats) -> float:
    """The mean over views of the mean over members.

    Parameters
    ----------
    readings
        ``(views, members)``: calibrated probabilities, NaN where a member does not read a view.
    """
    return float(np.nanmean(readings, axis=1).mean())


def interval(
    logits: Floats, calibration: Calibration, level: float = INTERVAL_LEVEL
) -> tuple[float, float]:
    """The interval around a lesion's probability; see the head of this file.

    Parameters
    ----------
    logits
        ``(views, members)``, uncalibrated, NaN where a member does not read a view.
    calibration
        Of the ensemble.
    level
        Nominal coverage.

    Returns
    -------
    low, high : float
        The probability lies between them, and they between 0 and 1.
    """
    readings = probabilities(logits, calibration)
    centre = lesion_probability(readings)
    # A member that reads none of the views has nothing to say of their spread.
    spoke = ~np.isnan(readings).all(axis=0)
    members = logit(np.nanmean(readings[:, spoke], axis=0))
    spread = float(members.var(ddof=1)) * (1 + 1 / len(members)) if len(members) > 1 else 0.0
    gradient = logit_gradient(logits, calibration)
    doubt = float(gradient @ np.array(calibration.covariance) @ gradient)
    reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(max(spread + doubt, 0.0))
    middle = logit(np.array(centre))
    return float(_kept(sigmoid(middle - reach))), float(_kept(sigmoid(middle + reach)))


def logit_gradient(logits: Floats, calibration: Calibration) -> Floats:
    """``(2,)``: how the logit of the lesion's probability moves with slope and intercept.

    With ``P`` the mean of ``p = sigmoid(a l + b)``: ``dL/da = mean(p (1 - p) l) / (P (1 - P))``,
    and without the ``l`` for ``dL/db``.
    """
    readings = probabilities(logits, calibration)
    steepness = readings * (1 - readings)
    centre = lesion_probability(readings)
    moved = [np.nanmean(steepness * logits, axis=1).mean(), np.nanmean(steepness, axis=1).mean()]
    return np.array(moved) / (centre * (1 - centre))


def sigmoid(values: Floats) -> Floats:
    """``1 / (1 + exp(-x))``, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * values))


def logit(values: Floats) -> Floats:
    """``log(p / (1 - p))``, with ``p`` kept a little away from 0 and 1."""
    kept = _kept(values)
    return np.log(kept / (1 - kept))


def _kept(values: Floats) -> Floats:
    """Probabilities, a little away from 0 and 1."""
    return np.clip(values, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
