"""The model card: written from the manifest, never by hand."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from mammopair import RESEARCH_USE_ONLY
from mammopair.model.manifest import Manifest
from mammopair_research.training.recipe import Recipe

CARD = "MODEL_CARD.md"
TEMPLATE = "card.md.j2"
COMPARISON = "comparison.md"
"""Written beside the manifest by ``mammopair-research compare``; taken into the card where it is there."""
COLUMNS = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier",
    "ece": "ECE",
}


def figure(figures: dict[str, Any], name: str) -> str:
    """``0.812 (0.770 to 0.851)``; a dash where a figure is undefined, as AUC of one class is."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{value:.3f} ({limits[0]:.3f} to {limits[1]:.3f})" if limits else f"{value:.3f}"


def share_or_dash(value: float | None, limits: tuple[float, float] | None) -> str:
    """``90.2 % (85.1 to 94.0)``; without brackets where there is no interval."""
    if value is None:
        return "-"
    if limits is None:
        return f"{100 * value:.1f} %"
    return f"{100 * value:.1f} % ({100 * limits[0]:.1f} to {100 * limits[1]:.1f})"


def write_card(manifest: Manifest, folder: Path) -> None:
    """Write the card beside the manifest that it describes."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    template = environment.from_string(
        (files("mammopair_research.training") / TEMPLATE).read_text("utf-8")
    )
    levels = {
        name: value
        for name, value in manifest.measured.items()
        if isinstance(value, dict) and "auc" in value
    }
    comparison = folder / COMPARISON
    text = template.render(
        manifest=manifest,
        recipe=msgspec.convert(manifest.training.recipe, Recipe),
        levels=levels,
        columns=COLUMNS,
        figure=figure,
        share=share_or_dash,
        notice=RESEARCH_USE_ONLY,
        comparison=comparison.read_text("utf-8") if comparison.exists() else "",
    )
    (folder / CARD).write_text(text, encoding="utf-8")
