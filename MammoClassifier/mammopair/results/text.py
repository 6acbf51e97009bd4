"""Text for single values of a record: probabilities, intervals, breasts, descriptors, evidence."""

from __future__ import annotations

from mammopair.descriptors import MARGINS, SHAPES
from mammopair.record import ConformalSet, Interval, Record

MISSING = "-"
"""Shown where a lesion has no such view or value."""


def percent(probability: float) -> str:
    """Format a probability as a whole percentage; never 0 % or 100 %.

    >>> percent(0.523), percent(0.0004), percent(0.9999)
    ('52 %', '<1 %', '>99 %')
    """
    return f"{_whole_percent(probability)} %"


def interval_range(interval: Interval) -> str:
    """Format the bounds of an interval as whole percentages: ``31 to 72 %``."""
    return f"{_whole_percent(interval.low)} to {_whole_percent(interval.high)} %"


def interval_name(level: float) -> str:
    """Return the name of an interval of a coverage: ``90 % interval``."""
    return f"{share_text(level)} interval"


def share_text(share: float) -> str:
    """Format a prevalence or a coverage as a percentage of three digits: ``48 %``, ``2.5 %``."""
    return f"{100 * share:.3g} %"


def score(value: float) -> str:
    """Format a concept score: ``0.82``; never 0 or 1.

    >>> score(0.823), score(0.004), score(0.999)
    ('0.82', '<0.01', '>0.99')
    """
    return "<0.01" if value < 0.01 else ">0.99" if value > 0.99 else f"{value:.2f}"


def breast_name(laterality: str) -> str:
    """Return ``right`` for ``R`` and ``left`` for ``L``."""
    return {"R": "right", "L": "left"}.get(laterality, laterality or "?")


def descriptor_name(descriptor: str) -> str:
    """Return a descriptor with what it describes: ``spiculated margin``, ``oval shape``."""
    if descriptor == "distorting":
        return "architectural distortion"
    if descriptor in MARGINS:
        return f"{descriptor} margin"
    return f"{descriptor} shape" if descriptor in SHAPES else descriptor


def evidence_directions(record: Record) -> str:
    """Return the direction of the evidence of each view, one line a view.

    Views with the same direction share a line: ``CC and MLO: mixed``.
    """
    views: dict[str, list[str]] = {}
    for view in record.views:
        views.setdefault(view.evidence.direction, []).append(view.projection)
    return "\n".join(f"{' and '.join(names)}: {found}" for found, names in views.items())


def conformal_classes(conformal: ConformalSet | None) -> str:
    """Return ``benign``, ``malignant`` or ``both``: the classes that are not excluded."""
    if conformal is None:
        return MISSING
    return conformal.classes[0] if len(conformal.classes) == 1 else "both"


def label_name(label: int | None) -> str:
    """Return the class of a label; empty if the label is unknown."""
    return "" if label is None else "malignant" if label else "benign"


def _whole_percent(probability: float) -> str:
    if probability < 0.01:
        return "<1"
    return ">99" if probability > 0.99 else f"{100 * probability:.0f}"
