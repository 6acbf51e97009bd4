"""Column headings and notes of a table with several records."""

from __future__ import annotations

from collections.abc import Iterable

from mammopair.record import Record
from mammopair.results.text import interval_name, share_text
from mammopair.warning import CodedWarning


def interval_heading(records: Iterable[Record]) -> str:
    """Return ``90 % interval`` if all intervals have this coverage, else ``interval``."""
    levels = {record.interval.level for record in records}
    return interval_name(levels.pop()) if len(levels) == 1 else "interval"


def conformal_heading(records: Iterable[Record]) -> str:
    """Return the heading of the conformal prediction sets; empty if no record has one.

    The coverage is part of the heading if it is the same for all records.
    """
    found = {record.conformal.coverage for record in records if record.conformal}
    if not found:
        return ""
    coverage = f" at {share_text(found.pop())} coverage" if len(found) == 1 else ""
    return f"Classes not excluded{coverage}"


def adjusted_heading(records: Iterable[Record]) -> str:
    """Return the heading of probabilities adjusted for a prevalence; empty if there are none."""
    found = {record.prior_shift.prevalence for record in records if record.prior_shift}
    if not found:
        return ""
    if len(found) > 1:
        return "adjusted for prevalence"
    return f"adjusted for a prevalence of {share_text(found.pop())}"


def prevalence_note(records: Iterable[Record]) -> str:
    """Return a sentence with the prevalence that the probabilities assume; empty if unknown."""
    records = list(records)
    trained = sorted({record.prevalence for record in records if record.prevalence is not None})
    if not trained:
        return ""
    by_views = ", by number of views" if len(trained) > 1 else ""
    return (
        f"The probabilities assume a prevalence of malignancy of {_alternatives(trained)}, "
        f"as in the training data{by_views}{_adjusted_note(records)}."
    )


def number_warnings(records: Iterable[Record]) -> dict[CodedWarning, int]:
    """Number the distinct warnings of the records from 1, in order of appearance."""
    numbers: dict[CodedWarning, int] = {}
    for record in records:
        for warning in record.warnings:
            numbers.setdefault(warning, len(numbers) + 1)
    return numbers


def _adjusted_note(records: list[Record]) -> str:
    adjusted = sorted({record.prior_shift.prevalence for record in records if record.prior_shift})
    return f"; adjusted probabilities assume {_alternatives(adjusted)}" if adjusted else ""


def _alternatives(prevalences: list[float]) -> str:
    return " or ".join(map(share_text, prevalences))
