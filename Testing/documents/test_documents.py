"""README says what is so."""

from __future__ import annotations

import re

import pytest

from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble, included_ensembles
from mammopair.model.manifest import read_manifest
from mammopair_research.comparison.comparison_schema import FILE, read_comparison
from mammopair_research.training.network_cost import count_parameters
from Testing.documents.comparison_table import table_section, with_table
from Testing.documents.readme_figures import README, figures_section, with_figures

needs_ensemble = pytest.mark.skipif(
    DEFAULT_ENSEMBLE not in included_ensembles(), reason="no ensemble ships yet"
)


@needs_ensemble
def test_the_figures_in_readme_are_those_of_the_manifest():
    text = README.read_text("utf-8")
    assert (
        with_figures(text, figures_section(read_manifest(find_ensemble(DEFAULT_ENSEMBLE)))) == text
    )


@needs_ensemble
def test_the_table_in_readme_is_that_of_the_comparison():
    text = README.read_text("utf-8")
    assert with_table(text, table_section(find_ensemble(DEFAULT_ENSEMBLE))) == text


@needs_ensemble
def test_the_ensemble_that_ships_is_a_row_of_the_table():
    """All its lesions, scored through the manifest and from the kept predictions: one answer."""
    folder = find_ensemble(DEFAULT_ENSEMBLE)
    manifest = read_manifest(folder)
    (row,) = [row for row in read_comparison(folder / FILE).rows if row.name == manifest.name]
    table, card = row.levels["lesions"], manifest.measured["lesions"]
    assert (table.n, table.malignant, table.patients) == tuple(
        card[name] for name in ("n", "malignant", "patients")
    )
    for name in ("auc", "accuracy", "brier", "ece"):  # weights ship in half precision
        assert table.figures[name].value == pytest.approx(card[name], abs=2e-3), name
    assert row.parameters == row.networks * count_parameters(
        manifest.network.build(1 + len(manifest.concepts))
    )


def test_the_table_goes_between_its_marks_whatever_was_there(tmp_path):
    from mammopair_research.comparison.compare_runs import compare_runs
    from mammopair_research.comparison.comparison_document import write_comparison
    from mammopair_research.crossval.run_description import read_cross_validation
    from Testing.stepwise import drive
    from Testing.synthetic_runs import write_run_folder

    run = read_cross_validation(write_run_folder(tmp_path / "net", skill=0.5))
    _, comparison = drive(compare_runs([run], None, 20))
    write_comparison(comparison, tmp_path)
    section = table_section(tmp_path)
    assert section == (tmp_path / "comparison.md").read_text("utf-8")
    text = README.read_text("utf-8")
    written = with_table(with_table(text, "old\n"), section)
    assert section in written
    assert "old\n<!-- /table" not in written
    assert with_table(written, table_section(find_ensemble(DEFAULT_ENSEMBLE))) == text
    with pytest.raises(ValueError, match="lacks a mark"):
        with_table("no marks", section)


def test_the_pictures_and_files_that_readme_links_to_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8"))
    files = [link for link in links if "://" not in link]
    assert files
    assert [link for link in files if not (README.parent / link).exists()] == []


def test_every_command_that_readme_names_exists():
    from mammopair.cli import app
    from mammopair_research.cli import app as research_app

    for application in (app, research_app):
        known = {command.name for command in application.registered_commands}
        pattern = rf"`{application.info.name} (\w+)"
        assert set(re.findall(pattern, README.read_text("utf-8"))) <= known
