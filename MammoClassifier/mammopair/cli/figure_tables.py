"""Tables of performance measures for the terminal, at most 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mammopair.model.manifest import ConceptScale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table


COLUMNS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensit.",
    "specificity": "specif.",
    "brier": "Brier",
    "ece": "ECE",
}


def print_figures(measured: dict[str, Any], console: Console) -> None:
    """Print the measures by level, the operating points and the conformal sets."""
    console.print(figures_table(measured))
    if measured.get("operating_points"):
        console.print(points_table(measured["operating_points"]))
    if measured.get("conformal"):
        console.print(coverage_table(measured["conformal"]))
    if outliers := measured.get("out_of_distribution"):
        console.print(
            f"Out of distribution: {share_cell(outliers, 'called')} of {outliers['n']} crops, with "
            f"a score above that of {100 * outliers['warn_above']:.0f} % of the training crops.\n"
        )
    if "scored_by" in measured:
        console.print(f"Scored by {measured['scored_by']}.")
    if measured.get("cross_fitted"):
        console.print("Calibration and thresholds of each fold were fitted on the other folds.")


def print_subgroups(subgroups: dict[str, dict[str, Any]], console: Console) -> None:
    """Print the measures of each subgroup of lesions, one table per attribute."""
    for heading, groups in subgroups.items():
        console.print(f"Lesions by {heading}", style="bold")
        console.print(figures_table(groups, heading))


def points_table(points: dict[str, dict[str, Any]]) -> Table:
    """Make a table with the sensitivity and specificity of each operating point."""
    table = _table("operating point", "sensitivity", "specificity")
    for name, achieved in points.items():
        table.add_row(
            name, share_cell(achieved, "sensitivity"), share_cell(achieved, "specificity")
        )
    return table


def coverage_table(conformal: dict[str, Any]) -> Table:
    """Make a table with the coverage of the conformal sets of each class.

    The last column is the share of lesions whose set contains a single class.
    """
    title = f"sets, nominal coverage {100 * conformal['stated']:.0f} %"
    table = _table(title, "coverage", "one class")
    for name in ("benign", "malignant"):
        achieved = conformal[name]
        label = f"{name} lesions, n = {achieved['n']}"
        table.add_row(label, share_cell(achieved, "coverage"), share_cell(achieved, "one_class"))
    return table


def concepts_table(scales: Sequence[ConceptScale]) -> Table:
    """Make a table with the out-of-fold AUC of each descriptor."""
    table = _table("descriptor", "crops with it", "AUC by crop, out-of-fold")
    for scale in scales:
        auc = "-" if scale.auc is None else f"{scale.auc:.3f}"
        limits = f" ({scale.auc_ci[0]:.3f} to {scale.auc_ci[1]:.3f})" if scale.auc_ci else ""
        table.add_row(scale.descriptor, f"{scale.given} of {scale.crops}", auc + limits)
    return table


def share_cell(figures: dict[str, Any], name: str) -> str:
    """Format a share with its interval, ``90.2 % (85.1 to 94.0)``; a dash if it is undefined."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{100 * value:.1f} % ({100 * limits[0]:.1f} to {100 * limits[1]:.1f})"


def figures_table(measured: dict[str, Any], title: str = "level") -> Table:
    """Make a table with one row per level: each measure, above its 95 % interval."""
    table = _table(title)
    table.add_column("n", justify="right")
    for title in COLUMNS.values():
        table.add_column(title, no_wrap=True)
    for level, figures in measured.items():
        if isinstance(figures, dict) and "auc" in figures:
            cells = [measure_cell(figures, name) for name in COLUMNS]
            table.add_row(level, str(figures["n"]), *cells)
    return table


def measure_cell(figures: dict[str, Any], name: str) -> str:
    """Format a measure above its interval, ``0.812`` and ``0.77-0.85``; a dash if undefined."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{value:.3f}\n{limits[0]:.2f}-{limits[1]:.2f}" if limits else f"{value:.3f}"


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    # The dividers of the box are blanks. Without padding the table fits into 80 columns.
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(first, overflow="fold")
    for title in others:
        table.add_column(title, no_wrap=True)
    return table
