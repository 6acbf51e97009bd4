"""The table as a picture: one small axis a figure, methods beside baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.measures import MEASURES
from mammopair_research.map_evaluation.study_output import Study, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = (
    *("deletion, blur", "deletion, in-paint", "insertion, blur", "insertion, in-paint"),
    *("energy in the box, off-centre", "pointing, off-centre", "randomised all layers"),
    *("repeatability, shifts", "agreement of CC and MLO"),
)
"""Three rows of three."""
METHOD, BASELINE = "#174f99", "#8a6d00"
"""Blue and ochre, which stay apart in every common form of colour blindness."""
WORDS = {1: "higher is better", -1: "lower is better", 0: "near 0 is better"}


def draw_chart(study: Study, path: Path) -> None:
    """Write the picture as SVG.

    Raises
    ------
    InputError
        If matplotlib is not installed, or the file cannot be written.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            "matplotlib", "is not installed; pip install 'mammopair[figures]'"
        ) from error
    with mpl.rc_context({"svg.fonttype": "none", "font.size": 9, "svg.hashsalt": "mammopair"}):
        figure = Figure(figsize=(11, 0.9 + 0.75 * len(study.table)), layout="constrained")
        for axes, name in zip(figure.subplots(3, 3, sharey=True).flat, SHOWN, strict=True):
            _panel(axes, study, name)
        figure.suptitle(
            f"Mean and 95 % interval by patient; {study.crops} crops of {study.patients} patients"
        )
        try:
            figure.savefig(path, metadata={"Date": None})
        except OSError as error:
            raise InputError(path, f"cannot be written: {error.strerror}") from error


def _panel(axes: Axes, study: Study, measure: str) -> None:
    methods = list(study.table)[::-1]
    for place, method in enumerate(methods):
        cell = study.table[method].get(measure)
        if cell is None:
            continue
        colour, marker = (BASELINE, "s") if method in BASELINES else (METHOD, "o")
        axes.plot([cell.mean.low, cell.mean.high], [place, place], color=colour)
        axes.plot([cell.mean.value], [place], marker, color=colour, markersize=5)
    counts = {study.table[m][measure].mean.rows for m in methods if measure in study.table[m]}
    n = "" if not counts else f", n = {min(counts)}"
    if counts and min(counts) < max(counts):
        n += f" to {max(counts)}"
    axes.set_title(f"{measure}\n{WORDS[MEASURES[measure].better]}{n}", fontsize=9)
    axes.set_yticks(range(len(methods)), [title_of(method) for method in methods])
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    if MEASURES[measure].better == 0:
        axes.axvline(0, color="#555555", linewidth=0.8)
