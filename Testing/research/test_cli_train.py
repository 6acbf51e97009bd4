"""``mammopair-research train``: files, output, exit code and error messages."""

from __future__ import annotations

import json

import pytest

from mammopair_research.training import member_fit
from Testing.command_line import (
    files_no_larger_than,
    refused,
    research_refused,
    run,
    run_research,
    written,
)
from Testing.synthetic_lesions import RECIPE

__all__ = ["refused", "research_refused", "run", "run_research"]


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(RECIPE, "utf-8")
    return path


def test_train_continues_after_an_interruption_and_exports_what_evaluate_measures(
    run, run_research, recipe, crop_folder, tmp_path, monkeypatch
):
    train = ["train", recipe, "--data", crop_folder, "--out", tmp_path / "runs", "--device", "cpu"]
    original = member_fit.run_epoch

    def interrupt_the_second(state, *rest):
        if state.epoch == 1:
            raise KeyboardInterrupt
        return original(state, *rest)

    monkeypatch.setattr(member_fit, "run_epoch", interrupt_the_second)
    code, _, err = run_research(*train)
    assert code == 130
    assert "mammopair-research: interrupted; completed work is kept." in err
    run_folder = tmp_path / "runs" / "small"
    assert written(run_folder) == ["checkpoint.safetensors", "log.jsonl"]

    epochs = []
    monkeypatch.setattr(
        member_fit, "run_epoch", lambda s, *rest: epochs.append(s.epoch) or original(s, *rest)
    )
    code, printed, err = run_research(*train, "--json")
    assert code == 0, err
    assert epochs == [1, 0, 1]  # the first member's second epoch, then the second member
    exported = run_folder / "ensemble"
    code, evaluated, _ = run("evaluate", crop_folder, "-m", exported, "--json")
    for level in ("pairs", "views", "lesions"):
        assert json.loads(printed)[level] == json.loads(evaluated)[level]
    code, _, _ = run("info", exported)
    assert code == 0


def test_a_full_disk_raises_an_error_and_leaves_no_partial_file(
    research_refused, recipe, crop_folder, tmp_path
):
    train = ["train", recipe, "--data", crop_folder, "--out", tmp_path / "runs", "--device", "cpu"]
    with files_no_larger_than(50_000):
        message = research_refused(*train)
    assert "checkpoint.safetensors" in message
    assert "cannot be written" in message
    assert written(tmp_path / "runs") == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("epochs = 2", "epoch = 2"), "epoch"),
        (lambda text: text.replace("fold = 2", "fold = 3"), "a member has fold 3"),
        (
            lambda text: text.replace("count = 3", "count = 40").replace("fold = 2", "fold = 39"),
            "40",
        ),
        (lambda text: "name = ", "is not TOML"),
    ],
)
def test_an_invalid_recipe_raises_an_error(
    research_refused, recipe, crop_folder, tmp_path, change, expected
):
    recipe.write_text(change(recipe.read_text("utf-8")), "utf-8")
    train = ["train", recipe, "--data", crop_folder, "--out", tmp_path / "runs"]
    assert expected in research_refused(*train)
    assert written(tmp_path / "runs") == []


def test_a_checkpoint_of_another_recipe_raises_an_error(
    research_refused, run_research, recipe, crop_folder, tmp_path
):
    text = recipe.read_text("utf-8").replace("epochs = 2", "epochs = 1")
    recipe.write_text(text[: text.rindex("[[members]]")], "utf-8")
    train = ["train", recipe, "--data", crop_folder, "--out", tmp_path / "runs", "--device", "cpu"]
    assert run_research(*train)[0] == 0
    recipe.write_text(recipe.read_text("utf-8").replace("batch = 16", "batch = 8"), "utf-8")
    assert "choose another output folder" in research_refused(*train)


def test_a_folder_without_crops_raises_an_error(research_refused, recipe, tmp_path):
    (tmp_path / "data").mkdir()
    train = ["train", recipe, "--data", tmp_path / "data", "--out", tmp_path / "runs"]
    assert "crops.csv: is missing" in research_refused(*train)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "x.toml"], "--data"),
        (["train", "x.toml", "--data", ".", "--jobs", "0"], "--jobs"),
        (
            ["crossval", "x", "--data", ".", "--jobs", "2", "--scheduler", "tls://a:1"],
            "either --jobs or --scheduler",
        ),
    ],
)
def test_wrong_usage_is_explained_with_exit_code_2(
    run_research, arguments, expected, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = run_research(*arguments)
    assert code == 2
    assert out == ""
    assert expected in err
    assert "Traceback" not in err
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    "command", ["train", "crossval", "handcrafted", "compare", "faithfulness", "correlate"]
)
def test_help_has_an_example(run_research, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, printed, _ = run_research(command, "--help")
    assert code == 0
    assert f"mammopair-research {command}" in printed
