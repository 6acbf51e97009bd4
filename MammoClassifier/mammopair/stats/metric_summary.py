"""All metrics of a sample with their intervals, as one JSON-serialisable dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mammopair.stats.bootstrap import RESAMPLES, bootstrap_intervals
from mammopair.stats.metrics import measure
from mammopair.stats.sample import validate

REPORTED = ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece")
"""Metrics in a summary, each followed by its interval."""


def summarise(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    threshold: float = 0.5,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Compute the metrics of a sample, each with its 95 % interval by patient.

    Parameters
    ----------
    probabilities, labels
        As in :func:`mammopair.stats.metrics.measure`, ``(rows,)`` each.
    patients
        Patient of each row, ``(rows,)``.
    threshold
        A row is called malignant if its probability is this or more.
    resamples
        Number of resamples of the bootstrap.

    Returns
    -------
    dict
        Counts ``n`` (rows), ``patients`` and ``malignant``; ``auc``, ``accuracy``,
        ``sensitivity``, ``specificity``, ``brier`` and ``ece``, each followed by its ``*_ci`` as
        ``[low, high]``, all None with one class; ``resamples``, and ``resamples_left_out``, those
        with one class only.

    Raises
    ------
    InputError
        If the arrays have different lengths, or hold other values than probabilities and labels.
    """
    p, y = validate(probabilities, labels)
    values = measure(p, y, threshold=threshold)
    intervals = bootstrap_intervals(p, y, patients, threshold=threshold, resamples=resamples)
    summary: dict[str, Any] = {
        "n": len(p),
        "patients": len(set(patients)),
        "malignant": int(y.sum()),
    }
    for name in REPORTED:
        limits = intervals.ranges[name]
        summary[name] = getattr(values, name)
        summary[f"{name}_ci"] = list(limits) if limits else None
    return summary | {"resamples": resamples, "resamples_left_out": intervals.left_out}
