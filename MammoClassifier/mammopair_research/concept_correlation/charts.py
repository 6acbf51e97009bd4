"""The figures of the page, as SVG."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mammopair.descriptors import DESCRIPTORS
from mammopair.errors import InputError
from mammopair.results.colours import AGAINST_MALIGNANCY, EVIDENCE_LIMIT, FOR_MALIGNANCY
from mammopair_research.concept_correlation.correlation_study import Findings
from mammopair_research.concept_correlation.counterfactual_features import MovedCrop
from mammopair_research.concept_correlation.descriptor_associations import Association
from mammopair_research.concept_correlation.dose_response import Response
from mammopair_research.concept_correlation.mean_maps import MeanMap
from mammopair_research.concept_correlation.zone_contrasts import ZoneContrast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY, INK = "#174f99", "#b35900", "#9aa3ad", "#1b2026"
"""Blue and orange stay apart in every common form of colour blindness."""
DOSE = "radial lines"
"""The measure of spiculation to quote."""


def all_charts(findings: Findings) -> dict[str, str]:
    """Every figure by name, as SVG text.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    drawn: dict[str, tuple[tuple[float, float], Callable[[Figure], None]]] = {
        "units": ((10, 4.2), lambda figure: _units(figure, findings.associations)),
        "zones": ((10, 2.9), lambda figure: _zones(figure, findings.contrasts)),
        "maps": ((10, 2.7), lambda figure: _maps(figure, findings.maps)),
        "dose": ((10, 3.8), lambda figure: _dose(figure, findings.moved, findings.responses)),
    }
    return {name: _svg(size, draw) for name, (size, draw) in drawn.items()}


