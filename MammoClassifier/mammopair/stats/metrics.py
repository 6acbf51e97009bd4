"""How good a sample of predictions is: discrimination, operating point and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.stats.curves import CALIBRATION_BINS, calibration_points
from mammopair.stats.sample import checked, has_both_classes

SPECIFICITY = 0.9
"""Specificity at which :attr:`Metrics.sensitivity_at_specificity` is read off the ROC curve."""


@dataclass(frozen=True)
class Metrics:
    """The metrics of one sample. All are None where the sample holds one class only, or nothing:
    such a sample does not say how well the classes are told apart, and the shares that it does
    define (accuracy, say) would be mistaken for an answer.
    """

    auc: float | None
    """Area under the ROC curve; equal probabilities count one half."""
    accuracy: float | None
    """Share of rows on their label's side of the threshold."""
    sensitivity: float | None
    """Share of malignant rows at the threshold or above."""
    specificity: float | None
    """Share of benign rows below the threshold."""
    sensitivity_at_specificity: float | None
    """Highest sensitivity whose threshold leaves the given specificity or more."""
    brier: float | None
    """Mean squared distance of probability and label: 0 is perfect, 0.25 says 0.5 to everything."""
    ece: float | None
    """Expected calibration error, see :func:`expected_calibration_error`."""


NAMES = tuple(Metrics.__dataclass_fields__)
"""Of the metrics, in their order."""


def measure(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    threshold: float = 0.5,
    specificity: float = SPECIFICITY,
    bins: int = CALIBRATION_BINS,
) -> Metrics:
    """All metrics of a sample.

    Parameters
    ----------
    probabilities
        Of malignancy, ``(rows,)``, in ``[0, 1]``.
    labels
        1 for malignant and 0 for benign, ``(rows,)``.
    threshold
        A row is called malignant if its probability is this or more.
    specificity
        For :attr:`Metrics.sensitivity_at_specificity`.
    bins
        Of the calibration error.

    Raises
    ------
    InputError
        If the arrays do not fit together or hold something else than probabilities and labels.
    """
    from sklearn.metrics import accuracy_score, brier_score_loss, recall_score, roc_auc_score

    p, y = checked(probabilities, labels)
    if not has_both_classes(y):
        return Metrics(**dict.fromkeys(NAMES))
    called = p >= threshold
    return Metrics(
        auc=float(roc_auc_score(y, p)),
        accuracy=float(accuracy_score(y, called)),
        sensitivity=float(recall_score(y, called, pos_label=True, zero_division=0.0)),
        specificity=float(recall_score(y, called, pos_label=False, zero_division=0.0)),
        sensitivity_at_specificity=sensitivity_at_specificity(p, y, specificity),
        brier=float(brier_score_loss(y, p)),
        ece=expected_calibration_error(p, y, bins),
    )


def sensitivity_at_specificity(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, specificity: float = SPECIFICITY
) -> float | None:
    """The highest sensitivity on the ROC curve with at least this specificity.

    Points of the curve only, nothing interpolated between them: what is reported can be had with
    some threshold. None with one class only.
    """
    from sklearn.metrics import roc_curve

    p, y = checked(probabilities, labels)
    if not has_both_classes(y):
        return None
    false_positive_rate, sensitivity, _ = roc_curve(y, p, drop_intermediate=False)
    # 1 - 0.9 is a little less than 0.1 in floating point.
    allowed = false_positive_rate <= 1.0 - specificity + 1e-9
    return float(np.max(sensitivity[allowed]))


def expected_calibration_error(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, bins: int = CALIBRATION_BINS
) -> float | None:
    """Expected calibration error in adaptive (equal-mass) bins.

    ``ECE = 1/B * sum over the B bins of |share of malignant rows - mean probability|``, the bins
    those of :func:`mammopair.stats.curves.calibration_points`. None with one class only.

    Notes
    -----
    It is biased upwards: even a perfectly calibrated model has an ECE above 0 on a finite sample,
    the more the fewer rows a bin holds; resampling with replacement adds to it. So an interval for
    the ECE is to be read as "at most about", and two models are compared on the same rows only.

    References
    ----------
    Nixon et al., Measuring calibration in deep learning, CVPR workshops 2019, arXiv 1904.01685
    (adaptive bins). Roelofs et al., Mitigating bias in calibration error estimation, AISTATS 2022,
    arXiv 2012.08668 (equal mass, and the bias).
    """
    p, y = checked(probabilities, labels)
    if not has_both_classes(y):
        return None
    curve = calibration_points(p, y, bins)
    assert curve is not None  # two classes are two rows at least
    return float(np.mean(np.abs(np.subtract(curve.observed, curve.predicted))))
