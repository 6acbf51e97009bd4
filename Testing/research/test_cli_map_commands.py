"""``mammopair-research faithfulness`` and ``correlate``: files, output and error messages."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from mammopair.explain.default_method import read_default_method
from mammopair.explain.methods import METHODS
from mammopair_research.cli import app, main
from mammopair_research.map_evaluation import map_study
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from Testing.synthetic_lesions import write_crop_folder, write_ensemble

pytest.importorskip("matplotlib")


@pytest.fixture
def few_methods(monkeypatch):
    """Use one method and one baseline, since all take minutes."""
    methods = [METHODS["evidence"], BASELINES["random"]]
    monkeypatch.setattr(map_study, "all_methods", lambda: methods)


def run(*arguments):
    return CliRunner().invoke(app, [str(part) for part in arguments])


def test_faithfulness_writes_table_and_chart_and_selects_the_default(
    crop_folder, tmp_path, few_methods
):
    model, out = write_ensemble(tmp_path / "e", flips=False), tmp_path / "out"
    ran = run("faithfulness", crop_folder, "--model", model, "--lesions", 3, "--out", out)
    assert ran.exit_code == 0, ran.output
    assert "Best method: Class activation" in ran.output
    assert "Research use only" in ran.output
    assert "The folder has no films" in ran.output
    assert {path.name for path in out.iterdir()} == {
        *("measured.jsonl", "faithfulness.json", "faithfulness.csv"),
        *("faithfulness.md", "faithfulness.svg"),
    }
    assert read_default_method(model) is None
    arguments = ("--lesions", 3, "--out", out, "--choose", "--json")
    ran = run("faithfulness", crop_folder, "--model", model, *arguments)
    assert json.loads(ran.stdout)["default"] == "evidence"
    assert read_default_method(model).method == "evidence"


def test_correlate_writes_a_page_and_tables(tmp_path):
    folder = write_crop_folder(tmp_path / "lesions", patients=21)
    model, out = write_ensemble(tmp_path / "e", flips=False), tmp_path / "out"
    ran = run("correlate", folder, "--model", model, "--lesions", 2, "--out", out, "--json")
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["counterfactual_crops"] >= 2
    assert {path.name for path in out.iterdir()} == {
        *("correlation.html", "correlation.json", "associations.csv", "zones.csv", "dose.csv"),
    }


@pytest.mark.parametrize("command", ["faithfulness", "correlate"])
def test_a_folder_without_crops_raises_an_error(command, tmp_path, monkeypatch, capsys):
    model = write_ensemble(tmp_path / "e")
    arguments = ["mammopair-research", command, str(tmp_path), "--model", str(model)]
    monkeypatch.setattr("sys.argv", [*arguments, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "crops.csv: is missing" in capsys.readouterr().err
