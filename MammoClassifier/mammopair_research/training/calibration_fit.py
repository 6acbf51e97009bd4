"""Fit the calibration on out-of-fold predictions.

Slope and intercept (Platt 1999) rather than a temperature (Guo et al. 2017), which has no
intercept; separately for lesions with one view and with two, since a mean over two views is nearer
to 0.5 than either, and lesions visible in one view are more difficult.
``python -m Testing.benchmarks.calibration DATA`` compares these options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import PROBABILITY_MARGIN, Calibration, sigmoid
from mammopair.errors import InputError
from mammopair_research.training.out_of_fold import LesionLogits

RESAMPLES = 200
LEAST_OF_A_CLASS = 20
"""Least number of lesions of either class, with one view and with two, for two calibrations."""
SLOPE_RANGE = (0.05, 20.0)
"""Limits of the slope; it is positive, so that a network that learned nothing keeps its sign."""
INTERCEPT_RANGE = (-10.0, 10.0)

Floats = npt.NDArray[np.float64]


def fit_calibration(lesions: Sequence[LesionLogits], fitted_on: str) -> Calibration:
    """Fit slope and intercept by the cross-entropy of the lesions' **averaged** probabilities.

    The covariance is that over bootstrap resamples of the patients.

    Parameters
    ----------
    lesions
        Lesions of both classes.
    fitted_on
        Description of the lesions, for the manifest.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    patients = sorted({lesion.patient_id for lesion in lesions})
    owner = np.array([patients.index(lesion.patient_id) for lesion in lesions])
    draws = np.random.default_rng(0).multinomial(
        len(patients), np.full(len(patients), 1 / len(patients)), size=RESAMPLES
    )
    padded = _pad(lesions)
    slope, intercept = _minimise(padded, np.ones(len(lesions)))
    resampled = np.array([_minimise(padded, draw[owner]) for draw in draws])
    (a, b), (c, d) = np.cov(resampled.T).tolist()
    return Calibration(
        slope=slope,
        intercept=intercept,
        covariance=((a, b), (c, d)),
        fitted_on=fitted_on,
        prevalence=float(np.mean([lesion.label for lesion in lesions])),
    )


def fit_by_views(
    lesions: Sequence[LesionLogits], scored_by: str
) -> tuple[Calibration, Calibration | None]:
    """Fit one calibration for lesions with two views and one for lesions with one.

    The second is None if there are too few of either; the first is then fitted on all lesions.

    Parameters
    ----------
    lesions
        Lesions of both classes.
    scored_by
        Description of the members that scored them, for the manifest.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    two, one = split_by_views(lesions)
    if not one:
        return fit_calibration(lesions, f"{len(lesions)} lesions, {scored_by}"), None
    return (
        fit_calibration(two, f"{len(two)} lesions with two views, {scored_by}"),
        fit_calibration(one, f"{len(one)} lesions with one view, {scored_by}"),
    )


def split_by_views(
    lesions: Sequence[LesionLogits],
) -> tuple[list[LesionLogits], list[LesionLogits]]:
    """Split into lesions with two views and with one; into all and none with too few of either."""
    two = [lesion for lesion in lesions if len(lesion.logits) > 1]
    one = [lesion for lesion in lesions if len(lesion.logits) == 1]
    if min(_smaller_class(two), _smaller_class(one)) < LEAST_OF_A_CLASS:
        return list(lesions), []
    return two, one


def _smaller_class(lesions: Sequence[LesionLogits]) -> int:
    malignant = sum(lesion.label for lesion in lesions)
    return min(malignant, len(lesions) - malignant)


def fit_slope_and_intercept(lesions: Sequence[LesionLogits]) -> tuple[float, float]:
    """Fit slope and intercept as :func:`fit_calibration`, without the covariance.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    return _minimise(_pad(lesions), np.ones(len(lesions)))


@dataclass(frozen=True)
class _PaddedLogits:
    """Logits of lesions as rows of equal length."""

    logits: Floats
    """``(lesions, outputs)``, 0 where padded."""
    weights: Floats
    """``(lesions, outputs)``: weight of each output in the lesion's mean; 0 where padded."""
    labels: Floats
    """``(lesions,)``"""


def _pad(lesions: Sequence[LesionLogits]) -> _PaddedLogits:
    labels = np.array([lesion.label for lesion in lesions], float)
    if not 0 < labels.mean() < 1:
        raise InputError(
            "calibration",
            "needs benign and malignant lesions, but all are of one class; use other data or folds",
        )
    widest = max(lesion.logits.size for lesion in lesions)
    logits, weights = np.zeros((2, len(lesions), widest))
    for row, lesion in enumerate(lesions):
        read = ~np.isnan(lesion.logits)
        members = read.sum(axis=1, keepdims=True)
        views = (members > 0).sum()
        logits[row, : read.size] = np.nan_to_num(lesion.logits).ravel()
        weights[row, : read.size] = (read / np.maximum(members, 1) / views).ravel()
    return _PaddedLogits(logits, weights, labels)


def _minimise(padded: _PaddedLogits, weights: Floats) -> tuple[float, float]:
    """Minimise ``-sum w (y log P + (1 - y) log(1 - P))``, ``P`` mean of ``sigmoid(a l + b)``."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    logits, labels = padded.logits, padded.labels
    weights = weights / weights.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, intercept = parameters
        each = sigmoid(slope * logits + intercept)
        mean = (padded.weights * each).sum(axis=1)
        mean = np.clip(mean, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
        entropy = -(labels * np.log(mean) + (1 - labels) * np.log(1 - mean))
        outer = weights * (mean - labels) / (mean * (1 - mean))
        inner = outer[:, None] * padded.weights * each * (1 - each)
        return float((weights * entropy).sum()), np.array([(inner * logits).sum(), inner.sum()])

    # SciPy's L-BFGS-B passes two-by-two matrices to LAPACK, whose threads then wait for each
    # other: on a busy machine that takes 25 times as long as one thread.
    with threadpool_limits(1):
        found = minimize(
            loss,
            [1.0, 0.0],
            jac=True,
            method="L-BFGS-B",
            bounds=[SLOPE_RANGE, INTERCEPT_RANGE],
        )
    return float(found.x[0]), float(found.x[1])
