"""``--dicom`` on the command line: the files, and views that are not DICOM files."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from PIL import Image
from typer.testing import CliRunner

from mammopair.cli import app
from mammopair.record import read_records
from Testing.engine.results_dicom.lesions import BOXES, write_pair
from Testing.synthetic_mammograms import breast


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("exam"))


@pytest.fixture(scope="module")
def table(exam):
    """Write a lesion table with two lesions on DICOM files and one on a PNG file."""
    rows = ["case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h"]
    for lesion in ("1", "2"):
        for name, box in BOXES.items():
            rows.append(f"a/b,{lesion},L,{name},{name}.dcm,{','.join(map(str, box))}")
    picture = (breast(120, 90) >> 4).astype(np.uint8)
    Image.fromarray(picture).save(exam["CC"].with_name("film.png"))
    rows.append(f"c,1,L,CC,film.png,{','.join(map(str, BOXES['CC']))}")
    path = exam["CC"].with_name("lesions.csv")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def classified(table, ensemble_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    options = ("--model", ensemble_folder, "--device", "cpu", "--out", out)
    return run("classify", table, "--dicom", *options), out


def test_each_lesion_has_a_folder_with_its_objects(classified):
    _, out = classified
    folders = sorted(path for path in (out / "dicom").glob("*/*"))
    assert [path.name for path in folders] == ["1", "2"]
    for folder in folders:
        names = {path.name for path in folder.iterdir()}
        assert {"report.dcm", "picture.dcm", "CC-evidence-map.dcm"} <= names


def test_the_evidence_in_the_objects_is_that_of_the_records(classified):
    _, out = classified
    for record, path in zip(
        read_records(out / "records.jsonl")[:2], sorted(out.glob("dicom/*/*")), strict=True
    ):
        stored = pydicom.dcmread(path / "MLO-evidence-map.dcm").pixel_array
        assert np.array_equal(stored, np.float32(record.views[1].evidence.cells))


def test_a_file_that_is_not_dicom_is_reported_and_everything_else_is_written(classified):
    result, out = classified
    assert result.exit_code == 1
    assert "c lesion 1: " in result.stderr
    assert "film.png: is not a DICOM file, so DICOM results cannot refer to it" in result.stderr
    assert len(read_records(out / "records.jsonl")) == 3
    assert (out / "report.html").exists()


def test_without_the_option_no_dicom_is_written(table, ensemble_folder, tmp_path):
    result = run("classify", table, "--model", ensemble_folder, "--out", tmp_path)
    assert result.exit_code == 0
    assert not (tmp_path / "dicom").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--dicomweb", "http://127.0.0.1:1"], "specify --dicomweb and --study together"),
        (["--study", "1.2.3"], "specify --dicomweb and --study together"),
        (
            ["--dicomweb", "http://127.0.0.1:1", "--study", "1.2", "--cc", "x.dcm"],
            "with --dicomweb specify boxes or a lesion table",
        ),
    ],
)
def test_incompatible_dicomweb_options_are_a_usage_error(arguments, sentence):
    result = run("classify", *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.replace("│", " ").split())
