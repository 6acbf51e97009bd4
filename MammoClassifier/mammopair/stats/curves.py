"""Points of the ROC curve and of the calibration curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.sample import has_both_classes, validate

CALIBRATION_BINS = 10
"""Number of bins of the calibration curve and of the calibration error."""


@dataclass(frozen=True)
class RocCurve:
    """ROC curve, from no row called malignant to all rows."""

    false_positive_rate: tuple[float, ...]
    """1 - specificity, rising from 0 to 1."""
    sensitivity: tuple[float, ...]
    thresholds: tuple[float | None, ...]
    """Rows with this probability or more are called malignant; None at the start of the curve,
    where no row is."""


@dataclass(frozen=True)
class CalibrationCurve:
    """Predicted and observed malignancy, in bins of equally many rows."""

    predicted: tuple[float, ...]
    """Mean probability of each bin."""
    observed: tuple[float, ...]
    """Share of malignant rows in each bin."""
    rows: float
    """Rows per bin; not a whole number if the bins do not divide the rows evenly."""


def roc_points(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> RocCurve | None:
    """Compute all points of the ROC curve, one per distinct probability; None with one class.

    See Also
    --------
    sklearn.metrics.roc_curve
    """
    from sklearn.metrics import roc_curve

    p, y = validate(probabilities, labels)
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
    """Compute the calibration curve in adaptive (equal-mass) bins; None without rows.

    The rows are sorted by probability and divided into bins of exactly ``rows / bins`` rows. A row
    on a boundary counts partly in both bins, and so do all rows with the same probability, so that
    the result does not depend on the order of the rows. There are never more bins than rows.
    """
    p, y = validate(probabilities, labels)
    if not len(p):
        return None
    bins = min(bins, len(p))
    values, group = np.unique(p, return_inverse=True)
    # Cumulative sums at each distinct probability, interpolated linearly at the boundaries.
    rows = np.concatenate([[0.0], np.cumsum(np.bincount(group))])
    predicted = np.concatenate([[0.0], np.cumsum(np.bincount(group, weights=p))])
    observed = np.concatenate(
        [[0.0], np.cumsum(np.bincount(group, weights=y, minlength=len(values)))]
    )
    boundaries = np.linspace(0.0, len(p), bins + 1)
    share = len(p) / bins
    return CalibrationCurve(
        predicted=tuple((np.diff(np.interp(boundaries, rows, predicted)) / share).tolist()),
        observed=tuple((np.diff(np.interp(boundaries, rows, observed)) / share).tolist()),
        rows=share,
    )
