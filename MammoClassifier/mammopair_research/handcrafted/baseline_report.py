"""``report.md``: the results of a run of the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from mammopair.atomic_write import atomic_write
from mammopair.features.catalogue import FEATURES
from mammopair.features.spiculation import FEATURES as SPICULATION
from mammopair_research.handcrafted.importance import Importance
from mammopair_research.handcrafted.search_plan import SearchPlan
from mammopair_research.training.model_card import format_figure, render

REPORT, TEMPLATE = "report.md", "report.md.j2"
SHOWN_FEATURES = 15
"""Features whose importance is shown; the CSV has all."""


def write_baseline_report(
    plan: SearchPlan, figures: dict[str, Any], importance: Sequence[Importance], out: Path
) -> None:
    """Write the report to a run's folder.

    Parameters
    ----------
    plan
        The plan of the run.
    figures
        As :func:`mammopair_research.handcrafted.baseline_figures.measure_baseline` returns them,
        with ``software`` and ``notice``.
    importance
        Of groups and features.
    out
        The folder.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    template = (files("mammopair_research.handcrafted") / TEMPLATE).read_text("utf-8")
    definitions = {feature.name: feature.definition for feature in FEATURES}
    text = render(
        template,
        plan=plan,
        figures=figures,
        features=len(FEATURES),
        levels={n: v for n, v in figures.items() if isinstance(v, dict) and "auc" in v},
        group_importance=[one for one in importance if one.name not in definitions],
        feature_importance=[one for one in importance if one.name in definitions][:SHOWN_FEATURES],
        definitions=definitions,
        measures=[feature.name for feature in SPICULATION],
        figure=format_figure,
        number=lambda value: "-" if value is None else f"{value:.3f}",
    )
    with atomic_write(out / REPORT) as stream:
        stream.write(text)
