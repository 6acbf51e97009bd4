"""Metrics by subgroup of lesions: views, density, margin, shape, subtlety, size and scanner."""

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

Condition = Callable[[ScoredLesion], bool]


def subgroup_figures(
    lesions: Sequence[ScoredLesion], probabilities: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """Compute the metrics of each subgroup that has lesions.

    A lesion belongs to every group that applies to one of its views, e.g. to two margin groups.
    The metrics of a group with one class only are None.

    Parameters
    ----------
    lesions
        All lesions.
    probabilities
        Their probabilities of malignancy, ``(lesions,)``.

    Returns
    -------
    dict
        ``{"density": {"1, fatty": figures, ...}, ...}``, figures as
        :func:`~mammopair.stats.metric_summary.summarise` returns them.
    """
    scanners = sorted({row.scanner for lesion in lesions for row in lesion.rows if row.scanner})
    headings: dict[str, dict[str, Condition]] = {
        "views": {
            "both views": lambda one: len(one.rows) > 1,
            "one view": lambda one: len(one.rows) == 1,
        },
        "density": {name: _has("breast_density", value) for value, name in DENSITIES.items()},
        "margin": {name: _has("mass_margins", value) for name, value in MARGINS.items()},
        "shape": {name: _has("mass_shape", value) for name, value in SHAPES.items()},
        "subtlety": {name: _has("subtlety", value) for value, name in SUBTLETIES.items()},
        "size": {name: _is_between(*limits) for name, limits in SIZES.items()},
        "scanner": {name: _has("scanner", name) for name in scanners},
    }
    found = {}
    for heading, groups in headings.items():
        figures = {}
        for name, applies in groups.items():
            members = [index for index, lesion in enumerate(lesions) if applies(lesion)]
            if members:
                figures[name] = summarise(
                    [probabilities[index] for index in members],
                    [lesions[index].label for index in members],
                    [lesions[index].patient_id for index in members],
                )
        if figures:
            found[heading] = figures
    return found


def _has(column: str, value: str) -> Condition:
    """Test whether a view's cell is a value, or lists it among others joined by hyphens."""
    return lambda lesion: any(value in getattr(row, column).split("-") for row in lesion.rows)


def _is_between(low: float, high: float) -> Condition:
    def condition(lesion: ScoredLesion) -> bool:
        sides = [
            max(row.lesion_w, row.lesion_h) * row.mm_per_crop_px
            for row in lesion.rows
            if row.mm_per_crop_px is not None
        ]
        return bool(sides) and low <= max(sides) < high

    return condition
