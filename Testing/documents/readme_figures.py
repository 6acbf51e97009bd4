"""Write the shipped ensemble's figures into README, from its manifest: ``make figures``."""

from __future__ import annotations

from pathlib import Path

from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble
from mammopair.model.manifest import Manifest, read_manifest

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- figures: written by `make figures` from the manifest of the ensemble -->\n"
END = "<!-- /figures -->\n"
COLUMNS = {"auc": "AUC", "accuracy": "accuracy", "brier": "Brier", "ece": "ECE"}


def figures_section(manifest: Manifest) -> str:
    """The section as Markdown: what ships, and what it measured."""
    scorers = manifest.measured["scored_by"]
    lines = [
        f"`{manifest.name}` {manifest.version}: {manifest.description}",
        "",
        f"Measured by `mammopair evaluate` on {manifest.training.data}, each crop scored by "
        f"{scorers}: **one member at a time, not their average**. 95 % intervals by patient.",
        "",
        f"| level | n | {' | '.join(COLUMNS.values())} |",
        f"|---|---|{'---|' * len(COLUMNS)}",
    ]
    for level, figures in manifest.measured.items():
        if isinstance(figures, dict) and "auc" in figures:
            cells = [_cell(figures, key) for key in COLUMNS]
            lines.append(f"| {level} | {figures['n']} | {' | '.join(cells)} |")
    card = f"MammoClassifier/mammopair/model/ensembles/{manifest.name}/MODEL_CARD.md"
    return "\n".join([*lines, "", f"More, with the limits, in its [model card]({card}).", ""])


def with_figures(text: str, section: str) -> str:
    """README with the section between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + section + END + after


def _cell(figures: dict[str, object], key: str) -> str:
    low, high = figures[f"{key}_ci"]  # type: ignore[misc]
    return f"{figures[key]:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    section = figures_section(read_manifest(find_ensemble(DEFAULT_ENSEMBLE)))
    README.write_text(with_figures(README.read_text("utf-8"), section), "utf-8")
