"""A share of rows with its interval by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mammopair.stats.bootstrap import LEVEL, RESAMPLES, patient_weights


def share_by_patient(
    hits: npt.ArrayLike,
    patients: Sequence[str],
) -> tuple[float, tuple[float, float]] | None:
    """Compute the share of rows that are hits, and its percentile interval by patient.

    Parameters
    ----------
    hits
        ``(rows,)``, true or false.
    patients
        Patient of each row, ``(rows,)``.

    Returns
    -------
    share, (low, high)
        In [0, 1]; None without rows. If every row or no row is a hit, all resamples are equal and
        the interval has no width, which does not mean that the share is certain.
    """
    hit = np.asarray(hits, dtype=np.float64)
    if not len(hit):
        return None
    weights = patient_weights(patients, RESAMPLES, seed=0)
    shares = weights @ hit / weights.sum(axis=1)
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(hit.mean()), (float(low), float(high))


def share_figures(name: str, hits: Sequence[bool], patients: Sequence[str]) -> dict[str, Any]:
    """Return ``{name: share, name_ci: [low, high]}``; both None without rows."""
    found = share_by_patient(hits, patients)
    if found is None:
        return {name: None, f"{name}_ci": None}
    return {name: found[0], f"{name}_ci": list(found[1])}
