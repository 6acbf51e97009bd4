"""Metrics of many bootstrap resamples at once.

A resample is a row of integer weights: how often each prediction was drawn. Every metric is then a
weighted sum over sorted predictions, and thousands of resamples take a few matrix operations.
Calling scikit-learn on each resample gives the same numbers but takes hundreds of times as long (a
test compares the two).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.stats.metrics import CALIBRATION_BINS, NAMES, SPECIFICITY
from mammopair.stats.sample import BoolArray, FloatArray

CHUNK_CELLS = 1 << 18
"""Weights per chunk: 2 MB per array, so that memory is bounded and the arrays fit in cache."""


def measure_resamples(
    probabilities: FloatArray,
    labels: BoolArray,
    weights: npt.NDArray[np.integer],
    *,
    threshold: float = 0.5,
) -> dict[str, FloatArray]:
    """Compute every metric of every resample.

    Parameters
    ----------
    probabilities, labels
        ``(rows,)``, as :func:`mammopair.stats.sample.validate` returns them.
    weights
        ``(resamples, rows)``, how often each row is in each resample.
    threshold
        As in :func:`mammopair.stats.metrics.measure`.

    Returns
    -------
    dict
        By the names of :class:`mammopair.stats.metrics.Metrics`, each ``(resamples,)``; NaN for
        resamples with one class only.
    """
    order = np.argsort(probabilities, kind="stable")
    p, y = probabilities[order], labels[order]
    step = max(1, CHUNK_CELLS // max(len(p), 1))
    parts = [
        _measure_chunk(p, y, weights[start : start + step][:, order], threshold)
        for start in range(0, len(weights), step)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in NAMES}


def _measure_chunk(
    p: FloatArray,
    y: BoolArray,
    weights: npt.NDArray[np.integer],
    threshold: float,
) -> dict[str, FloatArray]:
    """Compute the metrics of some resamples, with the rows sorted by probability."""
    drawn = weights.astype(np.float64)
    # Rows of equal probability are one point of the ROC curve: from here on columns are points.
    first = np.flatnonzero(np.concatenate([[True], np.diff(p) > 0]))
    positives = np.add.reduceat(drawn * y, first, axis=1)
    negatives = np.add.reduceat(drawn * ~y, first, axis=1)
    positives_up_to = np.cumsum(positives, axis=1)
    negatives_up_to = np.cumsum(negatives, axis=1)
    malignant, benign = positives_up_to[:, -1], negatives_up_to[:, -1]
    total = malignant + benign

    at = int(np.searchsorted(p[first], threshold, side="left"))  # points from `at` on are called
    missed = positives_up_to[:, at - 1] if at else np.zeros(len(drawn))
    cleared = negatives_up_to[:, at - 1] if at else np.zeros(len(drawn))

    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            # Mann-Whitney: pairs in which the malignant row is higher; ties count one half.
            "auc": np.sum(positives * (negatives_up_to - negatives / 2), axis=1)
            / (malignant * benign),
            "accuracy": (malignant - missed + cleared) / total,
            "sensitivity": (malignant - missed) / malignant,
            "specificity": cleared / benign,
            "sensitivity_at_specificity": _sensitivity_at(
                positives_up_to, negatives_up_to, SPECIFICITY
            ),
            "brier": drawn @ ((p - y) ** 2) / total,
            "ece": _calibration_errors(
                p[first], positives, positives_up_to, positives + negatives, CALIBRATION_BINS
            ),
        }
    one_class = (malignant == 0) | (benign == 0)
    return {name: np.where(one_class, np.nan, found[name]) for name in NAMES}


def _sensitivity_at(
    positives_up_to: FloatArray, negatives_up_to: FloatArray, specificity: float
) -> FloatArray:
    """Compute the highest sensitivity with at least a specificity, ``(resamples,)``."""
    malignant, benign = positives_up_to[:, -1:], negatives_up_to[:, -1:]
    # A threshold just above point i calls the points above it; one below all points calls all.
    nothing_cleared = np.zeros_like(benign)
    cleared = np.concatenate([nothing_cleared, negatives_up_to], axis=1)
    missed = np.concatenate([nothing_cleared, positives_up_to], axis=1)
    enough = (benign - cleared) / benign <= 1.0 - specificity + 1e-9
    return np.max(np.where(enough, (malignant - missed) / malignant, 0.0), axis=1)


def _calibration_errors(
    p: FloatArray,
    positives: FloatArray,
    positives_up_to: FloatArray,
    drawn: FloatArray,
    bins: int,
) -> FloatArray:
    """Compute the calibration error in equal-mass bins of each resample, ``(resamples,)``."""
    rows_up_to = np.cumsum(drawn, axis=1)
    excess_up_to = positives_up_to - np.cumsum(drawn * p, axis=1)
    start = np.zeros((len(drawn), 1))
    rows_up_to = np.concatenate([start, rows_up_to], axis=1)
    excess_up_to = np.concatenate([start, excess_up_to], axis=1)
    total = rows_up_to[:, -1]
    bins_of = np.minimum(bins, total).astype(np.int64)
    errors = np.empty(len(drawn))
    for count in np.unique(bins_of):
        some = np.flatnonzero(bins_of == count)
        boundaries = total[some, np.newaxis] * np.linspace(0.0, 1.0, count + 1)
        excess = np.stack(
            [
                np.interp(at, rows_up_to[i], excess_up_to[i])
                for i, at in zip(some, boundaries, strict=True)
            ]
        )
        errors[some] = np.abs(np.diff(excess, axis=1)).sum(axis=1) / total[some]
    return errors
