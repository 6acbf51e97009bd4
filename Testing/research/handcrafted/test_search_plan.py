"""Search plans are validated on reading; errors name file and key."""

from __future__ import annotations

import pytest

from mammopair.errors import InputError
from mammopair_research.handcrafted.search_plan import read_search_plan
from mammopair_research.training.recipe import find_recipe, read_recipe

PLAN = """
name = "small"
title = "Small"
data = "Synthetic lesions."

[folds]
count = 3

[logistic]
strength = [0.01, 0.1]
"""


def test_the_included_plan_has_the_folds_of_the_included_recipe():
    plan = read_search_plan()
    assert plan.folds == read_recipe(find_recipe("light-googlenet")).folds
    assert set(plan.grids) == {"logistic regression", "support vector machine", "gradient boosting"}
    assert all(len(settings) > 1 for settings in plan.grids.values())


def test_only_the_pipelines_of_the_plan_are_tried(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(PLAN, "utf-8")
    assert read_search_plan(path).grids == {
        "logistic regression": [{"strength": 0.01}, {"strength": 0.1}]
    }


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("strength", "strenght", "strenght"),
        ("[0.01, 0.1]", "[]", "strength"),
        ("[0.01, 0.1]", '["much"]', "strength"),
        ("0.01", "-1", "strength"),
        ("count = 3", "count = 1", "count"),
        ("[logistic]\nstrength = [0.01, 0.1]", "", "none of"),
        ('name = "small"', "", "name"),
        ('"small"', '"../small"', "name"),
        ("[folds]", "[folds", "TOML"),
    ],
)
def test_an_invalid_plan_is_rejected(tmp_path, before, after, named):
    path = tmp_path / "small.toml"
    path.write_text(PLAN.replace(before, after), "utf-8")
    with pytest.raises(InputError) as caught:
        read_search_plan(path)
    assert caught.value.subject == str(path)
    assert named in caught.value.problem


def test_a_missing_plan_is_rejected(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_search_plan(tmp_path / "none.toml")
