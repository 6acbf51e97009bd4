"""``mammopair-research prepare``: what it prints and returns, and the protected test split."""

from __future__ import annotations

import pytest

from Testing.command_line import run_research, written
from Testing.research.datasets.cbis_ddsm_tree import write_collection

__all__ = ["run_research"]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    return write_collection(tmp_path_factory.mktemp("archive") / "c")


def test_a_complete_collection_is_summarised_with_exit_code_0(
    run_research, collection, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    out = tmp_path / "crops folder"
    code, printed, err = run_research("prepare", "cbis-ddsm", collection.folder, out)
    assert code == 0, err
    assert "10 crops of 2 patients (2 malignant, 3 pairs of CC and MLO)" in printed
    assert "left out" not in printed.replace("every mass left out", "")
    assert "report.csv" in printed
    code, printed, _ = run_research("prepare", "cbis-ddsm", collection.folder, out)
    assert code == 0
    assert "10 of them are from an earlier run" in printed


def test_a_mass_left_out_is_counted_by_reason_with_exit_code_1(run_research, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    collection = write_collection(tmp_path / "archive")
    collection.masks["Mass-Training_P_00173_RIGHT_CC_1"].unlink()
    code, printed, _ = run_research("prepare", "cbis-ddsm", collection.folder, tmp_path / "out")
    assert code == 1
    assert "1 left out: missing-mask 1." in printed
    assert "9 crops" in printed


def test_a_collection_of_which_nothing_can_be_prepared_writes_the_report_only(
    run_research, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    collection = write_collection(tmp_path / "archive")
    for path in collection.films.values():
        path.write_bytes(b"damaged")
    code, printed, _ = run_research("prepare", "cbis-ddsm", collection.folder, tmp_path / "out")
    assert code == 1
    assert "No crop was cut" in printed
    assert written(tmp_path / "out") == ["report.csv"]


def test_the_test_split_is_prepared_only_for_a_stated_final_evaluation(
    run_research, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    collection = write_collection(tmp_path / "archive", split="Test")
    arguments = ["prepare", "cbis-ddsm", collection.folder, tmp_path / "out", "--split", "test"]
    code, _, err = run_research(*arguments)
    assert code == 2
    assert "reserved for one final evaluation" in err
    assert not (tmp_path / "out").exists()
    code, printed, err = run_research(*arguments, "--for-final-evaluation")
    assert code == 0, err
    assert "10 crops" in printed
    code, _, err = run_research(*arguments[:4], "--for-final-evaluation")
    assert code == 2
    assert "--split test" in err


def test_a_folder_that_is_missing_is_explained_with_exit_code_2(
    run_research, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    code, _, err = run_research("prepare", "cbis-ddsm", tmp_path / "none", tmp_path / "out")
    assert code == 2
    assert "does not exist" in err


def test_help_has_an_example(run_research, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, printed, _ = run_research("prepare", "cbis-ddsm", "--help")
    assert code == 0
    assert "mammopair-research prepare cbis-ddsm downloads" in printed
