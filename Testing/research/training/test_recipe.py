"""Recipes are validated on reading; errors name file and key."""

from __future__ import annotations

import pickle
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair_research.training.member_fit import without_defaults
from mammopair_research.training.recipe import Recipe, find_recipe, read_recipe

COMPLETE = """
name = "small"
version = "0"
description = "For tests."
data = "None."

[network]
architecture = "googlenet"

[[members]]
fold = 0
seed = 1
"""


@pytest.fixture
def error_of(tmp_path):
    """Return a function that reads an invalid recipe and returns the error message."""

    def read_invalid(content):
        path = tmp_path / "recipe.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            read_recipe(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        return message

    return read_invalid


def test_omitted_keys_have_defaults(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(COMPLETE, "utf-8")
    recipe = read_recipe(path)
    assert recipe.folds.count == 5
    assert recipe.optimisation.views == ["CC", "MLO"]
    assert recipe.concepts == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("colour = 1", "colour"),
        ("[folds]\ncounts = 5", "counts"),
        ("[optimisation]\nlearning_rate = 1", "learning_rate"),
        ("[augmentation]\nflip = true", "flip"),
    ],
)
def test_an_unknown_key_is_named(error_of, line, key):
    message = error_of(COMPLETE.replace("[network]", f"{line}\n\n[network]", 1))
    assert f"`{key}`" in message


def test_an_unknown_key_of_a_member_is_named_with_its_table(error_of):
    message = error_of(COMPLETE + "epochs = 3\n")
    assert "`epochs`" in message
    assert "members" in message


@pytest.mark.parametrize("key", ["name", "version", "description", "data", "seed"])
def test_a_missing_key_is_named(error_of, key):
    lines = [line for line in COMPLETE.splitlines() if not line.startswith(f"{key} =")]
    assert f"`{key}`" in error_of("\n".join(lines))


def test_a_recipe_without_members_is_rejected(error_of):
    assert "`members`" in error_of(COMPLETE[: COMPLETE.index("[[members]]")])
    assert "members" in error_of("members = []\n" + COMPLETE[: COMPLETE.index("[[members]]")])


@pytest.mark.parametrize(
    ("table", "line", "key"),
    [
        ("folds", 'count = "five"', "folds.count"),
        ("folds", "count = 1", "folds.count"),
        ("folds", "seed = -1", "folds.seed"),
        ("optimisation", "epochs = 0", "optimisation.epochs"),
        ("optimisation", "epochs = 1.5", "optimisation.epochs"),
        ("optimisation", "peak_rate = 0", "optimisation.peak_rate"),
        ("optimisation", "average = 1.0", "optimisation.average"),
        ("optimisation", 'views = ["LM"]', "optimisation.views"),
        ("optimisation", "views = []", "optimisation.views"),
        ("augmentation", "rotation = -3", "augmentation.rotation"),
        ("augmentation", "grain = nan", "augmentation.grain"),
        ("augmentation", "scale = inf", "augmentation.scale"),
        ("input", "side = 16", "input.side"),
        ("input", "detail = 1e9", "input.detail"),
    ],
)
def test_a_value_of_the_wrong_type_or_out_of_range_is_named(error_of, table, line, key):
    message = error_of(COMPLETE.replace("[network]", f"[{table}]\n{line}\n\n[network]", 1))
    assert key in message


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("width = 0", "width"),
        ("five = 4", "five"),
        ("stride = 8", "stride"),
        ("dropout = 1", "drop"),
    ],
)
def test_an_invalid_network_is_rejected(error_of, line, key):
    message = error_of(COMPLETE.replace('"googlenet"', f'"googlenet"\n{line}', 1))
    assert "network" in message
    assert key in message


def test_an_unknown_architecture_and_an_unknown_descriptor_are_rejected(error_of):
    assert "network" in error_of(COMPLETE.replace("googlenet", "lenet"))
    assert "concepts" in error_of('concepts = ["fluffy"]\n' + COMPLETE)


def test_a_name_with_a_path_separator_is_rejected(error_of):
    for name in ("../x", "a/b", "", "."):
        assert "name" in error_of(COMPLETE.replace('"small"', f'"{name}"'))


def test_a_fold_beyond_the_count_is_rejected(error_of):
    message = error_of(COMPLETE.replace("fold = 0", "fold = 5"))
    assert "a member has fold 5, but folds.count is 5" in message


