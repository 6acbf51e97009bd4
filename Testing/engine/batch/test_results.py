"""What a batch leaves: results in the manifest's order, outputs a lesion, a summary."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from mammopair import __version__
from mammopair.batch.run_folder import read_batch_run
from mammopair.cli import app
from mammopair.cli.batch_command import histogram
from mammopair.record import read_records
from Testing.engine.batch.archive import (
    LESIONS,
    failures_of,
    lesion_rows,
    run_alone,
    write_manifest,
)
from Testing.synthetic_lesions import LESION_BOX, film
from Testing.synthetic_mammograms import write_mammogram


@pytest.fixture
def two(archive, tmp_path):
    """A manifest of two lesions, the second of which has a film that is none."""
    rows = [*lesion_rows(0), *lesion_rows(1)]
    for row in rows[:2]:
        row[4] = str(archive / row[4])
    return write_manifest(tmp_path / "lesions.csv", rows)


def invoke(*arguments):
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


def test_records_come_in_the_order_of_the_manifest(undisturbed):
    records = read_records(undisturbed / "records.jsonl")
    assert [record.case_id for record in records] == [f"case-{n}" for n in range(LESIONS)]
    assert failures_of(undisturbed) == []


def test_a_run_says_what_it_was(undisturbed, ensemble, archive):
    run = read_batch_run(undisturbed)
    assert run.finished
    assert run.model.sha256 == ensemble.sha256
    assert run.software == __version__
    assert run.manifest == str(archive / "lesions.csv")
    assert (run.lesions, run.records, run.failures) == (LESIONS, LESIONS, 0)


def test_the_index_says_what_is_in_the_shards(undisturbed):
    index = json.loads((undisturbed / "shards" / "index.json").read_text())
    (entry,) = index.values()
    assert entry["outcomes"] == LESIONS
    assert entry["bytes"] == (undisturbed / "shards" / "000000.jsonl").stat().st_size


def test_progress_counts_lesions_and_failures(two, ensemble_folder, tmp_path):
    progress, _ = run_alone(two, tmp_path / "out", ensemble_folder)
    assert (progress[-1].done, progress[-1].total) == (2, 2)
    assert progress[-1].message == "2 lesions, 1 failed"


def test_the_command_prints_a_summary_with_a_histogram(two, ensemble_folder, tmp_path):
    result = invoke(two, tmp_path / "out", "--workers", 0, "--model", ensemble_folder)
    assert result.exit_code == 1
    assert "1 of 2 lesions classified, 1 with a failure" in " ".join(result.output.split())
    assert "Probability of malignancy" in result.output
    assert "Research use only" in result.output


def test_the_command_prints_json_for_machines(two, ensemble_folder, tmp_path):
    result = invoke(two, tmp_path / "out", "--workers", 0, "--model", ensemble_folder, "--json")
    summary = json.loads(result.stdout)
    assert summary["tally"]["records"] == summary["tally"]["failures"] == 1
    assert sum(summary["tally"]["histogram"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--workers", "2", "--scheduler", "tcp://127.0.0.1:9"),
        ("--tls-ca", "ca.pem"),
        ("--scheduler", "tls://127.0.0.1:9", "--tls-key", "me.key"),
        ("--workers", "-1"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(two, tmp_path, arguments):
    assert invoke(two, tmp_path / "out", *arguments).exit_code == 2


def test_bars_are_as_long_as_their_share():
    lines = histogram([0, 4, 1, 0, 0, 0, 0, 0, 0, 2], width=8).splitlines()
    assert [line.count("#") for line in lines[1:]] == [0, 8, 2, 0, 0, 0, 0, 0, 0, 4]
    assert lines[2].startswith(" 10 to  20 %")


def test_parquet_holds_the_table_and_every_record(undisturbed, tmp_path):
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


def test_parquet_of_no_record_is_empty(ensemble_folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    manifest = write_manifest(tmp_path / "lesions.csv", lesion_rows(0))
    out = tmp_path / "out"
    invoke(manifest, out, "--workers", 0, "--model", ensemble_folder, "--parquet")
    assert parquet.read_table(out / "records.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("distributed", (), "batch"), ("pyarrow", ("--workers", "0", "--parquet"), "parquet")],
)
def test_what_is_not_installed_is_said_with_the_command(
    two, tmp_path, monkeypatch, module, arguments, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    result = invoke(two, tmp_path / "out", *arguments)
    assert f"mammopair[{extra}]" in str(result.exception)


def test_dicom_objects_report_and_pictures_are_written_for_each_lesion(ensemble_folder, tmp_path):
    from pydicom import dcmread

    for number, view in enumerate(("CC", "MLO")):
        pixels = (film(seed=number).pixels * 4095).astype("uint16")
        write_mammogram(tmp_path / f"{view}.dcm", pixels, ImageLaterality="R", ViewPosition=view)
    rows = [["a/../b", "1", "R", view, f"{view}.dcm", *LESION_BOX] for view in ("CC", "MLO")]
    manifest, out = write_manifest(tmp_path / "lesions.csv", rows), tmp_path / "out"
    arguments = ("--workers", 0, "--model", ensemble_folder, "--dicom", "--report", "--evidence")
    result = invoke(manifest, out, *arguments)
    assert result.exit_code == 0, failures_of(out)
    (folder,) = (out / "dicom").glob("*/1")
    assert {"report.dcm", "picture.dcm"} <= {path.name for path in folder.iterdir()}
    assert dcmread(folder / "report.dcm").Modality == "SR"
    assert (out / "report" / folder.parent.name / "1" / "report.html").is_file()
    pictures = out / "evidence" / folder.parent.name / "1"
    assert {path.name for path in pictures.iterdir()} == {"CC.png", "MLO.png"}


def test_an_output_that_cannot_be_made_is_a_failure_beside_the_record(
    two, ensemble_folder, tmp_path
):
    out = tmp_path / "out"
    invoke(two, out, "--workers", 0, "--model", ensemble_folder, "--dicom")
    assert len(read_records(out / "records.jsonl")) == 1
    steps = {(failure["case_id"], failure["step"]) for failure in failures_of(out)}
    assert steps == {("case-0", "dicom"), ("case-1", "classify")}
