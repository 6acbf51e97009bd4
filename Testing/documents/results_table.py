"""Write the table of results into README, and the model card: ``make figures``, ``make table``.

The table has at most :data:`MAX_ROWS` rows: the shipped ensemble, from its manifest; then, from the
comparison that ``mammopair-research compare`` wrote beside the manifest, its architecture with one
network, the row that all others are tested against, and the hand-crafted features; then published
results that state an AUC, in the order of the file. The documentation has all rows.
"""

from __future__ import annotations

from pathlib import Path

from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble
from mammopair.model.manifest import Manifest, read_manifest
from mammopair_research.comparison.comparison_schema import (
    FILE,
    Comparison,
    Figure,
    read_comparison,
)
from mammopair_research.training.model_card import format_figure, write_card

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- results: written by `make figures` -->\n"
END = "<!-- /results -->\n"
MAX_ROWS = 8


def results_table(manifest: Manifest, comparison: Comparison) -> str:
    """The table as Markdown."""
    rows = [*_measured(manifest, comparison), *_published(comparison)][:MAX_ROWS]
    lines = ["| | Accuracy | AUC | Measured on |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows), ""])


def insert_table(text: str, table: str) -> str:
    """Replace what is between the markers of README.

    Raises
    ------
    ValueError
        If a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README lacks a marker of the table of results: {BEGIN!r} or {END!r}")
    return before + BEGIN + table + END + after


def _measured(manifest: Manifest, comparison: Comparison) -> list[list[str]]:
    pairs = manifest.measured["pairs"]
    rows = [
        [
            f"**`{manifest.name}` {manifest.version}**, shipped; one network at a time",
            *(format_figure(pairs, metric) for metric in ("accuracy", "auc")),
            f"{pairs['n']} pairs, out of fold",
        ]
    ]
    by_name = {row.name: row for row in comparison.rows}
    shown = [manifest.name, comparison.reference]
    shown += [row.name for row in comparison.rows if row.method == "handcrafted"]
    for row in [by_name[name] for name in shown if name in by_name]:
        level = row.levels["pairs"]
        figures = [_figure(level.figures[metric]) for metric in ("accuracy", "auc")]
        title = f"{row.title}: the shipped recipe" if row.name == manifest.name else row.title
        rows.append([title, *figures, f"{level.n} of these pairs"])
    return rows


def _published(comparison: Comparison) -> list[list[str]]:
    return [
        [
            one.title,
            "" if one.accuracy is None else f"{one.accuracy:.3f}",
            f"{one.auc:.3f}"
            + (f" ({one.auc_ci[0]:.3f} to {one.auc_ci[1]:.3f})" if one.auc_ci else ""),
            one.split,
        ]
        for one in comparison.published
        if one.auc is not None
    ]


def _figure(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


if __name__ == "__main__":
    folder = find_ensemble(DEFAULT_ENSEMBLE)
    table = results_table(read_manifest(folder), read_comparison(folder / FILE))
    README.write_text(insert_table(README.read_text("utf-8"), table), "utf-8")
    write_card(read_manifest(folder), folder)
