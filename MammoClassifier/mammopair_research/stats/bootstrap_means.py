"""Means, their differences and how sure they are, from resampled patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.stats.bootstrap import LEVEL, RESAMPLES, patient_weights

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean, or a difference of two, with its percentile interval by patient."""

    value: float
    low: float
    high: float
    rows: int
    """That were defined, and so counted."""
    patients: int


def bootstrap_mean(
    values: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Mean | None:
    """The mean over rows; for a paired difference hand in the differences of the rows.

    Parameters
    ----------
    values
        ``(rows,)``; NaN stands for undefined and is left out.
    patients
        Who each row is of.

    Returns
    -------
    Mean or None
        None where fewer than two patients have a defined row: nothing is known of the spread.
    """
    counted, whose = _defined(values, patients)
    if len(np.unique(whose)) < 2:
        return None
    weights = patient_weights(whose, resamples, seed)
    drawn = weights @ counted / weights.sum(axis=1)
    return _with_interval(float(counted.mean()), drawn, len(counted), whose)


def bootstrap_group_difference(
    values: npt.ArrayLike,
    first: npt.NDArray[np.bool_],
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Mean | None:
    """The mean of the rows in ``first`` less that of the others.

    Patients are resampled together, since one may have rows in both groups; resamples that hold
    one group only do not count.

    Returns
    -------
    Mean or None
        None where one group is empty.
    """
    everything = np.asarray(values, np.float64)
    counted, whose = _defined(everything, patients)
    mine = np.asarray(first, bool)[~np.isnan(everything)]
    if mine.all() or not mine.any():
        return None
    weights = patient_weights(whose, resamples, seed).astype(np.float64)
    with np.errstate(invalid="ignore"):
        one, other = (
            weights[:, group] @ counted[group] / weights[:, group].sum(axis=1)
            for group in (mine, ~mine)
        )
    value = float(counted[mine].mean() - counted[~mine].mean())
    return _with_interval(value, one - other, len(counted), whose)


def _defined(
    values: npt.ArrayLike, patients: Sequence[str] | npt.NDArray[np.str_]
) -> tuple[Floats, npt.NDArray[np.str_]]:
    everything, whose = np.asarray(values, np.float64), np.asarray(patients, np.str_)
    if everything.shape != whose.shape:
        raise InputError(
            "patients", f"{whose.size} of them for {everything.size} rows; each row needs one"
        )
    defined = ~np.isnan(everything)
    return everything[defined], whose[defined]


def _with_interval(value: float, drawn: Floats, rows: int, whose: npt.NDArray[np.str_]) -> Mean:
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Mean(value, float(low), float(high), rows, len(np.unique(whose)))
