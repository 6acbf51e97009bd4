"""A recipe is read whole, or refused naming the file and the key."""

from __future__ import annotations

import pickle
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair_research.training.member_fit import beyond_defaults
from mammopair_research.training.recipe import Recipe, find_recipe, read_recipe

WHOLE = """
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
def refusal(tmp_path):
    """Writes a recipe that is wrong, and gives the sentence with which it is refused."""

    def refuse(content):
        path = tmp_path / "recipe.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            read_recipe(path)
        sentence = str(caught.value)
        assert sentence.startswith(f"{path}: ")
        assert "\n" not in sentence
        return sentence

    return refuse


def test_what_is_left_out_has_its_default(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(WHOLE, "utf-8")
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
def test_an_unknown_key_is_named(refusal, line, key):
    said = refusal(WHOLE.replace("[network]", f"{line}\n\n[network]", 1))
    assert f"`{key}`" in said


def test_an_unknown_key_of_a_member_is_named_with_its_place(refusal):
    said = refusal(WHOLE + "epochs = 3\n")
    assert "`epochs`" in said
    assert "members" in said


@pytest.mark.parametrize("key", ["name", "version", "description", "data", "seed"])
def test_a_missing_key_is_named(refusal, key):
    lines = [line for line in WHOLE.splitlines() if not line.startswith(f"{key} =")]
    assert f"`{key}`" in refusal("\n".join(lines))


def test_a_recipe_without_members_is_refused(refusal):
    assert "`members`" in refusal(WHOLE[: WHOLE.index("[[members]]")])
    assert "members" in refusal("members = []\n" + WHOLE[: WHOLE.index("[[members]]")])


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
def test_a_value_of_the_wrong_kind_or_beyond_reason_is_named(refusal, table, line, key):
    said = refusal(WHOLE.replace("[network]", f"[{table}]\n{line}\n\n[network]", 1))
    assert key in said


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("width = 0", "width"),
        ("five = 4", "five"),
        ("stride = 8", "stride"),
        ("dropout = 1", "drop"),
    ],
)
def test_an_impossible_network_is_refused(refusal, line, key):
    said = refusal(WHOLE.replace('"googlenet"', f'"googlenet"\n{line}', 1))
    assert "network" in said
    assert key in said


def test_an_unknown_architecture_and_an_unknown_concept_are_refused(refusal):
    assert "network" in refusal(WHOLE.replace("googlenet", "lenet"))
    assert "concepts" in refusal('concepts = ["fluffy"]\n' + WHOLE)


def test_a_name_that_could_lead_out_of_the_folder_is_refused(refusal):
    for name in ("../x", "a/b", "", "."):
        assert "name" in refusal(WHOLE.replace('"small"', f'"{name}"'))


def test_a_fold_that_there_is_not_is_refused_with_the_count(refusal):
    said = refusal(WHOLE.replace("fold = 0", "fold = 5"))
    assert "a member has fold 5, but folds.count is 5" in said


def test_details_the_wrong_way_round_are_refused(refusal):
    table = "[augmentation]\nleast_detail = 90\nmost_detail = 40\n\n[network]"
    said = refusal(WHOLE.replace("[network]", table, 1))
    assert "least_detail must not be over most_detail" in said


def test_what_is_no_toml_or_no_text_is_refused(refusal):
    assert "is not TOML" in refusal("name = ")
    assert "UTF-8" in refusal(WHOLE.replace("For tests", "Für Tests").encode("latin-1"))


def test_a_file_that_is_not_there_is_refused_with_the_recipes_that_ship(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: cannot be read"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"is neither a file nor a recipe that ships .*light"):
        find_recipe("none")


HOME = Path(str(files("mammopair_research.training") / "recipes"))


@pytest.mark.parametrize(
    "name", sorted(p.relative_to(HOME).with_suffix("").as_posix() for p in HOME.rglob("*.toml"))
)
def test_every_recipe_that_ships_is_found_by_its_name_and_whole(name):
    recipe = read_recipe(find_recipe(name))
    assert recipe.name == name.rpartition("/")[2]
    assert msgspec.convert(msgspec.to_builtins(recipe), Recipe) == recipe


def test_the_recipes_of_the_matrix_differ_in_what_their_row_is_about_only():
    recipes = [read_recipe(path) for path in sorted((HOME / "matrix").glob("*.toml"))]
    assert {recipe.name for recipe in recipes} >= {"alexnet", "vgg", "googlenet", "resnet"}
    for recipe in recipes:
        alike = replace(recipe.optimisation, views=["CC", "MLO"])
        for part in ("input", "folds", "augmentation", "concepts"):
            assert getattr(recipe, part) == getattr(recipes[0], part), (recipe.name, part)
        assert alike == replace(recipes[0].optimisation, views=["CC", "MLO"]), recipe.name
        assert recipe.crossval.folds == recipes[0].crossval.folds, recipe.name


def in_short(table):
    return WHOLE[: WHOLE.index("[[members]]")] + "[crossval]\n" + table


def read(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, "utf-8")
    return read_recipe(path)


def test_a_cross_validation_in_short_is_every_seed_on_every_fold_of_every_repeat(tmp_path):
    recipe = read(tmp_path, in_short("seeds = [7, 3]\nfolds = [0, 2]\nrepeats = 2"))
    assert [(m.repeat, m.seed, m.fold) for m in recipe.members] == [
        *((0, 7, 0), (0, 7, 2), (0, 3, 0), (0, 3, 2)),
        *((1, 7, 0), (1, 7, 2), (1, 3, 0), (1, 3, 2)),
    ]
    assert [m.fold for m in read(tmp_path, in_short("seeds = [7]")).members] == [0, 1, 2, 3, 4]


def test_seeds_that_are_added_leave_earlier_members_their_numbers(tmp_path):
    few = read(tmp_path, in_short("seeds = [1]")).members
    many = read(tmp_path, in_short("seeds = [1, 2]\nrepeats = 3")).members
    assert many[: len(few)] == few


def test_each_repeat_divides_the_patients_otherwise(tmp_path):
    recipe = read(tmp_path, in_short("seeds = [1]\nfolds = [0]\nrepeats = 3"))
    assert [recipe.split_of(member).seed for member in recipe.members] == [0, 1, 2]
    assert recipe.split_of(recipe.members[0]) == recipe.folds


def test_a_member_of_the_first_repeat_is_stamped_as_before_there_were_repeats(tmp_path):
    (member,) = read(tmp_path, WHOLE).members
    assert beyond_defaults(member) == {"kind": "Member", "fold": 0, "seed": 1}


def test_what_a_recipe_says_is_the_same_after_it_was_sent_to_another_process(tmp_path):
    """Its floats are then equal, not identical, which msgspec's omit_defaults takes for others."""
    sent = pickle.dumps(read(tmp_path, WHOLE).augmentation)
    assert beyond_defaults(pickle.loads(sent)) == {"kind": "Augmentation"}
    assert msgspec.json.encode(pickle.loads(sent)) != b"{}"  # else this test is not needed


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("seeds = []", "crossval.seeds"),
        ("folds = [0]", "`seeds`"),
        ("seeds = [1]\nfolds = [5]", "a member has fold 5, but folds.count is 5"),
        ("seeds = [1]\nrepeats = 0", "crossval.repeats"),
        ("seeds = [1, 1]", "two members are alike (fold 0, seed 1)"),
        ("seeds = [1]\nepochs = 3", "`epochs`"),
    ],
)
def test_an_impossible_cross_validation_is_refused(refusal, table, said):
    assert said in refusal(in_short(table))


def test_members_one_by_one_and_in_short_are_not_given_both(refusal):
    assert "not both" in refusal(WHOLE + "\n[crossval]\nseeds = [1, 2]\n")
