"""The figures of the page, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mammopair.descriptors import DESCRIPTORS
from mammopair.results.colours import AGAINST_MALIGNANCY, EVIDENCE_LIMIT, FOR_MALIGNANCY
from mammopair_research.concept_correlation.correlation_study import CorrelationStudy
from mammopair_research.concept_correlation.counterfactual_features import (
    CONTRAST,
    CounterfactualCrop,
)
from mammopair_research.concept_correlation.descriptor_associations import Association
from mammopair_research.concept_correlation.dose_response import FeatureResponse
from mammopair_research.concept_correlation.mean_maps import MeanMap
from mammopair_research.concept_correlation.zone_contrasts import ZoneContrast
from mammopair_research.figures import render_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY, INK = "#174f99", "#b35900", "#9aa3ad", "#1b2026"
"""Blue and orange are distinct with every common colour vision deficiency."""
MAIN_FEATURE = "radial lines"
"""The main measure of spiculation."""


def all_charts(study: CorrelationStudy) -> dict[str, str]:
    """Draw every figure; return them as SVG text by name.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    charts: dict[str, tuple[tuple[float, float], Callable[[Figure], None]]] = {
        "units": ((10, 4.2), lambda figure: _units(figure, study.associations)),
        "zones": ((10, 2.9), lambda figure: _zones(figure, study.contrasts)),
        "maps": ((10, 2.7), lambda figure: _maps(figure, study.maps)),
        "dose": ((10, 3.8), lambda figure: _dose(figure, study.counterfactuals, study.responses)),
    }
    return {name: render_svg(size, draw) for name, (size, draw) in charts.items()}


def _units(figure: Figure, found: Sequence[Association]) -> None:
    """One dot per unit: its AUC for each descriptor, members side by side."""
    units = [one for one in found if one.source.startswith("units of")]
    descriptors = [name for name in DESCRIPTORS if any(one.descriptor == name for one in units)]
    sources = list(dict.fromkeys(one.source for one in units))
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    for column, descriptor in enumerate(descriptors):
        for number, source in enumerate(sources):
            chosen = [one for one in units if (one.descriptor, one.source) == (descriptor, source)]
            middle = column + (number - (len(sources) - 1) / 2) * 0.8 / len(sources)
            x = middle + 0.25 / len(sources) * rng.uniform(-1, 1, len(chosen))
            significant = np.array([one.significant for one in chosen])
            auc = np.array([one.auc for one in chosen])
            axes.scatter(x[~significant], auc[~significant], s=2, color=GREY, linewidths=0)
            colour = (BLUE, ORANGE)[number % 2]
            axes.scatter(x[significant], auc[significant], s=3, color=colour, linewidths=0)
    axes.axhline(0.5, color=INK, linewidth=0.8)
    axes.set_xticks(range(len(descriptors)), descriptors, rotation=25, ha="right")
    axes.set_ylabel("AUC of the unit for the descriptor")
    axes.set_xlim(-0.6, len(descriptors) - 0.4)
    members = ", ".join(source.split()[-1] for source in sources)
    axes.set_title(
        f"Each dot is a unit, each strip a network ({members}); "
        "coloured: significant at a false discovery rate of 5 %",
        fontsize=9,
    )


def _zones(figure: Figure, contrasts: Sequence[ZoneContrast]) -> None:
    """Mean net evidence of both groups of masses in each zone."""
    groups = list(dict.fromkeys(one.among for one in contrasts))
    panels: Any = figure.subplots(1, max(len(groups), 1), sharey=True, squeeze=False)[0]
    for axes, among in zip(panels, groups, strict=False):
        chosen = [one for one in contrasts if one.among == among and one.score.startswith("net")]
        for place, one in enumerate(chosen[::-1]):
            for mean, colour, offset, marker in (
                (one.spiculated, ORANGE, 0.14, "o"),
                (one.circumscribed, BLUE, -0.14, "s"),
            ):
                y = place + offset
                axes.plot([mean.low, mean.high], [y, y], color=colour)
                axes.plot([mean.value], [y], marker, color=colour, markersize=5)
        axes.axvline(0, color=INK, linewidth=0.8)
        names = [one.score.removeprefix("net evidence ") for one in chosen[::-1]]
        axes.set_yticks(range(len(chosen)), names)
        axes.set_ylim(-0.6, len(chosen) - 0.4)
        counts = (chosen[0].spiculated.rows, chosen[0].circumscribed.rows) if chosen else (0, 0)
        axes.set_title(f"{among}: {counts[0]} spiculated, {counts[1]} circumscribed", fontsize=9)
        axes.set_xlabel("net evidence, logits")
    handles = [
        panels[0].plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in (("spiculated", ORANGE, "o"), ("circumscribed", BLUE, "s"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)


def _maps(figure: Figure, maps: Sequence[MeanMap]) -> None:
    """Mean evidence on the fixed scale of all evidence; the circle touches the box."""
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


def _dose(
    figure: Figure, crops: Sequence[CounterfactualCrop], found: Sequence[FeatureResponse]
) -> None:
    """Left the path of each crop, right the slope of every feature."""
    panels: Any = figure.subplots(1, 2, width_ratios=(1.1, 1))
    paths, slopes = panels
    for crop in crops:
        values = crop.features[MAIN_FEATURE]
        paths.plot(crop.logits, values, color=GREY, linewidth=0.6)
        original = crop.original
        paths.plot([crop.logits[original]], [values[original]], "o", color=INK, markersize=2)
    landmarks = np.array(
        [[c.logits[c.landmarks], c.features[MAIN_FEATURE][c.landmarks]] for c in crops]
    )
    mean = landmarks.mean(axis=0)
    paths.plot(*mean, "-o", color=ORANGE, markersize=5, label="mean of the crops")
    paths.set_xlabel("calibrated logit (to the right: malignant)")
    paths.set_ylabel("measured spiculation (radial lines)")
    paths.set_title(f"Paths of {len(crops)} crops; dots: originals", fontsize=9)
    paths.legend(frameon=False, fontsize=8)
    for place, one in enumerate(found[::-1]):
        scale = one.spread or 1.0
        limits = [one.slope.low / scale, one.slope.high / scale]
        colour = BLUE if one.feature != CONTRAST else GREY
        slopes.plot(limits, [place, place], color=colour)
        slopes.plot([one.slope.value / scale], [place], "o", color=colour, markersize=4)
    slopes.axvline(0, color=INK, linewidth=0.8)
    slopes.set_yticks(range(len(found)), [one.feature for one in found[::-1]])
    slopes.set_xlabel("change per logit, in standard deviations of the originals")
    slopes.set_title("Slope within a lesion, 95 % interval by patient", fontsize=9)
