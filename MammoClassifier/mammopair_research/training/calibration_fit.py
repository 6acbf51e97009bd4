"""Fit the calibration on predictions that no member had learned.

Two numbers, slope and intercept (Platt 1999), not the one of temperature scaling (Guo et al. 2017),
which has no intercept; and apart for lesions with one view and with two, since a mean over two
views lies nearer to the middle than either, and masses that one view shows are harder.
``python -m Testing.benchmarks.calibration DATA`` compares these ways on held-out lesions.
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
"""Lesions of either class, with one view and with two, under which both share one calibration."""
FLATTEST, STEEPEST = 0.05, 20.0
"""The slope is kept between these; a network that learned nothing must not turn the sign."""
LEANEST, FATTEST = -10.0, 10.0
"""The intercept is kept between these."""

Floats = npt.NDArray[np.float64]


def fit_calibration(lesions: Sequence[LesionLogits], fitted_on: str, seed: int = 0) -> Calibration:
    """Slope and intercept of least cross-entropy of the lesions' **averaged** probabilities.

    The covariance is that over bootstrap resamples of the patients.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    patients = sorted({lesion.patient_id for lesion in lesions})
    owner = np.array([patients.index(lesion.patient_id) for lesion in lesions])
    draws = np.random.default_rng(seed).multinomial(
        len(patients), np.full(len(patients), 1 / len(patients)), size=RESAMPLES
    )
    readings = _stack(lesions)
    slope, intercept = _minimise(readings, np.ones(len(lesions)))
    resampled = np.array([_minimise(readings, draw[owner]) for draw in draws])
    (a, b), (c, d) = np.cov(resampled.T).tolist()
    return Calibration(
        slope=slope,
        intercept=intercept,
        covariance=((a, b), (c, d)),
        fitted_on=fitted_on,
        prevalence=float(np.mean([lesion.label for lesion in lesions])),
    )


def fit_by_views(
    lesions: Sequence[LesionLogits], said: str, seed: int = 0
) -> tuple[Calibration, Calibration | None]:
    """One calibration for lesions with two views, and one for those with one; see the manifest.

    With too few of either they share one, and the second is None.

    Parameters
    ----------
    said
        Who scored them, in words, for the manifest.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    two, one = divided_by_views(lesions)
    if not one:
        return fit_calibration(lesions, f"{len(lesions)} lesions, {said}", seed), None
    return (
        fit_calibration(two, f"{len(two)} lesions with two views, {said}", seed),
        fit_calibration(one, f"{len(one)} lesions with one view, {said}", seed),
    )


def divided_by_views(
    lesions: Sequence[LesionLogits],
) -> tuple[list[LesionLogits], list[LesionLogits]]:
    """Those with two views and those with one; all and none, where there are too few of either."""
    two = [lesion for lesion in lesions if len(lesion.logits) > 1]
    one = [lesion for lesion in lesions if len(lesion.logits) == 1]
    if min(_rarer(two), _rarer(one)) < LEAST_OF_A_CLASS:
        return list(lesions), []
    return two, one


def _rarer(lesions: Sequence[LesionLogits]) -> int:
    malignant = sum(lesion.label for lesion in lesions)
    return min(malignant, len(lesions) - malignant)


def fit_slope_and_intercept(lesions: Sequence[LesionLogits]) -> tuple[float, float]:
    """The two numbers of a calibration alone, as the table of comparison needs them often.

    Raises
    ------
    InputError
        If all lesions are of one class.
    """
    return _minimise(_stack(lesions), np.ones(len(lesions)))


def fit_temperature(lesions: Sequence[LesionLogits]) -> float:
    """The slope alone, where the intercept is held at 0: one over the temperature."""
    return _minimise(_stack(lesions), np.ones(len(lesions)), intercept=0.0)[0]


@dataclass(frozen=True)
class _Readings:
    """The lesions' logits as rows of equal length, padded."""

    logits: Floats
    """``(lesions, readings)``, 0 where padded."""
    shares: Floats
    """``(lesions, readings)``: how much of the lesion's mean each reading is; 0 where padded."""
    labels: Floats
    """``(lesions,)``"""


def _stack(lesions: Sequence[LesionLogits]) -> _Readings:
    labels = np.array([lesion.label for lesion in lesions], float)
    if not 0 < labels.mean() < 1:
        raise InputError(
            "calibration", "needs benign and malignant lesions, but these are all of one class"
        )
    widest = max(lesion.logits.size for lesion in lesions)
    logits, shares = np.zeros((2, len(lesions), widest))
    for row, lesion in enumerate(lesions):
        read = ~np.isnan(lesion.logits)
        members = read.sum(axis=1, keepdims=True)
        views = (members > 0).sum()
        logits[row, : read.size] = np.nan_to_num(lesion.logits).ravel()
        shares[row, : read.size] = (read / np.maximum(members, 1) / views).ravel()
    return _Readings(logits, shares, labels)


def _minimise(
    readings: _Readings, weights: Floats, intercept: float | None = None
) -> tuple[float, float]:
    """Minimise ``-sum w (y log P + (1 - y) log(1 - P))``, ``P`` mean of ``sigmoid(a l + b)``."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    logits, shares, labels = readings.logits, readings.shares, readings.labels
    weights = weights / weights.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, shift = parameters
        each = sigmoid(slope * logits + shift)
        mean = np.clip((shares * each).sum(axis=1), PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
        entropy = -(labels * np.log(mean) + (1 - labels) * np.log(1 - mean))
        outer = weights * (mean - labels) / (mean * (1 - mean))
        steep = outer[:, None] * shares * each * (1 - each)
        return float((weights * entropy).sum()), np.array([(steep * logits).sum(), steep.sum()])

    fixed = (LEANEST, FATTEST) if intercept is None else (intercept, intercept)
    # SciPy's L-BFGS-B hands two-by-two matrices to LAPACK, whose threads then wait for each other:
    # on a busy machine 25 times as long as one thread takes.
    with threadpool_limits(1):
        found = minimize(
            loss, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=[(FLATTEST, STEEPEST), fixed]
        )
    return float(found.x[0]), float(found.x[1])
