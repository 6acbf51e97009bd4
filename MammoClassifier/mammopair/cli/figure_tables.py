"""The table of measured figures, as ``evaluate``, ``train`` and ``info`` print it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from mammopair.model.manifest import ConceptScale

COLUMNS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensit.",
    "specificity": "specif.",
    "brier": "Brier",
    "ece": "ECE",
}


def print_figures(measured: dict[str, Any], console: Console) -> None:
    """What was measured: levels, operating points, sets of classes."""
    console.print(figures_table(measured))
    if measured.get("operating_points"):
        console.print(points_table(measured["operating_points"]))
    if measured.get("conformal"):
        console.print(coverage_table(measured["conformal"]))
    if unusual := measured.get("out_of_distribution"):
        console.print(
            f"Called unusual: {share_cell(unusual, 'called')} of {unusual['n']} crops, as more unusual "
            f"than {100 * unusual['warn_above']:.0f} % of the training's.\n"
        )
    console.print(f"Scored by {measured.get('scored_by', 'nobody yet')}.")
    if measured.get("cross_fitted"):
        console.print("Calibration and thresholds of each fold were fitted on the other folds.")


def print_subgroups(subgroups: dict[str, dict[str, Any]], console: Console) -> None:
    """The same by subgroup of lesions, a table a heading."""
    for heading, groups in subgroups.items():
        console.print(f"Lesions by {heading}", style="bold")
        console.print(figures_table(groups, heading))


def points_table(points: dict[str, dict[str, Any]]) -> Table:
    """One row an operating point: what it achieves."""
    table = _table("operating point", "sensitivity", "specificity")
    for name, achieved in points.items():
        table.add_row(
            name, share_cell(achieved, "sensitivity"), share_cell(achieved, "specificity")
        )
    return table


def coverage_table(conformal: dict[str, Any]) -> Table:
    """One row a class: how often its lesions' sets hold it, and how often they hold but one."""
    table = _table(f"sets meant to cover {100 * conformal['stated']:.0f} %", "covered", "one class")
    for name in ("benign", "malignant"):
        achieved = conformal[name]
        words = f"{name} lesions, n = {achieved['n']}"
        table.add_row(words, share_cell(achieved, "coverage"), share_cell(achieved, "one_class"))
    return table


def concepts_table(scales: Sequence[ConceptScale]) -> Table:
    """One row a word: how well it is told on crops that the scoring member never saw."""
    table = _table("looks like", "crops with it", "AUC by crop, held out")
    for scale in scales:
        auc = "-" if scale.auc is None else f"{scale.auc:.3f}"
        limits = f" ({scale.auc_ci[0]:.3f} to {scale.auc_ci[1]:.3f})" if scale.auc_ci else ""
        table.add_row(scale.descriptor, f"{scale.given} of {scale.crops}", auc + limits)
    return table


def share_cell(figures: dict[str, Any], name: str) -> str:
    """``90.2 % (85.1 to 94.0)``; a dash where it is undefined."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{100 * value:.1f} % ({100 * limits[0]:.1f} to {100 * limits[1]:.1f})"


def figures_table(measured: dict[str, Any], title: str = "level") -> Table:
    """One row a level; each figure over its 95 % interval. Fits 80 columns."""
    table = _table(title)
    table.add_column("n", justify="right")
    for title in COLUMNS.values():
        table.add_column(title, no_wrap=True)
    for level, figures in measured.items():
        if isinstance(figures, dict) and "auc" in figures:
            cells = [over_interval(figures, name) for name in COLUMNS]
            table.add_row(level, str(figures["n"]), *cells)
    return table


def over_interval(figures: dict[str, Any], name: str) -> str:
    """``0.812`` over ``0.77-0.85``; a dash where a figure is undefined."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{value:.3f}\n{limits[0]:.2f}-{limits[1]:.2f}" if limits else f"{value:.3f}"


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    # The box's own dividers are blanks: no padding, so that a level's name has room in 80 columns.
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(first, overflow="fold")
    for title in others:
        table.add_column(title, no_wrap=True)
    return table
