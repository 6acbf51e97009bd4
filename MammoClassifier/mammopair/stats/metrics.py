"""Metrics of a sample of predictions: discrimination, operating point and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.sample import BoolArray, FloatArray, has_both_classes, validate

SPECIFICITY = 0.9
"""Least specificity of :attr:`Metrics.sensitivity_at_specificity`."""
CALIBRATION_BINS = 10
"""Number of bins of the calibration error."""


@dataclass(frozen=True)
class Metrics:
    """Metrics of one sample; all None if the sample has one class only or no rows.

    Accuracy, for example, is defined for one class, but reporting it without an AUC would mislead.
    """

    auc: float | None
    """Area under the ROC curve; ties count one half."""
    accuracy: float | None
    """Share of rows classified correctly at the threshold."""
    sensitivity: float | None
    """Share of malignant rows with the threshold's probability or more."""
    specificity: float | None
    """Share of benign rows with less."""
    sensitivity_at_specificity: float | None
    """Highest sensitivity of a threshold with a specificity of :data:`SPECIFICITY` or more."""
    brier: float | None
    """Mean squared difference of probability and label; 0.25 if every probability is 0.5."""
    ece: float | None
    """Expected calibration error; see :func:`expected_calibration_error`."""


NAMES = tuple(Metrics.__dataclass_fields__)
"""Names of the metrics."""


def measure(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, *, threshold: float = 0.5
) -> Metrics:
    """Compute all metrics of a sample.

    Parameters
    ----------
    probabilities
        Of malignancy, ``(rows,)``, in ``[0, 1]``.
    labels
        1 for malignant and 0 for benign, ``(rows,)``.
    threshold
        A row is called malignant if its probability is this or more.

    Raises
    ------
    InputError
        If the arrays have different shapes, or hold other values than probabilities and labels.
    """
    from sklearn.metrics import accuracy_score, brier_score_loss, recall_score, roc_auc_score

    p, y = validate(probabilities, labels)
    if not has_both_classes(y):
        return Metrics(**dict.fromkeys(NAMES))
    called = p >= threshold
    return Metrics(
        auc=float(roc_auc_score(y, p)),
        accuracy=float(accuracy_score(y, called)),
        sensitivity=float(recall_score(y, called, pos_label=True, zero_division=0.0)),
        specificity=float(recall_score(y, called, pos_label=False, zero_division=0.0)),
        sensitivity_at_specificity=sensitivity_at_specificity(p, y, SPECIFICITY),
        brier=float(brier_score_loss(y, p)),
        ece=expected_calibration_error(p, y, CALIBRATION_BINS),
    )


def sensitivity_at_specificity(p: FloatArray, y: BoolArray, specificity: float) -> float:
    """Return the highest sensitivity on the ROC curve with at least a specificity.

    Points are not interpolated, so that some threshold achieves the result.

    Parameters
    ----------
    p, y
        Validated probabilities and labels of both classes, ``(rows,)``.
    specificity
        In ``[0, 1]``.
    """
    from sklearn.metrics import roc_curve

    false_positive_rate, sensitivity, _ = roc_curve(y, p, drop_intermediate=False)
    # 1 - 0.9 is a little less than 0.1 in floating point.
    allowed = false_positive_rate <= 1.0 - specificity + 1e-9
    return float(np.max(sensitivity[allowed]))


def expected_calibration_error(p: FloatArray, y: BoolArray, bins: int) -> float:
    """Compute the expected calibration error in adaptive (equal-mass) bins.

    ``ECE = 1/B * sum over the B bins of |share of malignant rows - mean probability|``. The rows
    are sorted by probability and divided into bins of exactly ``rows / bins`` rows. A row on a
    boundary counts partly in both bins, and so do all rows with the same probability, so that the
    result does not depend on the order of the rows. There are never more bins than rows.

    Parameters
    ----------
    p, y
        Validated probabilities and labels, ``(rows,)``, at least one row.
    bins
        Number of bins.

    Notes
    -----
    It is biased upwards: a perfectly calibrated model has an ECE above 0 on a finite sample, the
    more the fewer rows per bin, and resampling with replacement adds to it. So read the upper
    limit of an interval as "at most about", and compare two models on the same rows only.

    References
    ----------
    Nixon et al., Measuring calibration in deep learning, CVPR workshops 2019, arXiv 1904.01685
    (adaptive bins). Roelofs et al., Mitigating bias in calibration error estimation, AISTATS 2022,
    arXiv 2012.08668 (equal mass, and the bias).
    """
    bins = min(bins, len(p))
    values, group = np.unique(p, return_inverse=True)
    # Cumulative sums at each distinct probability, interpolated linearly at the boundaries.
    rows = np.concatenate([[0.0], np.cumsum(np.bincount(group))])
    excess = np.bincount(group, weights=y.astype(np.float64) - p, minlength=len(values))
    excess_up_to = np.concatenate([[0.0], np.cumsum(excess)])
    boundaries = np.linspace(0.0, len(p), bins + 1)
    gaps = np.diff(np.interp(boundaries, rows, excess_up_to)) * bins / len(p)
    return float(np.mean(np.abs(gaps)))
