"""The feature table is a cache: only what has changed is measured again."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, compute_features
from mammopair.io.crop_folder import read_crop, read_index
from mammopair_research.handcrafted import feature_table
from mammopair_research.handcrafted.feature_table import COLUMNS, measure_folder
from Testing.stepwise import drive
from Testing.synthetic_lesions import lesion_picture, read_crop_rows, write_index, write_png


@pytest.fixture
def folder(crop_folder, tmp_path):
    """Return a folder of six crops that a test may change."""
    found = tmp_path / "own-crops"
    shutil.copytree(crop_folder, found)
    return write_index(found, read_crop_rows(found)[:6])


@pytest.fixture
def measured(monkeypatch):
    """Return a list that collects the files whose features are measured."""
    files = []

    def record(folder, row, measure=feature_table._measure):
        files.append(row.file)
        return measure(folder, row)

    monkeypatch.setattr(feature_table, "_measure", record)
    return files


def test_a_second_run_reads_the_features_from_the_table(folder, measured):
    rows, path = read_index(folder), folder / "features.csv"
    first = drive(measure_folder(folder, rows, path))[1]
    assert measured == [row.file for row in rows]
    expected = compute_features(read_crop(folder, rows[2]), rows[2].box)
    assert first.values[2] == pytest.approx([expected[name] for name in FEATURE_NAMES])
    assert first.column("shape_area")[2] == expected["shape_area"]
    written = path.read_bytes()

    measured.clear()
    second = drive(measure_folder(folder, rows, path))[1]
    assert measured == []
    assert np.array_equal(second.values, first.values)
    assert path.read_bytes() == written


def test_a_crop_is_measured_again_if_its_image_or_box_has_changed(folder, measured):
    path = folder / "features.csv"
    drive(measure_folder(folder, read_index(folder), path))[1]
    cells = read_crop_rows(folder)
    cells[1]["lesion_w"] = "100"
    write_index(folder, cells)
    write_png(folder / cells[4]["file"], lesion_picture(True, 99))
    measured.clear()
    drive(measure_folder(folder, read_index(folder), path))[1]
    assert measured == [cells[1]["file"], cells[4]["file"]]


def test_an_interrupted_run_keeps_the_measured_features(folder, measured):
    rows, path = read_index(folder), folder / "features.csv"
    steps = measure_folder(folder, rows, path)
    next(steps), next(steps)
    steps.close()
    measured.clear()
    drive(measure_folder(folder, rows, path))[1]
    assert measured == [row.file for row in rows[2:]]


def test_an_unreadable_crop_is_named_and_the_others_are_kept(folder, measured):
    rows, path = read_index(folder), folder / "features.csv"
    (folder / rows[3].file).write_bytes(b"not an image")
    with pytest.raises(InputError) as caught:
        drive(measure_folder(folder, rows, path))[1]
    assert rows[3].file in caught.value.subject
    write_png(folder / rows[3].file, lesion_picture(True, 1))
    measured.clear()
    drive(measure_folder(folder, rows, path))[1]
    assert measured == [row.file for row in rows[3:]]


def test_two_processes_give_the_same_features_as_one(folder, pool):
    rows = read_index(folder)
    sequential = drive(measure_folder(folder, rows, folder / "one.csv"))[1]
    parallel = drive(measure_folder(folder, rows, folder / "two.csv", pool=pool))[1]
    assert np.array_equal(sequential.values, parallel.values)


def test_another_file_is_not_overwritten(folder):
    before = (folder / "crops.csv").read_bytes()
    with pytest.raises(InputError, match="is not a table of features"):
        drive(measure_folder(folder, read_index(folder), folder / "crops.csv"))[1]
    assert (folder / "crops.csv").read_bytes() == before


def test_a_table_of_other_features_or_a_truncated_row_is_measured_again(folder, measured):
    rows, path = read_index(folder), folder / "features.csv"
    whole = drive(measure_folder(folder, rows, path))[1]
    text = path.read_text("utf-8")
    path.write_text(text.replace(COLUMNS[-1], "old_feature"), "utf-8")
    measured.clear()
    drive(measure_folder(folder, rows, path))[1]
    assert len(measured) == len(rows)
    for lost in (3, 400):
        path.write_text(text[:-lost], "utf-8")
        measured.clear()
        again = drive(measure_folder(folder, rows, path))[1]
        assert measured == [rows[-1].file]
        assert np.array_equal(again.values, whole.values)