def _svg(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            "matplotlib", "is not installed; pip install 'mammopair[figures]'"
        ) from error
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "mammopair", "font.size": 9}
    style |= {"font.family": "sans-serif", "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _units(figure: Figure, found: Sequence[Association]) -> None:
    """One dot a unit: its AUC for each word, member beside member."""
    units = [one for one in found if one.source.startswith("units of")]
    words = [word for word in DESCRIPTORS if any(one.descriptor == word for one in units)]
    sources = list(dict.fromkeys(one.source for one in units))
    axes = figure.subplots()
    lot = np.random.default_rng(0)
    for column, word in enumerate(words):
        for number, source in enumerate(sources):
            mine = [one for one in units if one.descriptor == word and one.source == source]
            middle = column + (number - (len(sources) - 1) / 2) * 0.8 / len(sources)
            places = middle + 0.25 / len(sources) * lot.uniform(-1, 1, len(mine))
            stands = np.array([one.found for one in mine])
            auc = np.array([one.auc for one in mine])
            axes.scatter(places[~stands], auc[~stands], s=2, color=GREY, linewidths=0)
            colour = (BLUE, ORANGE)[number % 2]
            axes.scatter(places[stands], auc[stands], s=3, color=colour, linewidths=0)
    axes.axhline(0.5, color=INK, linewidth=0.8)
    axes.set_xticks(range(len(words)), words, rotation=25, ha="right")
    axes.set_ylabel("AUC of the unit for the word")
    axes.set_xlim(-0.6, len(words) - 0.4)
    axes.set_title(
        "Each dot a unit, each strip a network ("
        + ", ".join(s.split()[-1] for s in sources)
        + "); "
        "coloured: stands at a false-discovery rate of 5 %",
        fontsize=9,
    )


def _zones(figure: Figure, contrasts: Sequence[ZoneContrast]) -> None:
    """Means of both kinds of masses in each zone, and how far apart they are."""
    groups = list(dict.fromkeys(one.among for one in contrasts))
    panels: Any = figure.subplots(1, max(len(groups), 1), sharey=True, squeeze=False)[0]
    for axes, among in zip(panels, groups, strict=False):
        mine = [one for one in contrasts if one.among == among and one.figure.startswith("net")]
        for place, one in enumerate(mine[::-1]):
            for mean, colour, offset, marker in (
                (one.spiculated, ORANGE, 0.14, "o"),
                (one.circumscribed, BLUE, -0.14, "s"),
            ):
                at = place + offset
                axes.plot([mean.low, mean.high], [at, at], color=colour)
                axes.plot([mean.value], [at], marker, color=colour, markersize=5)
        axes.axvline(0, color=INK, linewidth=0.8)
        names = [one.figure.removeprefix("net evidence ") for one in mine[::-1]]
        axes.set_yticks(range(len(mine)), names)
        axes.set_ylim(-0.6, len(mine) - 0.4)
        counts = (mine[0].spiculated.rows, mine[0].circumscribed.rows) if mine else (0, 0)
        axes.set_title(f"{among}: {counts[0]} spiculated, {counts[1]} circumscribed", fontsize=9)
        axes.set_xlabel("net evidence, logits")
    handles = [
        panels[0].plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in (("spiculated", ORANGE, "o"), ("circumscribed", BLUE, "s"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)


def _maps(figure: Figure, maps: Sequence[MeanMap]) -> None:
    """Mean evidence on the absolute scale of all evidence, with the box that a mass fills."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Circle

    ends = [tuple(part / 255 for part in colour) for colour in (AGAINST_MALIGNANCY, FOR_MALIGNANCY)]
    colours = LinearSegmentedColormap.from_list("evidence", [ends[0], (1, 1, 1), ends[1]])
    panels: Any = figure.subplots(1, max(len(maps), 1), squeeze=False)[0]
    image = None
    for axes, one in zip(panels, maps, strict=False):
        image = axes.imshow(
            one.cells,
            cmap=colours,
            vmin=-EVIDENCE_LIMIT,
            vmax=EVIDENCE_LIMIT,
            extent=(-2, 2, 2, -2),
        )
        axes.add_patch(Circle((0, 0), 1, fill=False, color=INK, linewidth=1))
        axes.set_title(f"{one.descriptor}\nn = {one.crops} crops", fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
    if image is not None:
        figure.colorbar(image, ax=list(panels), label="mean evidence, logits", shrink=0.8)


def _dose(figure: Figure, moved: Sequence[MovedCrop], found: Sequence[Response]) -> None:
    """Left each crop's way, right the slope of every measure."""
    panels: Any = figure.subplots(1, 2, width_ratios=(1.1, 1))
    ways, slopes = panels
    for crop in moved:
        ways.plot(crop.logits, crop.features[DOSE], color=GREY, linewidth=0.6)
        place, value = crop.logits[crop.original], crop.features[DOSE][crop.original]
        ways.plot([place], [value], "o", color=INK, markersize=2)
    ends = np.array(
        [[c.logits[[0, c.original, -1]], c.features[DOSE][[0, c.original, -1]]] for c in moved]
    )
    ways.plot(*ends.mean(axis=0), "-o", color=ORANGE, markersize=5, label="mean of the crops")
    ways.set_xlabel("calibrated logit (to the right: malignant)")
    ways.set_ylabel("measured spiculation (radial lines)")
    ways.set_title(f"{len(moved)} crops on their way; dots: originals", fontsize=9)
    ways.legend(frameon=False, fontsize=8)
    for place, one in enumerate(found[::-1]):
        scale = one.spread or 1.0
        limits = [one.slope.low / scale, one.slope.high / scale]
        colour = BLUE if one.feature != "brightness contrast" else GREY
        slopes.plot(limits, [place, place], color=colour)
        slopes.plot([one.slope.value / scale], [place], "o", color=colour, markersize=4)
    slopes.axvline(0, color=INK, linewidth=0.8)
    slopes.set_yticks(range(len(found)), [one.feature for one in found[::-1]])
    slopes.set_xlabel("change a logit, in standard deviations of the originals")
    slopes.set_title("Slope within a lesion, 95 % interval by patient", fontsize=9)
