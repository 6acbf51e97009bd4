"""The model card of an ensemble, generated from its manifest."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.model.manifest import Manifest
from mammopair_research.training.recipe import Recipe

CARD = "MODEL_CARD.md"
TEMPLATE = "card.md.j2"
COMPARISON = "comparison.md"
"""Table of ``mammopair-research compare`` beside the manifest; included if it exists."""
COLUMNS = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier",
    "ece": "ECE",
}


def format_figure(figures: dict[str, Any], name: str) -> str:
    """Format a metric with its interval: ``0.812 (0.770 to 0.851)``; a dash if undefined."""
    value, limits = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    return f"{value:.3f} ({limits[0]:.3f} to {limits[1]:.3f})" if limits else f"{value:.3f}"


def format_share(value: float | None, limits: tuple[float, float] | None) -> str:
    """Format a share as a percentage: ``90.2 % (85.1 to 94.0)``; a dash if undefined."""
    if value is None:
        return "-"
    if limits is None:
        return f"{100 * value:.1f} %"
    return f"{100 * value:.1f} % ({100 * limits[0]:.1f} to {100 * limits[1]:.1f})"


def write_card(manifest: Manifest, folder: Path) -> None:
    """Write the model card to the ensemble's folder.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    template = (files("mammopair_research.training") / TEMPLATE).read_text("utf-8")
    comparison = folder / COMPARISON
    text = render(
        template,
        manifest=manifest,
        recipe=msgspec.convert(manifest.training.recipe, Recipe),
        levels={
            name: value
            for name, value in manifest.measured.items()
            if isinstance(value, dict) and "auc" in value
        },
        columns=COLUMNS,
        figure=format_figure,
        share=format_share,
        notice=RESEARCH_USE_ONLY,
        comparison=comparison.read_text("utf-8") if comparison.exists() else "",
    )
    with atomic_write(folder / CARD) as stream:
        stream.write(text)


def render(template: str, **values: object) -> str:
    """Render a Jinja template of a Markdown document; an undefined name raises an error."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.from_string(template).render(**values)
