"""Means and differences of means, with intervals from resampled patients."""

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
    """A mean, or a difference of two, with its 95 % percentile interval by patient."""

    value: float
    low: float
    high: float
    rows: int
    """Number of rows that are not NaN."""
    patients: int
    """Number of their patients."""


def bootstrap_mean(
    values: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
) -> Mean | None:
    """Compute the mean over rows; for a paired difference, pass the differences of the rows.

    Parameters
    ----------
    values
        ``(rows,)``; NaN is excluded.
    patients
        Patient of each row, ``(rows,)``.

    Returns
    -------
    Mean or None
        None if the rows that are not NaN are of fewer than two patients.

    Raises
    ------
    InputError
        If the number of patients is not that of the rows.
    """
    defined, owners = _defined(values, patients)
    if len(np.unique(owners)) < 2:
        return None
    weights = patient_weights(owners, RESAMPLES, seed=0)
    drawn = weights @ defined / weights.sum(axis=1)
    return _with_interval(float(defined.mean()), drawn, len(defined), owners)


def bootstrap_group_difference(
    values: npt.ArrayLike,
    first: npt.NDArray[np.bool_],
    patients: Sequence[str] | npt.NDArray[np.str_],
) -> Mean | None:
    """Compute the mean of the rows in ``first`` minus that of the others.

    A patient may have rows in both groups, so patients of both are resampled together; resamples
    with one group only are excluded.

    Parameters
    ----------
    values, first
        ``(rows,)`` each; rows whose value is NaN are excluded.
    patients
        Patient of each row, ``(rows,)``.

    Returns
    -------
    Mean or None
        None if a group has no rows.

    Raises
    ------
    InputError
        If the number of patients is not that of the rows.
    """
    defined, owners = _defined(values, patients)
    in_first = np.asarray(first, bool)[~np.isnan(np.asarray(values, np.float64))]
    if in_first.all() or not in_first.any():
        return None
    weights = patient_weights(owners, RESAMPLES, seed=0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        one, other = (
            weights[:, group] @ defined[group] / weights[:, group].sum(axis=1)
            for group in (in_first, ~in_first)
        )
    value = float(defined[in_first].mean() - defined[~in_first].mean())
    return _with_interval(value, one - other, len(defined), owners)


def _defined(
    values: npt.ArrayLike, patients: Sequence[str] | npt.NDArray[np.str_]
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Return the values that are not NaN, and their patients."""
    numbers, owners = np.asarray(values, np.float64), np.asarray(patients, np.str_)
    if numbers.shape != owners.shape:
        raise InputError(
            "patients",
            f"has {owners.size} entries for {numbers.size} rows; give one patient per row",
        )
    defined = ~np.isnan(numbers)
    return numbers[defined], owners[defined]


def _with_interval(value: float, drawn: Floats, rows: int, owners: npt.NDArray[np.str_]) -> Mean:
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Mean(value, float(low), float(high), rows, len(np.unique(owners)))
