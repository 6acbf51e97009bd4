"""A small recipe, and the material that it is trained on."""

from __future__ import annotations

import pytest

from Testing.synthetic_lesions import RECIPE


@pytest.fixture(scope="session")
def recipe(tmp_path_factory):
    from mammopair.training.recipe import read_recipe

    path = tmp_path_factory.mktemp("recipes") / "small.toml"
    path.write_text(RECIPE, "utf-8")
    return read_recipe(path)


@pytest.fixture(scope="session")
def material(crop_folder, recipe):
    from mammopair.training.material import load_material

    return load_material(crop_folder, recipe.folds)
