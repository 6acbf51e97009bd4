"""``mammopair-research handcrafted``: files, output and error messages."""

from __future__ import annotations

import csv
import json
import sys

import pytest

from mammopair.features.catalogue import FEATURE_NAMES, FEATURES
from mammopair_research.cli import main
from Testing.synthetic_lesions import write_crop_folder

PLAN = """
name = "small"
title = "Small"
data = "Synthetic lesions."
folds = {count = 2}
inner = {count = 2}
logistic = {strength = [0.01]}
"""


@pytest.fixture
def run(monkeypatch, capfd):
    """Return a function that runs the command and returns exit code, stdout and stderr."""

    def command(*arguments):
        monkeypatch.setattr(
            sys, "argv", ["mammopair-research", "handcrafted", *map(str, arguments)]
        )
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return ended.value.code or 0, out, err

    return command


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    return write_crop_folder(tmp_path_factory.mktemp("data") / "crops", patients=12)


def test_a_saved_model_can_be_applied_to_other_patients(run, crops, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN, "utf-8")
    code, out, _ = run("--data", crops, "--plan", plan, "--out", tmp_path / "runs", "--json")
    assert code == 0
    assert json.loads(out)["views"]["n"] == 24
    folder = tmp_path / "runs" / "small"
    assert {path.name for path in folder.iterdir()} >= {
        *("features.csv", "predictions.csv", "run.json", "figures.json", "importance.csv"),
        *("report.md", "model"),
    }

    code, _, err = run("--data", crops, "--model", folder / "model", "--out", tmp_path)
    assert code == 1
    assert "has only patients that" in err

    # Fourteen patients, of whom the model was fitted on twelve.
    more = write_crop_folder(tmp_path / "more", patients=14)
    code, out, _ = run("--data", more, "--model", folder / "model", "--out", tmp_path, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["views"]["n"], found["excluded"]) == (4, 24)


def test_features_can_be_measured_without_fitting(run, crops, tmp_path):
    path = tmp_path / "features.csv"
    code, out, _ = run("--data", crops, "--features-only", path)
    assert code == 0
    assert str(len(FEATURE_NAMES)) in out
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 24
    assert {"patient_id", "label", *FEATURE_NAMES} <= set(rows[0])


def test_definitions_are_printed_as_a_table_or_json(run):
    code, out, _ = run("--definitions", "--json")
    assert code == 0
    assert [one["name"] for one in json.loads(out)] == list(FEATURE_NAMES)
    code, out, _ = run("--definitions")
    assert code == 0
    assert FEATURES[0].unit in out


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 2, "--data"),
        (["--data", "nowhere"], 1, "crops.csv"),
        (["--data", "CROPS", "--plan", "nowhere.toml"], 1, "nowhere.toml"),
        (["--data", "CROPS", "--model", "nowhere"], 1, "nowhere"),
        (
            ["--data", "CROPS", "--features-only", "CROPS/crops.csv"],
            1,
            "is not a table of features",
        ),
        (["--data", "CROPS", "--out", "CROPS/crops.csv"], 1, "crops.csv"),
    ],
)
def test_invalid_input_raises_an_error(
    run, crops, tmp_path, monkeypatch, arguments, code, expected
):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(*(text.replace("CROPS", str(crops)) for text in arguments))
    assert found == code
    assert expected in err
    assert "Traceback" not in err
