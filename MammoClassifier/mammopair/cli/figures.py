"""The table of measured figures, as ``evaluate``, ``train`` and ``info`` print it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensit.",
    "specificity": "specif.",
    "brier": "Brier",
    "ece": "ECE",
}


def figures_table(measured: dict[str, Any]) -> Table:
    """One row a level; each figure over its 95 % interval. Fits 80 columns."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("level", overflow="fold")
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
