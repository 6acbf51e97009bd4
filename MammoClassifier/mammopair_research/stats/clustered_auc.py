"""The AUC of many scores at once, each with a standard error that knows of patients.

The nonparametric variance of Obuchowski, Nonparametric analysis of clustered ROC curve data,
Biometrics 53:567, 1997: DeLong's placements are summed within patients before their variance is
taken. A patient may have rows of both kinds. In closed form, so it serves where thousands of
scores are tested; the bootstrap would take hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClusteredAucs:
    """Of ``c`` scores of the same rows."""

    auc: Floats
    """``(c,)``: chance that a positive row scores above a negative one, ties counting half.
    ``2 * auc - 1`` is the rank-biserial correlation."""
    standard_error: Floats
    """``(c,)``"""
    p_value: Floats
    """``(c,)``: two-sided, of the hypothesis that the AUC is 0.5."""
    reach: Floats
    """``(c,)``: half the width of the 95 % interval."""


def clustered_aucs(
    scores: npt.ArrayLike,
    positive: npt.NDArray[np.bool_],
    patients: Sequence[str] | npt.NDArray[np.str_],
) -> ClusteredAucs | None:
    """AUC, standard error and test of each column.

    Parameters
    ----------
    scores
        ``(rows, c)``, finite.
    positive
        ``(rows,)``
    patients
        Who each row is of.

    Returns
    -------
    ClusteredAucs or None
        None where fewer than two patients have positive rows, or fewer than two negative ones:
        nothing is known of the variance then.
    """
    values = np.asarray(scores, np.float64)
    is_positive = np.asarray(positive, bool)
    _, who = np.unique(np.asarray(patients, np.str_), return_inverse=True)
    with_positive = len(np.unique(who[is_positive]))
    with_negative = len(np.unique(who[~is_positive]))
    if min(with_positive, with_negative) < 2:
        return None
    above, below = placements(values, is_positive)
    auc = above.mean(axis=0)

    everyone = int(who.max()) + 1
    ours = _sums(above - auc, who[is_positive], everyone)
    others = _sums(below - auc, who[~is_positive], everyone)
    m, n = len(above), len(below)
    variance = (
        with_positive / (with_positive - 1) * (ours**2).sum(axis=0) / m**2
        + with_negative / (with_negative - 1) * (others**2).sum(axis=0) / n**2
        + 2 * everyone / (everyone - 1) * (ours * others).sum(axis=0) / (m * n)
    )
    error = np.sqrt(np.clip(variance, 0, None))
    # Student's t instead of the normal: with ten patients of a kind that is a sixth wider.
    freedom = min(with_positive, with_negative) - 1
    return ClusteredAucs(
        auc,
        error,
        p_value=_two_sided(auc - 0.5, error, freedom),
        reach=_quantile(freedom) * error,
    )


def placements(values: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For each positive row the share of negatives below it, for each negative that above it."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    mine, others = values[positive], values[~positive]
    above = (ranks[positive] - rankdata(mine, axis=0)) / len(others)
    below = 1 - (ranks[~positive] - rankdata(others, axis=0)) / len(mine)
    return above, below


def _sums(parts: Floats, who: npt.NDArray[np.intp], patients: int) -> Floats:
    """``(patients, c)``: the sum of each patient's rows."""
    sums = np.zeros((patients, parts.shape[1]))
    np.add.at(sums, who, parts)
    return sums


def _two_sided(difference: Floats, error: Floats, freedom: int) -> Floats:
    """Of a t statistic; without any spread, a difference is certain and none is none."""
    from scipy.stats import t

    certain = np.where(np.abs(difference) > 1e-12, np.inf, 0.0)
    statistic = np.divide(np.abs(difference), error, out=certain, where=error > 1e-12)
    return np.asarray(2 * t.sf(statistic, freedom))


def _quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))
