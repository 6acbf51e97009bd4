"""Write the table of comparison into README and the model card: the end of ``make table``.

``mammopair-research compare`` has written it into the folder of the ensemble that ships before.
"""

from __future__ import annotations

from pathlib import Path

from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble
from mammopair.model.manifest import read_manifest
from mammopair_research.comparison.comparison_document import comparison_as_markdown
from mammopair_research.comparison.comparison_schema import FILE, read_comparison
from mammopair_research.training.model_card import write_card

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- table: written by `make table` from comparison.json of the ensemble -->\n"
END = "<!-- /table -->\n"


def table_section(folder: Path) -> str:
    """The table as Markdown; nothing, where the ensemble has not been compared."""
    path = folder / FILE
    return comparison_as_markdown(read_comparison(path)) if path.exists() else ""


def with_table(text: str, section: str) -> str:
    """README with the table between its two marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README lacks a mark of the table: {BEGIN!r} or {END!r}")
    return before + BEGIN + section + END + after


if __name__ == "__main__":
    ensemble = find_ensemble(DEFAULT_ENSEMBLE)
    README.write_text(with_table(README.read_text("utf-8"), table_section(ensemble)), "utf-8")
    write_card(read_manifest(ensemble), ensemble)
