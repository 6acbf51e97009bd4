"""Intervals and paired tests from resampled patients.

Views and lesions of one patient are correlated, so rows are not independent. Resampling whole
patients, each with all of their rows, preserves the correlation; resampling rows, or DeLong's
formula, would give intervals that are too narrow.

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
from mammopair.stats.metrics import NAMES, measure
from mammopair.stats.sample import has_both_classes, validate
from mammopair.stats.weighted_metrics import measure_resamples

RESAMPLES = 2000
LEVEL = 0.95
"""Nominal coverage of the intervals."""


@dataclass(frozen=True)
class Intervals:
    """Percentile intervals of all metrics."""

    ranges: Mapping[str, tuple[float, float] | None]
    """``(low, high)`` by the names of :class:`mammopair.stats.metrics.Metrics`; None if the
    sample, or every resample, has one class only."""
    resamples: int
    """Number of resamples drawn."""
    left_out: int
    """Resamples with one class only, where no metric is defined; excluded."""


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
    """Limits of the percentile interval of the difference."""
    p_value: float
    """Two-sided, of the hypothesis that both have the same metric."""
    resamples: int
    left_out: int
    """Resamples with one class only; excluded."""


def patient_weights(
    patients: Sequence[str] | npt.NDArray[np.str_], resamples: int, seed: int
) -> npt.NDArray[np.int32]:
    """Draw bootstrap resamples of the patients; return how often each row is in each of them.

    As many patients as there are get drawn with replacement, from their sorted names, so that the
    same patients and seed give the same resamples in any order of the rows.

    Parameters
    ----------
    patients
        Patient of each row, ``(rows,)``.
    resamples, seed
        Number of resamples, and random seed.

    Returns
    -------
    ndarray
        Integer weights, ``(resamples, rows)``; rows of one patient have equal weights.
    """
    _, patient_of_row = np.unique(np.asarray(patients, dtype=np.str_), return_inverse=True)
    count = int(patient_of_row.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, count, size=(resamples, count))
    # One bincount for all resamples: each counts into its own range of `count` bins.
    bins = drawn + count * np.arange(resamples)[:, np.newaxis]
    times = np.bincount(bins.ravel(), minlength=resamples * count).reshape(resamples, count)
    return times.astype(np.int32)[:, patient_of_row]


def bootstrap_intervals(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    threshold: float = 0.5,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Intervals:
    """Compute percentile intervals of all metrics, by patient.

    Parameters
    ----------
    probabilities, labels, threshold
        As in :func:`mammopair.stats.metrics.measure`.
    patients
        Patient of each row, ``(rows,)``.
    resamples, seed
        Number of resamples, and random seed.

    Raises
    ------
    InputError
        As ``measure``, and if the number of patients is not that of the rows.
    """
    p, y = validate(probabilities, labels)
    _check_patients(patients, len(p))
    if not has_both_classes(y):
        return Intervals(dict.fromkeys(NAMES), resamples, left_out=resamples)
    weights = patient_weights(patients, resamples, seed)
    values = measure_resamples(p, y, weights, threshold=threshold)
    left_out = int(np.isnan(values["auc"]).sum())
    ranges = {name: _percentile_range(values[name]) for name in NAMES}
    return Intervals(ranges, resamples, left_out)


def bootstrap_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    metric: str = "auc",
    threshold: float = 0.5,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference | None:
    """Test whether two sets of predictions of the same rows differ in a metric, by patient.

    Both are measured on the same resamples, so that rows that are difficult for both cancel. With
    ``d`` the differences over the ``B`` resamples with both classes, the two-sided p-value is
    ``2 * min(#(d <= 0) + 1, #(d >= 0) + 1) / (B + 1)``, at most 1: the level at which the
    percentile interval just reaches 0. It is never smaller than ``2 / (B + 1)``.

    Parameters
    ----------
    first, second
        Probabilities of malignancy, ``(rows,)`` each.
    metric
        One of the names of :class:`mammopair.stats.metrics.Metrics`.
    labels, patients, threshold, resamples, seed
        As in :func:`bootstrap_intervals`.

    Returns
    -------
    PairedDifference or None
        None if the sample, or every resample, has one class only.

    Raises
    ------
    InputError
        As :func:`bootstrap_intervals`, and if the metric is unknown.
    """
    if metric not in NAMES:
        raise InputError("metric", f"is {metric!r}; use one of {', '.join(NAMES)}")
    p, y = validate(first, labels, "first predictions")
    q, _ = validate(second, labels, "second predictions")
    _check_patients(patients, len(p))
    if not has_both_classes(y):
        return None
    weights = patient_weights(patients, resamples, seed)
    at_p, at_q = (getattr(measure(x, y, threshold=threshold), metric) for x in (p, q))
    of_p, of_q = (measure_resamples(x, y, weights, threshold=threshold)[metric] for x in (p, q))
    differences = of_p - of_q
    limits = _percentile_range(differences)
    if limits is None:
        return None
    counted = differences[~np.isnan(differences)]
    # Equal predictions may differ in the last bit if they are summed in a different order.
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
        resamples=resamples,
        left_out=resamples - len(counted),
    )


def _percentile_range(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the central :data:`LEVEL` interval of the values other than NaN; None if all are."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _check_patients(patients: Sequence[str] | npt.NDArray[np.str_], rows: int) -> None:
    if len(patients) != rows:
        raise InputError(
            "patients", f"has {len(patients)} entries for {rows} rows; give one patient per row"
        )
