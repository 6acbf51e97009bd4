"""The model card: written from the manifest, never by hand."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mammopair import RESEARCH_USE_ONLY
from mammopair.model.ensemble_manifest import Manifest

CARD = "MODEL_CARD.md"
TEMPLATE = "card.md.j2"
COLUMNS = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier",
    "ece": "ECE",
}


def write_card(manifest: Manifest, folder: Path) -> None:
    """Write the card beside the manifest that it describes."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    template = environment.from_string((files("mammopair.training") / TEMPLATE).read_text("utf-8"))
    levels = {name: value for name, value in manifest.measured.items() if isinstance(value, dict)}
    text = template.render(
        manifest=manifest, levels=levels, columns=COLUMNS, notice=RESEARCH_USE_ONLY
    )
    (folder / CARD).write_text(text, encoding="utf-8")
