"""The results of a batch: records in the order of the table, files per lesion, a summary."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from mammopair import __version__
from mammopair.batch.run_folder import read_batch_run
from mammopair.cli import app
from mammopair.cli.batch_command import histogram
from mammopair.errors import InputError
from mammopair.record import read_records
from Testing.engine.batch.archive import (
    LESIONS,
    end,
    failures_of,
    lesion_rows,
    run_local,
    same_results,
    write_table,
)
from Testing.synthetic_lesions import LESION_BOX, film
from Testing.synthetic_mammograms import write_mammogram


@pytest.fixture
def two(archive, tmp_path):
    """A table of two lesions; the films of the second do not exist."""
    rows = [*lesion_rows(0), *lesion_rows(1)]
    for row in rows[:2]:
        row[4] = str(archive / row[4])
    return write_table(tmp_path / "lesions.csv", rows)


def invoke(*arguments):
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


def test_records_are_in_the_order_of_the_table(undisturbed):
    records = read_records(undisturbed / "records.jsonl")
    assert [record.case_id for record in records] == [f"case-{n}" for n in range(LESIONS)]
    assert failures_of(undisturbed) == []


def test_run_json_describes_the_run(undisturbed, ensemble, archive):
    run = read_batch_run(undisturbed)
    assert run.finished
    assert run.model.sha256 == ensemble.sha256
    assert run.software == __version__
    assert run.source == str(archive / "lesions.csv")
    assert (run.lesions, run.records, run.failures) == (LESIONS, LESIONS, 0)


def test_the_index_describes_the_shards(undisturbed):
    index = json.loads((undisturbed / "shards" / "index.json").read_text())
    (entry,) = index.values()
    assert entry["outcomes"] == LESIONS
    assert entry["bytes"] == (undisturbed / "shards" / "000000.jsonl").stat().st_size


def test_progress_counts_lesions_and_failures(two, ensemble_folder, tmp_path):
    progress, _ = run_local(two, tmp_path / "out", ensemble_folder)
    assert (progress[-1].done, progress[-1].total) == (2, 2)
    assert progress[-1].message == "2 lesions, 1 failed"


def test_batch_prints_a_summary_with_a_histogram(two, ensemble_folder, tmp_path):
    result = invoke(two, tmp_path / "out", "--workers", 0, "--model", ensemble_folder)
    assert result.exit_code == 1
    assert "Classified 1 of 2 lesions." in result.output
    assert "Failed lesions: 1;" in result.output
    assert "Probability of malignancy" in result.output
    assert "Research use only" in result.output


def test_batch_prints_its_summary_as_json(two, ensemble_folder, tmp_path):
    result = invoke(two, tmp_path / "out", "--workers", 0, "--model", ensemble_folder, "--json")
    summary = json.loads(result.stdout)
    assert summary["counts"]["records"] == summary["counts"]["failures"] == 1
    assert sum(summary["counts"]["histogram"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--workers", "2", "--scheduler", "tcp://127.0.0.1:9"),
        ("--tls-ca", "ca.pem"),
        ("--scheduler", "tls://127.0.0.1:9", "--tls-key", "me.key"),
        ("--workers", "-1"),
    ],
)
def test_invalid_combinations_of_options_are_wrong_usage(two, tmp_path, arguments):
    assert invoke(two, tmp_path / "out", *arguments).exit_code == 2


def test_bars_are_proportional_to_the_counts():
    lines = histogram([0, 4, 1, 0, 0, 0, 0, 0, 0, 2], width=8).splitlines()
    assert [line.count("#") for line in lines[1:]] == [0, 8, 2, 0, 0, 0, 0, 0, 0, 4]
    assert lines[2].startswith(" 10 to  20 %")


def test_parquet_contains_the_table_and_every_record(undisturbed, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    from mammopair.batch.parquet import write_parquet

    for name in ("records.jsonl", "table.csv"):
        (tmp_path / name).write_bytes((undisturbed / name).read_bytes())
    table = parquet.read_table(write_parquet(tmp_path)).to_pydict()
    lines = (undisturbed / "records.jsonl").read_text().splitlines()
    assert table["record"] == lines
    assert table["case_id"] == [json.loads(line)["case_id"] for line in lines]
    assert table["probability"] == [json.loads(line)["probability"] for line in lines]
    assert table["label"] == [None] * LESIONS


def test_parquet_without_records_is_empty(ensemble_folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = write_table(tmp_path / "lesions.csv", lesion_rows(0))
    out = tmp_path / "out"
    invoke(table, out, "--workers", 0, "--model", ensemble_folder, "--parquet")
    assert parquet.read_table(out / "records.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("distributed", (), "batch"), ("pyarrow", ("--workers", "0", "--parquet"), "parquet")],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    two, tmp_path, monkeypatch, module, arguments, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    result = invoke(two, tmp_path / "out", *arguments)
    assert f"mammopair[{extra}]" in str(result.exception)


FILES = ("--dicom", "--report", "--page", "--evidence")


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """A table of two lesions on the same two films, and a third on films of its own, in DICOM."""
    folder = tmp_path_factory.mktemp("exam")
    for number, view in enumerate(("CC", "MLO", "CC", "MLO")):
        pixels = (film(seed=number).pixels * 4095).astype("uint16")
        name, side = ("a", "R") if number < 2 else ("b", "L")
        write_mammogram(
            folder / f"{name}{view}.dcm",
            pixels,
            ImageLaterality=side,
            ViewPosition=view,
            PatientID=name,
        )
    rows = [
        [case, lesion, side, view, f"{name}{view}.dcm", *LESION_BOX]
        for case, lesion, side, name in (
            ("a/../b", "1", "R", "a"),
            ("c", "1", "L", "b"),
            ("a/../b", "2", "R", "a"),
        )
        for view in ("CC", "MLO")
    ]
    return write_table(folder / "lesions.csv", rows)


def test_files_of_each_kind_are_written_for_each_lesion(exam, ensemble_folder, tmp_path):
    from PIL import Image
    from pydicom import dcmread

    from mammopair import RESEARCH_USE_ONLY

    result = invoke(exam, tmp_path, "--workers", 0, "--model", ensemble_folder, *FILES)
    assert result.exit_code == 0, failures_of(tmp_path)
    folders = sorted((tmp_path / "dicom").glob("*/*"))
    assert len(folders) == 3
    for folder in folders:
        lesion = folder.relative_to(tmp_path / "dicom")
        assert {"report.dcm", "picture.dcm"} <= {path.name for path in folder.iterdir()}
        assert dcmread(folder / "report.dcm").Modality == "SR"
        assert (tmp_path / "report" / lesion / "report.html").is_file()
        pictures = (tmp_path / "evidence" / lesion).iterdir()
        assert {path.name for path in pictures} == {"CC.png", "MLO.png"}
        with Image.open(tmp_path / "evidence" / lesion / "CC.png") as picture:
            assert picture.info["Comment"] == RESEARCH_USE_ONLY
    assert (tmp_path / "report.html").read_text("utf-8").count("<article") == 3


def test_classify_and_batch_write_the_same_bytes(exam, ensemble_folder, tmp_path):
    from mammopair.batch.run_folder import FAILURES, PAGE, RECORDS, TABLE

    common = ("--model", ensemble_folder, "--explain", *FILES)
    classified = CliRunner().invoke(
        app, ["classify", str(exam), "--out", str(tmp_path / "one"), *map(str, common)]
    )
    assert classified.exit_code == 0, classified.stderr
    assert invoke(exam, tmp_path / "other", "--workers", 0, *common).exit_code == 0
    for name in (RECORDS, TABLE, FAILURES, PAGE):
        one, other = (tmp_path / run / name for run in ("one", "other"))
        assert one.read_bytes() == other.read_bytes(), name


@pytest.mark.parametrize("command", ["classify", "batch"])
def test_each_film_is_decoded_once_whatever_is_written(
    exam, ensemble_folder, tmp_path, monkeypatch, command
):
    from mammopair.io import dicom

    decoded = []
    original = dicom.decode_pixels

    def decode(dataset, path):
        decoded.append(path.name)
        return original(dataset, path)

    monkeypatch.setattr(dicom, "decode_pixels", decode)
    common = ("--model", ensemble_folder, "--explain", *FILES)
    where = ("--out", tmp_path) if command == "classify" else (tmp_path, "--workers", 0)
    arguments = map(str, (command, exam, *where, *common))
    assert CliRunner().invoke(app, list(arguments)).exit_code == 0
    assert sorted(decoded) == ["aCC.dcm", "aMLO.dcm", "bCC.dcm", "bMLO.dcm"]


def test_workers_explain_lesions_as_this_process_does(batch, exam, ensemble_folder, tmp_path):
    common = ("--model", ensemble_folder, "--explain")
    assert invoke(exam, tmp_path / "one", "--workers", 0, *common).exit_code == 0
    end(batch(exam, tmp_path / "two", "--workers", 2, "--explain"), 0)
    for record in read_records(tmp_path / "two" / "records.jsonl"):
        for view in record.views:
            for path in view.explanation.counterfactuals:
                assert (tmp_path / "two" / path.file).is_file()
    assert all(same_results(tmp_path / "two", tmp_path / "one"))


def test_a_folder_with_a_batch_is_not_overwritten_by_classify(exam, ensemble_folder, tmp_path):
    assert invoke(exam, tmp_path, "--workers", 0, "--model", ensemble_folder).exit_code == 0
    arguments = ("classify", exam, "--out", tmp_path, "--model", ensemble_folder)
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(result.exception, InputError)
    assert "contains another run" in str(result.exception)


def test_a_file_that_cannot_be_written_is_a_failure_besides_the_record(
    two, ensemble_folder, tmp_path
):
    out = tmp_path / "out"
    invoke(two, out, "--workers", 0, "--model", ensemble_folder, "--dicom")
    assert len(read_records(out / "records.jsonl")) == 1
    steps = {(failure["case_id"], failure["step"]) for failure in failures_of(out)}
    assert steps == {("case-0", "dicom"), ("case-1", "classify")}
