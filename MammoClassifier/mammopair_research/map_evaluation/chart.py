"""Results of the study as a figure: one panel per measure, methods and baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.atomic_write import atomic_write
from mammopair_research.figures import render_svg
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.measures import MEASURES, VIEW_AGREEMENT
from mammopair_research.map_evaluation.study_output import BETTER, Study, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (
    *("deletion, blur", "deletion, in-paint", "insertion, blur", "insertion, in-paint"),
    *("energy in the box, off-centre", "pointing, off-centre", "randomised all layers"),
    *("repeatability, shifts", VIEW_AGREEMENT),
)
"""Measures in three rows of three panels."""
METHOD_COLOUR, BASELINE_COLOUR = "#174f99", "#8a6d00"
"""Blue and ochre, which are distinct with every common colour vision deficiency."""


def draw_chart(study: Study, path: Path) -> None:
    """Write the figure as SVG.

    Raises
    ------
    InputError
        If matplotlib is not installed, or the file cannot be written.
    """

    def draw(figure: Figure) -> None:
        for axes, name in zip(figure.subplots(3, 3, sharey=True).flat, SHOWN, strict=True):
            _draw_panel(axes, study, name)
        figure.suptitle(
            f"Mean and 95 % interval by patient; {study.crops} crops of {study.patients} patients"
        )

    with atomic_write(path) as stream:
        stream.write(render_svg((11, 0.9 + 0.75 * len(study.table)), draw))


def _draw_panel(axes: Axes, study: Study, measure: str) -> None:
    methods = list(study.table)[::-1]
    for place, method in enumerate(methods):
        cell = study.table[method].get(measure)
        if cell is None:
            continue
        colour, marker = (BASELINE_COLOUR, "s") if method in BASELINES else (METHOD_COLOUR, "o")
        axes.plot([cell.mean.low, cell.mean.high], [place, place], color=colour)
        axes.plot([cell.mean.value], [place], marker, color=colour, markersize=5)
    counts = {study.table[m][measure].mean.rows for m in methods if measure in study.table[m]}
    n = "" if not counts else f", n = {min(counts)}"
    if counts and min(counts) < max(counts):
        n += f" to {max(counts)}"
    axes.set_title(f"{measure}\n{BETTER[MEASURES[measure].better]} is better{n}", fontsize=9)
    axes.set_yticks(range(len(methods)), [title_of(method) for method in methods])
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    if MEASURES[measure].better == 0:
        axes.axvline(0, color="#555555", linewidth=0.8)
