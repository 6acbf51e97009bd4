"""All metrics with their intervals, as one dictionary that JSON can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mammopair.stats.aggregation import LesionScore, ViewScore, lesion_scores, pair_scores
from mammopair.stats.bootstrap import RESAMPLES, bootstrap_intervals
from mammopair.stats.metrics import measure
from mammopair.stats.sample import checked

REPORTED = ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece")
"""Metrics that a summary holds, each followed by its interval."""


def summarise(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    patients: Sequence[str] | npt.NDArray[np.str_],
    *,
    threshold: float = 0.5,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """All metrics of a sample, each with its 95 % interval by patient.

    Parameters
    ----------
    probabilities, labels
        As in :func:`mammopair.stats.metrics.measure`, ``(rows,)`` each.
    patients
        Who each row is of, ``(rows,)``.
    threshold
        A row is called malignant if its probability is this or more.
    seed, resamples
        Of the bootstrap.

    Returns
    -------
    dict
        ``n`` rows, of which ``malignant``, of so many ``patients``; then ``auc``, ``accuracy``,
        ``sensitivity``, ``specificity``, ``brier`` and ``ece``, each followed by its ``*_ci`` as
        ``[low, high]``, all None with one class only; then how the intervals were made:
        ``resamples`` and how many of those were ``resamples_left_out`` for holding one class only.

    Raises
    ------
    InputError
        If the arrays do not fit together or hold something else than probabilities and labels.
    """
    p, y = checked(probabilities, labels)
    values = measure(p, y, threshold=threshold)
    intervals = bootstrap_intervals(
        p, y, patients, threshold=threshold, seed=seed, resamples=resamples
    )
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


def score_levels(
    rows: Sequence[ViewScore], *, threshold: float = 0.5, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """Summaries of the same predictions at three levels.

    Returns
    -------
    dict
        ``views``: each row by itself. ``pairs``: each CC and MLO that share a ``pair_id``, their
        probabilities averaged. ``lesions``: each pair, and each mass without one from the views
        that there are. Each a dictionary of :func:`summarise`.

    Raises
    ------
    InputError
        Naming the pair or the mass whose rows contradict each other, see
        :mod:`mammopair.stats.aggregation`.
    """
    levels: dict[str, Sequence[ViewScore | LesionScore]] = {
        "views": rows,
        "pairs": pair_scores(rows),
        "lesions": lesion_scores(rows),
    }
    return {
        name: summarise(
            [score.probability for score in scores],
            [score.label for score in scores],
            [score.patient_id for score in scores],
            threshold=threshold,
            seed=seed,
            resamples=resamples,
        )
        for name, scores in levels.items()
    }
