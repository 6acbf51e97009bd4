"""``report.md``: what a run of the baseline gave, for people."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from mammopair.handcrafted.features import FEATURES
from mammopair.handcrafted.spiculation import FEATURES as SPICULATION
from mammopair.training.baseline.importance import Importance
from mammopair.training.baseline.plan import Plan
from mammopair.training.card import figure
from mammopair.whole_file import whole_text_file

REPORT, TEMPLATE = "report.md", "report.md.j2"
SHOWN = 15
"""Features whose importance is shown; the rest is in the CSV."""


def write_report(
    plan: Plan, figures: dict[str, Any], importance: Sequence[Importance], out: Path
) -> None:
    """Write it into a run's folder, from the figures alone."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    source = (files("mammopair.training.baseline") / TEMPLATE).read_text("utf-8")
    definitions = {feature.name: feature.definition for feature in FEATURES}
    text = environment.from_string(source).render(
        plan=plan,
        figures=figures,
        features=len(FEATURES),
        levels={n: v for n, v in figures.items() if isinstance(v, dict) and "auc" in v},
        group_importance=[one for one in importance if one.name not in definitions],
        feature_importance=[one for one in importance if one.name in definitions][:SHOWN],
        definitions=definitions,
        measures=[feature.name for feature in SPICULATION],
        figure=figure,
        number=lambda value: "-" if value is None else f"{value:.3f}",
    )
    with whole_text_file(out / REPORT) as stream:
        stream.write(text)
