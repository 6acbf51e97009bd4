"""How results are put into words: percentages, breasts, evidence, warnings with their marks."""

from __future__ import annotations

from collections.abc import Iterable

from mammopair.record import ConformalSet, Interval, Record
from mammopair.warning import CodedWarning

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


def evidence_directions(record: Record) -> str:
    """The evidence of all views in words, a line each, or once if they agree."""
    words = [(view.projection, view.evidence.direction) for view in record.views]
    if len({word for _, word in words}) == 1 and len(words) > 1:
        return f"both {words[0][1]}"
    return "\n".join(f"{projection} {word}" for projection, word in words)


def classes_word(conformal: ConformalSet | None) -> str:
    """The set of classes in a word: ``benign``, ``malignant``, ``either``; a dash without a set."""
    if conformal is None:
        return MISSING
    return conformal.classes[0] if len(conformal.classes) == 1 else "either"


def score(value: float) -> str:
    """A concept score, ``0.82``; never 0 or 1, as :func:`percent`."""
    return "<0.01" if value < 0.01 else ">0.99" if value > 0.99 else f"{value:.2f}"


def share_text(value: float) -> str:
    """A prevalence or a coverage, ``48 %``, ``2.5 %``."""
    return f"{100 * value:.3g} %"


def prevalence_words(records: Iterable[Record]) -> str:
    """At which prevalence the probabilities hold, as a sentence; empty where none is known."""
    records = list(records)
    trained = sorted({record.prevalence for record in records if record.prevalence is not None})
    if not trained:
        return ""
    among = " or ".join(share_text(prevalence) for prevalence in trained)
    held = (
        f"Probabilities hold where {among} of the marked masses are malignant, as in the training"
    )
    if len(trained) > 1:
        held += ", by the number of views"
    stated = sorted({record.prior_shift.prevalence for record in records if record.prior_shift})
    if not stated:
        return f"{held}."
    there = " or ".join(share_text(prevalence) for prevalence in stated)
    return f"{held}; those at {there} hold where {there} are."


def common_set(records: Iterable[Record]) -> str:
    """``90 % set`` if all records' sets have the same coverage, ``set`` if not, else empty."""
    found = {record.conformal.coverage for record in records if record.conformal}
    if not found:
        return ""
    return f"{share_text(found.pop())} set" if len(found) == 1 else "set"


def common_shift(records: Iterable[Record]) -> str:
    """``at 10 %`` if all records are stated at this prevalence too; empty where none is."""
    found = {record.prior_shift.prevalence for record in records if record.prior_shift}
    if not found:
        return ""
    return f"at {share_text(found.pop())}" if len(found) == 1 else "as stated"


def outcome_text(label: int | None) -> str:
    """The manifest's label in words; empty if it is not known."""
    return "" if label is None else "malignant" if label else "benign"


def footnotes(records: Iterable[Record]) -> dict[CodedWarning, int]:
    """Every distinct warning of the records with a number, from 1, in order of appearance."""
    numbers: dict[CodedWarning, int] = {}
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
