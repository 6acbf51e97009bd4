"""The batch script as Slicer runs it: exit codes, options, and the files that it writes."""

from __future__ import annotations

import csv
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.slicer.module_user import PAIR, REDUCTION, demo_boxes

SCRIPT = Path(__file__).parents[2] / "MammoClassifier" / "Scripts" / "classify_batch.py"
COLUMNS = ["case_id", "lesion_id", "laterality", "view", "file", "box_x", "box_y", "box_w", "box_h"]

headless = pytest.mark.slicer_host(main_window=False, layout_manager=False)


@pytest.fixture
def table(tmp_path, small_exam):
    """A lesion table of one lesion of the small exam."""
    path = tmp_path / "lesions.csv"
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(COLUMNS)
        for view, file in PAIR.items():
            box = [side / REDUCTION for side in demo_boxes()[file]]
            rows.writerow(["case", "1", "L", view, small_exam / file, *box])
    return path


@pytest.fixture
def run(user, monkeypatch):
    """Run the script with arguments as ``Slicer --python-script`` does; return the exit code."""
    import slicer

    def execute(*arguments):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        runpy.run_path(str(SCRIPT), run_name="__main__")
        return slicer.app.exit_code

    return execute


@headless
def test_records_and_a_table_are_written(run, table, tmp_path, capsys):
    from mammopair.record import read_records

    out = tmp_path / "out"
    assert run("--", table, out) == 0
    (record,) = read_records(out / "records.jsonl")
    assert record.case_id == "case"
    assert (out / "table.csv").is_file()
    assert "Research use only" in capsys.readouterr().out


@headless
def test_a_lesion_that_fails_is_named_and_the_others_are_classified(run, table, tmp_path, capsys):
    from mammopair.record import read_records

    (tmp_path / "not-a-film.dcm").write_bytes(b"nothing")
    with table.open("a", newline="") as stream:
        csv.writer(stream).writerow(["bad", "1", "R", "CC", "not-a-film.dcm", 1, 1, 9, 9])
    out = tmp_path / "out"

    assert run(table, out) == 1
    assert len(read_records(out / "records.jsonl")) == 1
    assert "bad lesion 1" in capsys.readouterr().err


@headless
def test_scenes_contain_views_marks_and_results_of_each_case(run, table, tmp_path, small_exam):
    import slicer

    text = table.read_text()
    table.write_text(text.replace("case,1", "../case,1"))
    out = tmp_path / "out"
    assert run(table, out, "--scenes", "--evidence") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0
    (scene,) = (out / "scenes").iterdir()
    assert not (tmp_path / "case.mrb").exists()
    assert len(list((out / "evidence").rglob("*.png"))) == 2

    from MammoClassifierLib.scene.result_nodes import readRecord, resultsInScene
    from mammopair.record import read_records

    slicer.util.loadScene(str(scene), {"clear": True})
    (table,) = resultsInScene()
    assert readRecord(table) == read_records(out / "records.jsonl")[0]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsROINode") == 2


@headless
def test_a_run_is_continued_with_resume_only(run, table, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(table, out) == 0
    assert run(table, out) == 1
    assert "--resume" in capsys.readouterr().err
    assert run(table, out, "--resume") == 0


@headless
def test_wrong_usage_prints_the_usage(run, capsys):
    assert run("--") == 2
    assert "usage: Slicer" in capsys.readouterr().err


@headless
def test_a_missing_table_is_named(run, tmp_path, capsys):
    assert run(tmp_path / "nowhere.csv", tmp_path / "out") == 1
    assert "nowhere.csv" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slicer_host(main_window=False, layout_manager=False, torch=False)
def test_without_torch_there_is_a_message_and_no_dialog(user, run, table, tmp_path, capsys):
    assert run(table, tmp_path / "out") == 1
    assert "torch" in capsys.readouterr().err
    assert user.host.messages == []
    assert user.host.installations == []


@headless
def test_worker_processes_give_the_same_bytes_as_one_process(run, table, tmp_path):
    """In a separate process, as workers start by importing its script."""
    assert run(table, tmp_path / "alone") == 0
    program = [sys.executable, "-m", "Testing.slicer_host.launcher", "--no-splash"]
    program += ["--no-main-window", "--python-script", SCRIPT, "--"]
    ended = subprocess.run(
        [*program, table, tmp_path / "together", "--workers", "2"],
        cwd=SCRIPT.parents[2],
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Research use only") == 1
    alone, together = (tmp_path / name / "records.jsonl" for name in ("alone", "together"))
    assert together.read_bytes() == alone.read_bytes()


@headless
def test_on_windows_workers_are_started_with_the_real_interpreter(user, tmp_path, monkeypatch):
    import multiprocessing
    from multiprocessing import spawn

    from MammoClassifierLib.batch import _useRealInterpreter

    before = spawn.get_executable()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "PythonSlicer.exe"))
    try:
        _useRealInterpreter()
        assert spawn.get_executable() == before
        (tmp_path / "python-real.exe").touch()
        _useRealInterpreter()
        assert Path(os.fsdecode(spawn.get_executable())) == tmp_path / "python-real.exe"
    finally:
        multiprocessing.set_executable(before)


@headless
def test_the_options_are_those_of_the_command_line(user):
    from typer.main import get_command

    from MammoClassifierLib.batch import _parser
    from mammopair.cli import app

    def names(options):
        return {name for name in options if name.startswith("--")}

    ours = names(name for action in _parser()._actions for name in action.option_strings)
    theirs = names(n for one in get_command(app).commands["batch"].params for n in one.opts)
    cluster = {"--scheduler", "--tls-ca", "--tls-cert", "--tls-key"}
    assert ours - {"--scenes", "--help"} == theirs - cluster - {"--json"}
