"""The comparison table as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mammopair.atomic_write import atomic_write
from mammopair.io.json_file import write_json
from mammopair_research.comparison.comparison_schema import FILE, Comparison, Figure, Row

MARKDOWN, CSV = "comparison.md", "comparison.csv"
COLUMNS = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "sensitivity_at_specificity": "sensitivity at 90 % specificity",
    "brier": "Brier",
    "ece": "ECE",
}
"""Metrics in the Markdown table, with their titles."""


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``comparison.json``, ``.md`` and ``.csv`` to an existing folder; return their paths.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    write_json(folder / FILE, comparison)
    for name, text in (
        (MARKDOWN, comparison_as_markdown(comparison)),
        (CSV, comparison_as_csv(comparison)),
    ):
        with atomic_write(folder / name) as stream:
            stream.write(text)
    return [folder / name for name in (FILE, MARKDOWN, CSV)]


def comparison_as_markdown(comparison: Comparison) -> str:
    """Format the table by pair and the published figures, with an explanation."""
    titles = [*COLUMNS.values(), "parameters", "time per case"]
    if comparison.reference:
        titles += ["AUC minus reference", "accuracy minus reference"]
    lines = [_line(["", *titles]), "|---|" + "---|" * len(titles)]
    for row in comparison.rows:
        figures = row.levels["pairs"].figures
        cells = [row.title, *(format_interval(figures[name]) for name in COLUMNS)]
        cells += [format_millions(row.parameters), format_seconds(row.seconds_per_case)]
        if comparison.reference:
            cells += [format_difference(row, comparison, metric) for metric in ("auc", "accuracy")]
        lines.append(_line(cells))
    lines += ["", explain_table(comparison), ""]
    lines += [*(f"- {note}" for note in comparison.notes), ""] if comparison.notes else []
    lines += ["| published | accuracy | AUC | measured on | source |", "|---|---|---|---|---|"]
    for other in comparison.published:
        low, high = other.auc_ci or (None, None)
        auc = format_interval(Figure(value=other.auc, low=low, high=high))
        accuracy = format_interval(Figure(value=other.accuracy, low=None, high=None))
        lines.append(_line([other.title, accuracy, auc, other.split, other.source]))
    return "\n".join([*lines, ""])


def explain_table(comparison: Comparison) -> str:
    """Explain what the figures were measured on, and how."""
    pairs = comparison.rows[0].levels["pairs"]
    reference = next((row for row in comparison.rows if row.name == comparison.reference), None)
    sentences = [
        f"Measured by `mammopair-research compare` on {pairs.n} pairs (CC and MLO; "
        f"{pairs.malignant} malignant) of {pairs.patients} patients of {comparison.data}; the same "
        "pairs in every row, each scored by networks that were not trained on the patient; a row "
        "with one view scores that view of the pair.",
        "Probabilities of each fold are calibrated on the other folds; the threshold of the "
        "accuracy is 0.5.",
        f"In brackets: 95 % intervals from {comparison.resamples} resamples of the patients; they "
        "do not include the variation between seeds. The ECE of a small sample is above 0 even "
        "with perfect calibration.",
        "Parameters and time are those of all networks of the row"
        + (f"; time on one thread ({', '.join(comparison.machines)})" * bool(comparison.machines))
        + ", without reading the file.",
    ]
    if reference:
        sentences.append(
            f"The reference is *{reference.title}*; p-values are of paired tests and not corrected "
            "for the number of rows."
        )
    return " ".join(sentences)


def comparison_as_csv(comparison: Comparison) -> str:
    """Format every metric with its limits, one line per row and level."""
    stream = io.StringIO()
    names = list(comparison.rows[0].levels["pairs"].figures)
    header = ["name", "title", "method", "networks", "parameters", "seconds_per_case", "level"]
    header += ["n", "malignant", "patients"]
    for name in names:
        header += [name, f"{name}_low", f"{name}_high"]
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(header)
    for row in comparison.rows:
        common = [
            row.name,
            row.title,
            row.method,
            row.networks,
            row.parameters,
            row.seconds_per_case,
        ]
        for name, level in row.levels.items():
            cells = [*common, name, level.n, level.malignant, level.patients]
            for figure in (level.figures[name] for name in names):
                cells += [figure.value, figure.low, figure.high]
            table.writerow(["" if cell is None else cell for cell in cells])
    return stream.getvalue()


def format_interval(figure: Figure) -> str:
    """Format a figure: ``0.812 (0.770 to 0.851)``; a dash if undefined."""
    if figure.value is None:
        return "-"
    if figure.low is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def format_millions(parameters: int | None) -> str:
    """Format a number of parameters: ``1.43 M``; a dash if unknown."""
    return "-" if parameters is None else f"{parameters / 1e6:.2f} M"


def format_seconds(seconds: float | None) -> str:
    """Format a time: ``0.12 s``; a dash if unknown."""
    return "-" if seconds is None else f"{seconds:.2g} s"


def format_difference(row: Row, comparison: Comparison, metric: str) -> str:
    """Format a difference: ``+0.034 (+0.010 to +0.060), p 0.004``; a dash for the reference."""
    found = row.against_reference.get(metric)
    if found is None:
        return "-"
    least = 2 / (comparison.resamples + 1)
    p = f"p < {least:.3f}" if found.p_value <= least else f"p {found.p_value:.3f}"
    return f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f}), {p}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
