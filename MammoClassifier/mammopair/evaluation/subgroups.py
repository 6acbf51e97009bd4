"""The figures by subgroup of lesions: does it serve all alike?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mammopair.descriptors import MARGINS, SHAPES
from mammopair.evaluation.lesion_scores import ScoredLesion
from mammopair.stats.metric_summary import summarise

SIZES = {"under 10 mm": (0.0, 10.0), "10 to 20 mm": (10.0, 20.0), "20 mm or more": (20.0, 1e9)}
"""Longest side of the marked box in the view where it is longer; lesions of unknown size are in no
group."""
DENSITIES = {"1": "1, fatty", "2": "2", "3": "3", "4": "4, extremely dense"}
SUBTLETIES = {"1": "1, subtle", "2": "2", "3": "3", "4": "4", "5": "5, obvious"}

Group = Callable[[ScoredLesion], bool]


def subgroup_figures(
    lesions: Sequence[ScoredLesion], probabilities: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """For each heading the figures of each of its groups that has lesions.

    A lesion is in every group that one of its views says: several margin words, say. The AUC of a
    group of one class is None.

    Returns
    -------
    dict
        ``{"density": {"1, fatty": figures, ...}, ...}``, figures as
        :func:`~mammopair.stats.metric_summary.summarise` gives them.
    """
    scanners = sorted({row.scanner for lesion in lesions for row in lesion.rows if row.scanner})
    headings: dict[str, dict[str, Group]] = {
        "views": {
            "both views": lambda one: len(one.rows) > 1,
            "one view": lambda one: len(one.rows) == 1,
        },
        "density": {word: _says("breast_density", value) for value, word in DENSITIES.items()},
        "margin": {word: _says("mass_margins", value) for word, value in MARGINS.items()},
        "shape": {word: _says("mass_shape", value) for word, value in SHAPES.items()},
        "subtlety": {word: _says("subtlety", value) for value, word in SUBTLETIES.items()},
        "size": {word: _between(*limits) for word, limits in SIZES.items()},
        "scanner": {name: _says("scanner", name) for name in scanners},
    }
    found = {}
    for heading, groups in headings.items():
        rows = {}
        for word, belongs in groups.items():
            mine = [
                (lesion, probability)
                for lesion, probability in zip(lesions, probabilities, strict=True)
                if belongs(lesion)
            ]
            if mine:
                rows[word] = summarise(
                    [probability for _, probability in mine],
                    [lesion.label for lesion, _ in mine],
                    [lesion.patient_id for lesion, _ in mine],
                )
        if rows:
            found[heading] = rows
    return found


def _says(column: str, value: str) -> Group:
    """Whether a view's cell holds a value, alone or among others joined by hyphens."""
    return lambda lesion: any(value in getattr(row, column).split("-") for row in lesion.rows)


def _between(low: float, high: float) -> Group:
    def within(lesion: ScoredLesion) -> bool:
        sides = [
            max(row.lesion_w, row.lesion_h) * row.mm_per_crop_px
            for row in lesion.rows
            if row.mm_per_crop_px is not None
        ]
        return bool(sides) and low <= max(sides) < high

    return within
