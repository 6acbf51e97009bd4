"""The table of results: as CSV for machines, in the terminal for people."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.record import Record
from mammopair.results.text import (
    MISSING,
    breast_name,
    classes_word,
    common_level,
    common_set,
    common_shift,
    evidence_directions,
    footnotes,
    interval_range,
    percent,
    prevalence_words,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

CSV_COLUMNS = (
    "case_id",
    "lesion_id",
    "laterality",
    "probability",
    "interval_low",
    "interval_high",
    "interval_level",
    "probability_cc",
    "probability_mlo",
    "evidence_cc",
    "evidence_mlo",
    "prevalence",
    "adjusted_prevalence",
    "adjusted_probability",
    "adjusted_interval_low",
    "adjusted_interval_high",
    "points_reached",
    "conformal_classes",
    "conformal_coverage",
    "out_of_distribution_score",
    "warnings",
    "label",
    "model_name",
    "model_version",
    "model_sha256",
    "software",
    "research_use_only",
)


def records_to_csv(records: Iterable[Record], path: Path) -> None:
    """Write one row a lesion, probabilities unrounded; the file is there whole or not at all.

    A view that a lesion lacks leaves its fields empty, as does an unknown label. Warnings are
    their codes, each once, separated by blanks.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as stream:
        writer = csv.DictWriter(stream, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_csv_row, records))


def print_table(records: Sequence[Record], console: Console) -> None:
    """Print one row a lesion, then each warning once, then what the results are not for.

    Texts of the records are shown as they are, never read as rich's markup; what the terminal's
    encoding lacks becomes a question mark.
    """
    from rich.text import Text

    def text(words: str) -> Text:
        encoding = console.encoding or "utf-8"
        return Text(words.encode(encoding, "replace").decode(encoding))

    numbers = footnotes(records)
    shift, sets = common_shift(records), common_set(records)
    table = _table(common_level(records), shift, sets)
    for record in records:
        views = {view.projection: percent(view.probability) for view in record.views}
        marks = sorted({numbers[warning] for warning in record.warnings})
        cells = (
            f"{record.case_id} {record.lesion_id}",
            breast_name(record.laterality),
            _probability(record),
            *([classes_word(record.conformal)] if sets else []),
            views.get("CC", MISSING),
            views.get("MLO", MISSING),
            evidence_directions(record),
            " ".join(map(str, marks)),
        )
        table.add_row(*map(text, cells))
    console.print(table)
    for warning, number in numbers.items():
        console.print(text(f"  {number}  {warning.message}"))
    if numbers:
        console.print()
    if held := prevalence_words(records):
        console.print(text(held))
    console.print(text(RESEARCH_USE_ONLY), style="bold")


def _probability(record: Record) -> str:
    """The probability and its interval; below, the same at the prevalence that was stated."""
    held = f"{percent(record.probability)} ({interval_range(record.interval)})"
    if record.prior_shift is None:
        return held
    there = record.prior_shift
    return f"{held}\n{percent(there.probability)} ({interval_range(there.interval)})"


def _table(interval: str, shift: str, sets: str) -> Table:
    """The empty table; its rules become plain ASCII where the terminal knows no others."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("Case", overflow="fold", min_width=8)
    table.add_column("Breast", no_wrap=True)
    below = f"\nbelow: {shift}" if shift else ""
    table.add_column(f"P(malignant)\n({interval}){below}", no_wrap=True)
    if sets:
        table.add_column(sets.replace(" set", "\nset"), no_wrap=True)
    table.add_column("CC", justify="right", no_wrap=True)
    table.add_column("MLO", justify="right", no_wrap=True)
    table.add_column("Evidence", overflow="fold", min_width=8)
    table.add_column("Notes", overflow="fold", min_width=5)
    return table


def _csv_row(record: Record) -> dict[str, object]:
    views = {view.projection: view for view in record.views}
    row: dict[str, object] = {
        "case_id": record.case_id,
        "lesion_id": record.lesion_id,
        "laterality": record.laterality,
        "probability": record.probability,
        "interval_low": record.interval.low,
        "interval_high": record.interval.high,
        "interval_level": record.interval.level,
        "prevalence": record.prevalence,
        "warnings": " ".join(dict.fromkeys(warning.code for warning in record.warnings)),
        "label": record.label,
        "model_name": record.model.name,
        "model_version": record.model.version,
        "model_sha256": record.model.sha256,
        "software": record.software,
        "research_use_only": "true",
    }
    if record.operating_points:
        reached = [point.name for point in record.operating_points if point.reached]
        row["points_reached"] = "; ".join(reached)
    if record.prior_shift:
        row["adjusted_prevalence"] = record.prior_shift.prevalence
        row["adjusted_probability"] = record.prior_shift.probability
        row["adjusted_interval_low"] = record.prior_shift.interval.low
        row["adjusted_interval_high"] = record.prior_shift.interval.high
    if record.conformal:
        row["conformal_classes"] = " ".join(record.conformal.classes)
        row["conformal_coverage"] = record.conformal.coverage
    if record.out_of_distribution:
        row["out_of_distribution_score"] = record.out_of_distribution.score
    for projection in ("CC", "MLO"):
        if projection in views:
            row[f"probability_{projection.lower()}"] = views[projection].probability
            row[f"evidence_{projection.lower()}"] = views[projection].evidence.direction
    return row
