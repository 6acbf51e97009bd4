"""DeLong's variance of the AUC, and the paired test of two AUCs: for independent rows only.

Where patients have several rows each, as both views of a mass or several masses, these formulas
call the rows independent and come out too sure of themselves. The interval and the test to quote
are then those of :mod:`mammopair.stats.bootstrap`; DeLong's are for one row a patient, and for
comparing with published figures that used them.

References
----------
DeLong, DeLong & Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
characteristic curves: a nonparametric approach, Biometrics 44:837, 1988.
Sun & Xu, Fast implementation of DeLong's algorithm for comparing the areas under correlated
receiver operating characteristic curves, IEEE Signal Processing Letters 21:1389, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.stats.sample import BoolArray, FloatArray


@dataclass(frozen=True)
class DelongAuc:
    """An AUC with its standard error, rows taken as independent."""

    auc: float
    standard_error: float


@dataclass(frozen=True)
class DelongTest:
    """Two AUCs of the same rows compared, rows taken as independent."""

    first: DelongAuc
    second: DelongAuc
    difference: float
    """``first.auc - second.auc``."""
    standard_error: float
    """Of the difference."""
    z: float
    p_value: float
    """Two-sided."""


def delong_auc(scores: npt.ArrayLike, labels: npt.ArrayLike) -> DelongAuc:
    """AUC and DeLong's standard error.

    Parameters
    ----------
    scores
        ``(rows,)``, higher for malignant; probabilities or any other finite numbers.
    labels
        1 for malignant and 0 for benign, ``(rows,)``; two of each at least.

    Raises
    ------
    InputError
        If there are fewer than two rows of a class: the variance is then not defined.
    """
    aucs, covariance = _aucs_and_covariance([scores], labels)
    return DelongAuc(float(aucs[0]), float(np.sqrt(covariance[0, 0])))


def delong_test(first: npt.ArrayLike, second: npt.ArrayLike, labels: npt.ArrayLike) -> DelongTest:
    """Whether two scores of the same rows have the same AUC.

    ``z = (AUC_1 - AUC_2) / sqrt(V_11 + V_22 - 2 V_12)``, compared with the normal distribution.
    Two scores that order the rows alike have no variance between them: ``z = 0``, ``p = 1``.

    Parameters
    ----------
    first, second, labels
        As in :func:`delong_auc`.

    Raises
    ------
    InputError
        As :func:`delong_auc`.
    """
    from scipy.stats import norm

    aucs, covariance = _aucs_and_covariance([first, second], labels)
    errors = np.sqrt(np.diag(covariance))
    difference = float(aucs[0] - aucs[1])
    contrast = np.array([1.0, -1.0])
    error = float(np.sqrt(max(contrast @ covariance @ contrast, 0.0)))
    if error > 1e-12:
        z = difference / error
    else:
        z = 0.0 if abs(difference) < 1e-12 else float(np.copysign(np.inf, difference))
    return DelongTest(
        first=DelongAuc(float(aucs[0]), float(errors[0])),
        second=DelongAuc(float(aucs[1]), float(errors[1])),
        difference=difference,
        standard_error=error,
        z=z,
        p_value=float(2 * norm.sf(abs(z))),
    )


def _aucs_and_covariance(
    scores: list[npt.ArrayLike], labels: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """AUCs ``(k,)`` and their covariance ``(k, k)`` after Sun & Xu, in the time of sorting.

    With ``m`` malignant rows of midranks ``T_X`` among themselves, ``n`` benign rows of midranks
    ``T_Y`` among themselves, and midranks ``T_Z`` in the whole, the structural components are
    ``V_10 = (T_Z - T_X) / n`` for malignant and ``V_01 = 1 - (T_Z - T_Y) / m`` for benign rows;
    ``AUC = mean(V_10)`` and ``covariance = cov(V_10) / m + cov(V_01) / n``.
    """
    from scipy.stats import rankdata

    z = np.asarray(scores, dtype=np.float64)
    y = _checked_labels(z, labels)
    m, n = int(y.sum()), int((~y).sum())
    ranks = rankdata(z, axis=1)
    of_malignant = (ranks[:, y] - rankdata(z[:, y], axis=1)) / n
    of_benign = 1 - (ranks[:, ~y] - rankdata(z[:, ~y], axis=1)) / m
    covariance = np.atleast_2d(np.cov(of_malignant)) / m + np.atleast_2d(np.cov(of_benign)) / n
    return of_malignant.mean(axis=1), covariance


def _checked_labels(scores: FloatArray, labels: npt.ArrayLike) -> BoolArray:
    y = np.asarray(labels)
    if scores.ndim != 2 or y.shape != scores.shape[1:]:
        raise InputError("scores", "one score and one label a row are needed")
    if not np.isfinite(scores).all():
        raise InputError("scores", "they hold NaN or infinity; finite numbers are needed")
    if not np.isin(y, (0, 1)).all():
        raise InputError("labels", "they must be 1 (malignant) or 0 (benign)")
    malignant = int(y.sum())
    if malignant < 2 or len(y) - malignant < 2:
        raise InputError(
            "labels",
            f"{malignant} malignant and {len(y) - malignant} benign rows; "
            "DeLong's variance needs two of each at least",
        )
    return y.astype(np.bool_)
