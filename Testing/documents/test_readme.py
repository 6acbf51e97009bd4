"""README says what is so."""

from __future__ import annotations

import re

import pytest

from mammopair.model.ensemble import DEFAULT, find_ensemble, shipped_ensembles
from mammopair.model.ensemble_manifest import read_manifest
from Testing.documents.readme_figures import README, figures_section, with_figures

needs_ensemble = pytest.mark.skipif(
    DEFAULT not in shipped_ensembles(), reason="no ensemble ships yet"
)


@needs_ensemble
def test_the_figures_in_readme_are_those_of_the_manifest():
    text = README.read_text("utf-8")
    assert with_figures(text, figures_section(read_manifest(find_ensemble(DEFAULT)))) == text


def test_the_pictures_and_files_that_readme_links_to_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8"))
    files = [link for link in links if "://" not in link]
    assert files
    assert [link for link in files if not (README.parent / link).exists()] == []


def test_every_command_that_readme_names_exists():
    from mammopair.cli import app

    known = {command.name for command in app.registered_commands}
    named = set(re.findall(r"`mammopair (\w+)", README.read_text("utf-8")))
    assert named
    assert named <= known
