"""Intervals and paired tests from resampled patients.

A patient's views and lesions resemble each other, so rows are not independent. Resampling whole
patients, each with all her rows, keeps that resemblance in every resample; resampling rows, or
DeLong's formula, would give intervals that are too narrow.

References
----------
Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16. Field & Welsh,
Bootstrapping clustered data, J. R. Stat. Soc. B 69:369, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.stats.curves import CALIBRATION_BINS
from mammopair.stats.metrics import NAMES, SPECIFICITY, measure
from mammopair.stats.sample import checked, has_both_classes
from mammopair.stats.weighted_metrics import measure_resamples

RESAMPLES = 2000
LEVEL = 0.95
"""Nominal coverage of an interval."""


@dataclass(frozen=True)
class Intervals:
    """Percentile intervals of all metrics."""

    ranges: Mapping[str, tuple[float, float] | None]
    """``(low, high)`` by the names of :class:`mammopair.stats.metrics.Metrics`; None where
    the sample, or every resample, holds one class only."""
    level: float
    resamples: int
    """Resamples drawn."""
    left_out: int
    """Those of them that held one class only, in which nothing is defined: not counted."""


@dataclass(frozen=True)
class PairedDifference:
    """The difference of a metric between two sets of predictions of the same rows."""

    metric: str
    first: float
    second: float
    difference: float
    """``first - second``."""
    low: float
    high: float
    """Percentile interval of the difference."""
    p_value: float
    """Two-sided, of the hypothesis that the metric is the same for both."""
    level: float
    resamples: int
    left_out: int
    """Resamples that held one class only: not counted."""


def patient_weights(
    patients: Sequence[str] | npt.NDArray[np.str_], resamples: int, seed: int
) -> npt.NDArray[np.int32]:
    """How often each row is in each resample, when as many patients as there are get drawn.

    Patients are drawn with replacement from their names in alphabetical order, so that the same
    patients and seed give the same resamples in whatever order the rows come.

    Returns
    -------
    ndarray
        ``(resamples, rows)``; rows of one patient have equal weights.
    """
    _, patient_of_row = np.unique(np.asarray(patients, dtype=np.str_), return_inverse=True)
    count = int(patient_of_row.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, count, size=(resamples, count))
    # One bincount for all resamples: each has its own stretch of `count` places.
    places = drawn + count * np.arange(resamples)[:, np.newaxis]
    times = np.bincount(places.ravel(), minlength=resamples * count).reshape(resamples, count)
    return times.astype(np.int32)[:, patient_of_row]


def bootstrap_intervals(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    threshold: float = 0.5,
    specificity: float = SPECIFICITY,
    bins: int = CALIBRATION_BINS,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals of all metrics, by patient.

    Parameters
    ----------
    probabilities, labels, threshold, specificity, bins
        As in :func:`mammopair.stats.metrics.measure`.
    patients
        Who each row is of, ``(rows,)``.
    level
        Nominal coverage.
    resamples, seed
        How many resamples are drawn, and from where the generator starts: the same seed gives the
        same intervals.

    Raises
    ------
    InputError
        As ``measure``, and if there is not one patient a row.
    """
    p, y = checked(probabilities, labels)
    _check_patients(patients, len(p))
    if not has_both_classes(y):
        return Intervals(dict.fromkeys(NAMES), level, resamples, left_out=resamples)
    weights = patient_weights(patients, resamples, seed)
    values = measure_resamples(
        p, y, weights, threshold=threshold, specificity=specificity, bins=bins
    )
    left_out = int(np.isnan(values["auc"]).sum())
    return Intervals(
        {name: _percentile_range(values[name], level) for name in NAMES},
        level,
        resamples,
        left_out,
    )


def bootstrap_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    metric: str = "auc",
    threshold: float = 0.5,
    specificity: float = SPECIFICITY,
    bins: int = CALIBRATION_BINS,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference | None:
    """Whether two sets of predictions of the same rows differ in a metric, by patient.

    Both are measured on the same resamples, so that what makes a row hard for both cancels. With
    ``d`` the differences over the ``B`` resamples counted, the two-sided p-value is
    ``2 * min(#(d <= 0) + 1, #(d >= 0) + 1) / (B + 1)``, at most 1: that at which the percentile
    interval just reaches 0. It is never smaller than ``2 / (B + 1)``.

    Parameters
    ----------
    first, second
        Probabilities of malignancy, ``(rows,)`` each.
    metric
        One of the names of :class:`mammopair.stats.metrics.Metrics`.
    labels, patients, threshold, specificity, bins, level, resamples, seed
        As in :func:`bootstrap_intervals`.

    Returns
    -------
    PairedDifference or None
        None where the sample, or every resample, holds one class only.

    Raises
    ------
    InputError
        As :func:`bootstrap_intervals`, and if there is no such metric.
    """
    if metric not in NAMES:
        raise InputError("metric", f"{metric!r} is not known; it may be {', '.join(NAMES)}")
    p, y = checked(first, labels, "first predictions")
    q, _ = checked(second, labels, "second predictions")
    _check_patients(patients, len(p))
    if not has_both_classes(y):
        return None
    weights = patient_weights(patients, resamples, seed)
    at_p, at_q = (
        getattr(measure(x, y, threshold=threshold, specificity=specificity, bins=bins), metric)
        for x in (p, q)
    )
    of_p, of_q = (
        measure_resamples(x, y, weights, threshold=threshold, specificity=specificity, bins=bins)
        for x in (p, q)
    )
    differences = of_p[metric] - of_q[metric]
    limits = _percentile_range(differences, level)
    if limits is None:
        return None
    counted = differences[~np.isnan(differences)]
    # Equal predictions may differ in the last bit after sums in another order.
    below = int((counted <= 1e-12).sum()) + 1
    above = int((counted >= -1e-12).sum()) + 1
    return PairedDifference(
        metric=metric,
        first=at_p,
        second=at_q,
        difference=at_p - at_q,
        low=limits[0],
        high=limits[1],
        p_value=min(1.0, 2 * min(below, above) / (len(counted) + 1)),
        level=level,
        resamples=resamples,
        left_out=resamples - len(counted),
    )


def _percentile_range(values: npt.NDArray[np.float64], level: float) -> tuple[float, float] | None:
    """The middle ``level`` of the values that are defined; None where none is."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _check_patients(patients: Sequence[str] | npt.NDArray[np.str_], rows: int) -> None:
    if len(patients) != rows:
        raise InputError(
            "patients", f"{len(patients)} of them for {rows} rows; each row needs its patient"
        )
