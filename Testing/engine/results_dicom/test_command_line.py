"""``--dicom`` on the command line: what is written, and what a view that is no DICOM does."""

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
    """Two lesions in DICOM and one on a picture that is none."""
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
def answered(table, ensemble_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    options = ("--model", ensemble_folder, "--device", "cpu", "--out", out)
    return run("classify", table, "--dicom", *options), out


def test_each_lesion_has_its_objects_in_a_folder_of_its_own(answered):
    _, out = answered
    folders = sorted(path for path in (out / "dicom").glob("*/*"))
    assert [path.name for path in folders] == ["1", "2"]
    for folder in folders:
        names = {path.name for path in folder.iterdir()}
        assert {"report.dcm", "picture.dcm", "CC-evidence-map.dcm"} <= names


def test_the_objects_say_what_the_records_say(answered):
    _, out = answered
    for record, path in zip(
        read_records(out / "records.jsonl")[:2], sorted(out.glob("dicom/*/*")), strict=True
    ):
        stored = pydicom.dcmread(path / "MLO-evidence-map.dcm").pixel_array
        assert np.array_equal(stored, np.float32(record.views[1].evidence.cells))


def test_a_picture_that_is_no_dicom_is_named_and_everything_else_is_written(answered):
    result, out = answered
    assert result.exit_code == 1
    assert "c lesion 1: " in result.stderr
    assert "film.png: is not a DICOM file, so no DICOM result can refer to it" in result.stderr
    assert len(read_records(out / "records.jsonl")) == 3
    assert (out / "report.html").exists()


def test_without_the_option_no_dicom_is_written(table, ensemble_folder, tmp_path):
    result = run("classify", table, "--model", ensemble_folder, "--out", tmp_path)
    assert result.exit_code == 0
    assert not (tmp_path / "dicom").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--dicomweb", "http://127.0.0.1:1"], "--dicomweb and --study go together"),
        (["--study", "1.2.3"], "--dicomweb and --study go together"),
        (
            ["--dicomweb", "http://127.0.0.1:1", "--study", "1.2", "--cc", "x.dcm"],
            "with --dicomweb give boxes or a manifest",
        ),
    ],
)
def test_options_of_an_archive_that_do_not_go_together_are_wrong_usage(arguments, sentence):
    result = run("classify", *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.replace("│", " ").split())
