"""A small recipe, and the material that it is trained on."""

from __future__ import annotations

import pytest

RECIPE = """
name = "small"
version = "0"
description = "For tests."
data = "Synthetic lesions."
concepts = ["spiculated", "dense breast"]

[network]
architecture = "googlenet"
width = 0.125
stride = 16
auxiliary = true

[input]
side = 48
detail = 32

[folds]
count = 3
seed = 5

[augmentation]
least_detail = 24
most_detail = 40

[optimisation]
epochs = 2
batch = 16

[[members]]
fold = 0
seed = 1

[[members]]
fold = 2
seed = 2
"""


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