def test_a_least_detail_above_the_most_is_rejected(error_of):
    table = "[augmentation]\nleast_detail = 90\nmost_detail = 40\n\n[network]"
    message = error_of(COMPLETE.replace("[network]", table, 1))
    assert "it must be at most most_detail" in message


def test_content_that_is_not_toml_or_not_utf_8_is_rejected(error_of):
    assert "is not TOML" in error_of("name = ")
    assert "UTF-8" in error_of(COMPLETE.replace("For tests", "Für Tests").encode("latin-1"))


def test_the_error_for_a_missing_recipe_lists_the_included_ones(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: cannot be read"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(
        InputError, match=r"is neither a file nor a recipe of this package; .*light"
    ):
        find_recipe("none")


HOME = Path(str(files("mammopair_research.training") / "recipes"))


@pytest.mark.parametrize(
    "name", sorted(p.relative_to(HOME).with_suffix("").as_posix() for p in HOME.rglob("*.toml"))
)
def test_every_included_recipe_is_valid_and_found_by_name(name):
    recipe = read_recipe(find_recipe(name))
    assert recipe.name == name.rpartition("/")[2]
    assert msgspec.convert(msgspec.to_builtins(recipe), Recipe) == recipe


def test_the_recipes_of_the_matrix_differ_only_in_network_and_views():
    recipes = [read_recipe(path) for path in sorted((HOME / "matrix").glob("*.toml"))]
    assert {recipe.name for recipe in recipes} >= {"alexnet", "vgg", "googlenet", "resnet"}
    for recipe in recipes:
        optimisation = replace(recipe.optimisation, views=["CC", "MLO"])
        for part in ("input", "folds", "augmentation", "concepts"):
            assert getattr(recipe, part) == getattr(recipes[0], part), (recipe.name, part)
        assert optimisation == replace(recipes[0].optimisation, views=["CC", "MLO"]), recipe.name
        assert recipe.crossval.folds == recipes[0].crossval.folds, recipe.name


def with_crossval(table):
    return COMPLETE[: COMPLETE.index("[[members]]")] + "[crossval]\n" + table


def read(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, "utf-8")
    return read_recipe(path)


def test_crossval_is_every_seed_on_every_fold(tmp_path):
    recipe = read(tmp_path, with_crossval("seeds = [7, 3]\nfolds = [0, 2]"))
    assert [(m.seed, m.fold) for m in recipe.members] == [(7, 0), (7, 2), (3, 0), (3, 2)]
    assert [m.fold for m in read(tmp_path, with_crossval("seeds = [7]")).members] == [0, 1, 2, 3, 4]


def test_appended_seeds_do_not_renumber_earlier_members(tmp_path):
    few = read(tmp_path, with_crossval("seeds = [1]")).members
    many = read(tmp_path, with_crossval("seeds = [1, 2]")).members
    assert many[: len(few)] == few


def test_the_fingerprint_of_a_member_has_its_fold_and_seed(tmp_path):
    (member,) = read(tmp_path, COMPLETE).members
    assert without_defaults(member) == {"kind": "Member", "fold": 0, "seed": 1}


def test_the_fingerprint_is_the_same_in_another_process(tmp_path):
    """There, floats are equal but not identical, and msgspec's omit_defaults tests identity."""
    sent = pickle.dumps(read(tmp_path, COMPLETE).augmentation)
    assert without_defaults(pickle.loads(sent)) == {"kind": "Augmentation"}
    assert msgspec.json.encode(pickle.loads(sent)) != b"{}"  # the reason for without_defaults


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("seeds = []", "crossval.seeds"),
        ("folds = [0]", "`seeds`"),
        ("seeds = [1]\nfolds = [5]", "a member has fold 5, but folds.count is 5"),
        ("seeds = [1]\nrepeats = 2", "`repeats`"),
        ("seeds = [1, 1]", "two members have fold 0 and seed 1"),
        ("seeds = [1]\nepochs = 3", "`epochs`"),
    ],
)
def test_an_invalid_cross_validation_is_rejected(error_of, table, expected):
    assert expected in error_of(with_crossval(table))


def test_members_and_crossval_together_are_rejected(error_of):
    assert "give one of them" in error_of(COMPLETE + "\n[crossval]\nseeds = [1, 2]\n")
