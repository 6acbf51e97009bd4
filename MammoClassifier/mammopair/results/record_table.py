"""The table of results, one row per lesion: as a CSV file and in the terminal."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.record import Record
from mammopair.results.table_text import (
    adjusted_heading,
    conformal_heading,
    interval_heading,
    number_warnings,
    prevalence_note,
)
from mammopair.results.text import (
    MISSING,
    breast_name,
    conformal_classes,
    interval_range,
    percent,
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
    """Write one row per lesion, with unrounded probabilities.

    Values that a record does not have are empty fields. Warnings are written as their codes, each
    once, separated by spaces.

    Raises
    ------
    InputError
        If the file cannot be written; an earlier file is then left unchanged.
    """
    with atomic_write(path) as stream:
        writer = csv.DictWriter(stream, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_csv_row, records))


def print_table(records: Sequence[Record], console: Console) -> None:
    """Print one row per lesion, the distinct warnings, the prevalence and the intended use.

    Texts of the records are not interpreted as rich's markup. Characters that the encoding of the
    terminal lacks are replaced by question marks.
    """
    from rich.text import Text

    def text(content: str) -> Text:
        encoding = console.encoding or "utf-8"
        return Text(content.encode(encoding, "replace").decode(encoding))

    numbers = number_warnings(records)
    table = _empty_table(records)
    has_sets = bool(conformal_heading(records))
    for record in records:
        views = {view.projection: percent(view.probability) for view in record.views}
        cells = (
            f"{record.case_id} {record.lesion_id}",
            breast_name(record.laterality),
            _probability(record),
            *([conformal_classes(record.conformal)] if has_sets else []),
            views.get("CC", MISSING),
            views.get("MLO", MISSING),
            " ".join(str(number) for number in sorted({numbers[one] for one in record.warnings})),
        )
        table.add_row(*map(text, cells))
    console.print(table)
    for warning, number in numbers.items():
        console.print(text(f"  Warning {number}: {warning.message}"))
    if numbers:
        console.print()
    if note := prevalence_note(records):
        console.print(text(note))
    console.print(text(RESEARCH_USE_ONLY), style="bold")


def _probability(record: Record) -> str:
    """The probability and its interval; on a second line, both adjusted for a prevalence."""
    lines = [f"{percent(record.probability)} ({interval_range(record.interval)})"]
    if record.prior_shift is not None:
        adjusted = record.prior_shift
        lines.append(f"{percent(adjusted.probability)} ({interval_range(adjusted.interval)})")
    return "\n".join(lines)


def _empty_table(records: Sequence[Record]) -> Table:
    """The table without rows; rich draws its rules in ASCII where the terminal has no others."""
    from rich import box
    from rich.table import Table

    probability = f"P(malignant)\n({interval_heading(records)})"
    if adjusted := adjusted_heading(records):
        probability += f"\n2nd line: {adjusted}"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("Lesion", overflow="fold", min_width=8)
    table.add_column("Breast", no_wrap=True)
    table.add_column(probability, width=len(">99 % (10 to >99 %)"))
    if conformal := conformal_heading(records):
        table.add_column(conformal, width=len("excluded at"))
    table.add_column("CC", justify="right", no_wrap=True)
    table.add_column("MLO", justify="right", no_wrap=True)
    table.add_column("Warnings", overflow="fold", min_width=8)
    return table


def _csv_row(record: Record) -> dict[str, object]:
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
    for view in record.views:
        if view.projection in ("CC", "MLO"):
            row[f"probability_{view.projection.lower()}"] = view.probability
            row[f"evidence_{view.projection.lower()}"] = view.evidence.direction
    return row
