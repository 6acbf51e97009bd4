"""``mammopair-research compare``: compare cross-validation runs on the same lesions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from mammopair.atomic_write import prepare_folder
from mammopair.cli import options
from mammopair.cli.terminal import output, run_with_bar
from mammopair_research.comparison.compare_runs import compare_runs
from mammopair_research.comparison.comparison_document import (
    explain_table,
    format_millions,
    format_seconds,
    write_comparison,
)
from mammopair_research.comparison.comparison_schema import Comparison, Figure
from mammopair_research.crossval.run_description import read_cross_validation

if TYPE_CHECKING:
    from rich.table import Table


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Output folders of `mammopair-research crossval` and `handcrafted`.",
            metavar="RUN...",
        ),
    ],
    reference: Annotated[
        str | None,
        typer.Option(
            help="Name of the row that the others are tested against; default: the average of a "
            "CC and an MLO GoogLeNet, the paper's method."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for comparison.json, .md and .csv; default: none written."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Compare runs on the same lesions: accuracy, AUC, calibration, size and time, with tests.

    Every row is measured on the pairs of views that all rows have scored, with 95 % intervals and
    paired tests from a bootstrap over patients; the files and the JSON include more than is
    printed. Each run has a row for one network and, if it has enough seeds, for ensembles of 3, 5
    and 10. A CC run and an MLO run with the same settings also have a row for their average.

        mammopair-research compare runs/*

        mammopair-research compare runs/* --reference googlenet --out table
    """
    if out:
        prepare_folder(out)
    comparison = run_with_bar(compare_runs([read_cross_validation(run) for run in runs], reference))
    written = write_comparison(comparison, out) if out else []
    if as_json:
        print(msgspec.json.encode(comparison).decode())
        return
    console = output()
    console.print(_table(comparison))
    for line in (explain_table(comparison), *comparison.notes, comparison.notice):
        console.print(line.replace("`", "").replace("*", ""))
    for path in written:
        console.print(str(path))


def _table(comparison: Comparison) -> Table:
    """One line per row, within 80 columns, so only some figures have their interval."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", overflow="fold")
    for title in ("accuracy", "AUC", "sens@90", "Brier\nECE", "size\ntime"):
        table.add_column(title, no_wrap=True)
    if comparison.reference:
        table.add_column("AUC diff.", no_wrap=True)
    for row in comparison.rows:
        figures = row.levels["pairs"].figures
        with_interval = ("accuracy", "auc", "sensitivity_at_specificity")
        cells = [row.title, *(_over_interval(figures[name]) for name in with_interval)]
        cells.append("\n".join(_value(figures[name]) for name in ("brier", "ece")))
        cells.append(f"{format_millions(row.parameters)}\n{format_seconds(row.seconds_per_case)}")
        if comparison.reference:
            found = row.against_reference.get("auc")
            cells.append(f"{found.difference:+.3f}\np {found.p_value:.3f}" if found else "-")
        table.add_row(*cells)
    return table


def _over_interval(figure: Figure) -> str:
    """Format ``0.812`` above ``0.77-0.85``."""
    limits = "" if figure.low is None else f"\n{figure.low:.2f}-{figure.high:.2f}"
    return f"{_value(figure)}{limits}"


def _value(figure: Figure) -> str:
    """Format ``0.812``; a dash if undefined."""
    return "-" if figure.value is None else f"{figure.value:.3f}"
