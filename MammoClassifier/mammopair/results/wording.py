"""How results are put into words: percentages, breasts, evidence, warnings with their marks."""

from __future__ import annotations

from collections.abc import Iterable

from mammopair.caution import Caution
from mammopair.record import Interval, Record

MISSING = "-"
"""Stands where a lesion has no such view."""


def percent(probability: float) -> str:
    """A probability in whole per cent; never 0 % or 100 %, which no classifier may claim.

    >>> percent(0.523), percent(0.0004), percent(0.9999)
    ('52 %', '<1 %', '>99 %')
    """
    return f"{_whole(probability)} %"


def interval_range(interval: Interval) -> str:
    """The interval in whole per cent, ``31 to 72 %``."""
    return f"{_whole(interval.low)} to {_whole(interval.high)} %"


def breast_name(laterality: str) -> str:
    """``R`` is the right breast, ``L`` the left."""
    return {"R": "right", "L": "left"}.get(laterality, laterality or "?")


def evidence_words(record: Record) -> str:
    """The evidence of all views in words, a line each, or once if they agree."""
    words = [(view.projection, view.evidence.word) for view in record.views]
    if len({word for _, word in words}) == 1 and len(words) > 1:
        return f"both {words[0][1]}"
    return "\n".join(f"{projection} {word}" for projection, word in words)


def outcome(label: int | None) -> str:
    """The manifest's label in words; empty if it is not known."""
    return "" if label is None else "malignant" if label else "benign"


def footnotes(records: Iterable[Record]) -> dict[Caution, int]:
    """Every distinct warning of the records with a number, from 1, in order of appearance."""
    numbers: dict[Caution, int] = {}
    for record in records:
        for warning in record.warnings:
            numbers.setdefault(warning, len(numbers) + 1)
    return numbers


def common_level(records: Iterable[Record]) -> str:
    """``90 % interval`` if all records have the same level, else ``interval``."""
    levels = {record.interval.level for record in records}
    return f"{100 * levels.pop():.0f} % interval" if len(levels) == 1 else "interval"


def _whole(probability: float) -> str:
    if probability < 0.01:
        return "<1"
    return ">99" if probability > 0.99 else f"{100 * probability:.0f}"
