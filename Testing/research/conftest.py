"""Fixtures of the research tests: a small recipe and its training data."""

from __future__ import annotations

import pytest

from Testing.shared_fixtures import *  # noqa: F403
from Testing.synthetic_lesions import RECIPE


@pytest.fixture(scope="session")
def recipe(tmp_path_factory):
    from mammopair_research.training.recipe import read_recipe

    path = tmp_path_factory.mktemp("recipes") / "small.toml"
    path.write_text(RECIPE, "utf-8")
    return read_recipe(path)


@pytest.fixture(scope="session")
def training_data(crop_folder, recipe):
    from mammopair_research.datasets.training_data import load_training_data

    return load_training_data(crop_folder, recipe.folds)
