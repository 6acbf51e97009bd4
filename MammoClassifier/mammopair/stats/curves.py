"""Points of the ROC curve and of the calibration curve, for plots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.sample import checked, has_both_classes

CALIBRATION_BINS = 10
"""Bins of the calibration curve and of the calibration error."""


@dataclass(frozen=True)
class RocCurve:
    """The ROC curve, from nothing called malignant to everything."""

    false_positive_rate: tuple[float, ...]
    """1 - specificity, rising from 0 to 1."""
    sensitivity: tuple[float, ...]
    thresholds: tuple[float | None, ...]
    """Rows with this probability or more are called malignant; None where nothing is called."""


@dataclass(frozen=True)
class CalibrationCurve:
    """What was predicted and what was seen, in bins that hold equally many rows."""

    predicted: tuple[float, ...]
    """Mean probability of a bin."""
    observed: tuple[float, ...]
    """Share of malignant rows in it."""
    rows: float
    """Rows a bin; not a whole number where the bins do not divide the rows."""


def roc_points(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> RocCurve | None:
    """Every point of the ROC curve, one a distinct probability; None with one class only.

    See Also
    --------
    sklearn.metrics.roc_curve
    """
    from sklearn.metrics import roc_curve

    p, y = checked(probabilities, labels)
    if not has_both_classes(y):
        return None
    false_positive_rate, sensitivity, thresholds = roc_curve(y, p, drop_intermediate=False)
    return RocCurve(
        false_positive_rate=tuple(false_positive_rate.tolist()),
        sensitivity=tuple(sensitivity.tolist()),
        thresholds=tuple(t if np.isfinite(t) else None for t in thresholds.tolist()),
    )


def calibration_points(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, bins: int = CALIBRATION_BINS
) -> CalibrationCurve | None:
    """The calibration curve in ``bins`` adaptive (equal-mass) bins; None without rows.

    The rows are ordered by probability and cut into bins of exactly ``rows / bins`` each. A row
    across a cut is shared between its two bins, and rows of equal probability are shared alike, so
    that the order in which the rows come does not matter. There are never more bins than rows.
    """
    p, y = checked(probabilities, labels)
    if not len(p):
        return None
    bins = min(bins, len(p))
    values, group = np.unique(p, return_inverse=True)
    # Sums over all rows up to each distinct probability; between them they grow linearly.
    rows = np.concatenate([[0.0], np.cumsum(np.bincount(group))])
    predicted = np.concatenate([[0.0], np.cumsum(np.bincount(group, weights=p))])
    observed = np.concatenate(
        [[0.0], np.cumsum(np.bincount(group, weights=y, minlength=len(values)))]
    )
    cuts = np.linspace(0.0, len(p), bins + 1)
    share = len(p) / bins
    return CalibrationCurve(
        predicted=tuple((np.diff(np.interp(cuts, rows, predicted)) / share).tolist()),
        observed=tuple((np.diff(np.interp(cuts, rows, observed)) / share).tolist()),
        rows=share,
    )
