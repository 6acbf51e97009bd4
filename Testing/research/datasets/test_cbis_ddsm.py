"""CBIS-DDSM as the archive delivers it becomes a crop folder, and what does not match is named."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from mammopair.crop import PATCH_SIDE, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.io.dicom import read_dicom
from mammopair.progress import exhaust
from mammopair.view import Acquisition, Box, Spacing, SpacingMeaning
from mammopair_research.datasets.cbis_ddsm.case_descriptions import (
    Split,
    find_case_file,
    read_case_descriptions,
)
from mammopair_research.datasets.cbis_ddsm.crop_table import assign_pairs, crop_name
from mammopair_research.datasets.cbis_ddsm.preparation import prepare_crop_folder
from mammopair_research.datasets.training_data import load_patches
from Testing.command_line import files_no_larger_than, written
from Testing.research.datasets.cbis_ddsm_tree import (
    LAYOUTS,
    demo_films,
    ellipse,
    write_collection,
    write_image,
)

BENIGN = "Mass-Training_P_00173_LEFT_CC_1"
MALIGNANT = "Mass-Training_P_00820_LEFT_MLO_1"
AT_EDGE = "Mass-Training_P_00820_LEFT_CC_1"
OF_TWO = "Mass-Training_P_00173_RIGHT_CC_2"
"""A film with two masses; mask and crop of the second are in series of their own."""


@pytest.fixture(scope="module", params=LAYOUTS)
def any_layout(request, tmp_path_factory):
    return write_collection(tmp_path_factory.mktemp("archive") / "c", request.param)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return write_collection(tmp_path_factory.mktemp("archive") / "c")


@pytest.fixture
def collection(pristine, tmp_path):
    """A copy to change; paths are those of the copy."""
    folder = tmp_path / "archive"
    shutil.copytree(pristine.folder, folder)

    def moved(paths):
        return {name: folder / path.relative_to(pristine.folder) for name, path in paths.items()}

    return type(pristine)(
        folder,
        moved(pristine.films),
        moved(pristine.masks),
        moved(pristine.crops),
        dict(pristine.boxes),
        [dict(row) for row in pristine.rows],
        folder / pristine.case_file.name,
    )


def prepare(collection, out, split=Split.TRAIN):
    return exhaust(prepare_crop_folder(collection.folder, out, split))


def reported(out):
    """``lesion -> (outcome, code)`` of ``report.csv``; each lesion has one entry in these tests."""
    with (out / "report.csv").open(newline="", encoding="utf-8") as stream:
        entries = list(csv.DictReader(stream))
    assert all(entry["message"].endswith(".") for entry in entries)
    found = {entry["lesion"]: (entry["outcome"], entry["code"]) for entry in entries}
    assert len(found) == len(entries)
    return found


def names(out):
    return {row.file.removeprefix("crops/").removesuffix(".png") for row in read_index(out)}


def film_view(path, millimetres=0.05):
    view = read_dicom(path)
    spacing = Spacing(millimetres, millimetres, SpacingMeaning.FILM)
    return type(view)(**{**vars(view), "spacing": spacing})


def test_either_folder_layout_gives_the_crops_that_inference_cuts_from_the_films(
    any_layout, tmp_path
):
    preparation = prepare(any_layout, tmp_path)
    rows = read_index(tmp_path)
    assert preparation.rows == tuple(rows)
    assert names(tmp_path) == set(any_layout.boxes)
    assert reported(tmp_path) == {}
    for row in rows:
        name = row.file.removeprefix("crops/").removesuffix(".png")
        box = any_layout.boxes[name]
        assert row.film_box == box
        path = any_layout.films[name.rsplit("_", 1)[0]]
        assert any_layout.folder / row.film == path
        film = film_view(path)
        square = place_square(film, box)
        crop = read_crop(tmp_path, row)
        assert np.abs(crop.pixels - cut_patch(film, square)).max() <= 0.5 / 255 + 1e-6
        assert vars(row.box) == pytest.approx(vars(square.box_on_grid(box, PATCH_SIDE)), abs=0.01)
        assert crop.spacing.row * PATCH_SIDE == pytest.approx(square.width * 0.05, rel=1e-4)
        assert crop.acquisition is Acquisition.FILM
        assert row.scanner == "LUMISYS"


def test_training_reads_the_crops_as_they_are(pristine, tmp_path):
    prepare(pristine, tmp_path)
    rows = read_index(tmp_path)
    for row, patch in zip(rows, load_patches(tmp_path, rows), strict=True):
        with Image.open(tmp_path / row.file) as image:
            stored = np.asarray(image)
        assert stored.shape == (PATCH_SIDE, PATCH_SIDE)
        # The square of a lesion at the edge of its film is placed anew from rounded numbers.
        assert np.abs(patch.astype(int) - stored.astype(int)).mean() < 1


def test_rows_have_the_case_descriptions_and_the_size_in_millimetres(pristine, tmp_path):
    prepare(pristine, tmp_path)
    with (tmp_path / "crops.csv").open(newline="", encoding="utf-8") as stream:
        rows = {cells["file"][6:-4]: cells for cells in csv.DictReader(stream)}
    row = rows[MALIGNANT]
    described = ("patient_id", "laterality", "view", "abnormality_id", "pathology", "label")
    assert [row[name] for name in described] == ["P_00820", "LEFT", "MLO", "1", "MALIGNANT", "1"]
    described = ("mass_shape", "mass_margins", "breast_density", "assessment", "subtlety", "split")
    expected = ["IRREGULAR-ARCHITECTURAL_DISTORTION", "SPICULATED", "3", "5", "4", "train"]
    assert [row[name] for name in described] == expected
    box = pristine.boxes[MALIGNANT]
    assert float(row["lesion_w_mm"]) == pytest.approx(box.width * 0.05, abs=0.02)
    assert float(row["lesion_h_mm"]) == pytest.approx(box.height * 0.05, abs=0.02)
    assert rows[BENIGN]["mass_margins"] == ""  # NA in the case descriptions
    assert rows[BENIGN]["label"] == "0"


def test_only_a_breast_with_one_mass_of_a_class_in_each_view_is_paired(pristine, tmp_path):
    prepare(pristine, tmp_path)
    pairs = {row.file[6:-4]: row.pair_id for row in read_index(tmp_path)}
    assert {pair for pair in pairs.values() if pair} == {
        "P_00173_LEFT",
        "P_00820_LEFT",
        "P_00820_RIGHT",
    }
    assert pairs[OF_TWO] == ""


def test_a_mass_that_lost_a_view_is_not_paired(collection, tmp_path):
    collection.masks[BENIGN].unlink()
    prepare(collection, tmp_path / "out")
    assert {row.pair_id for row in read_index(tmp_path / "out") if "173_LEFT" in row.file} == {""}


def test_a_breast_with_a_further_mass_of_unknown_class_is_not_paired(collection, tmp_path):
    (row,) = [row for row in collection.rows if "P_00173_LEFT_CC_1" in row["ROI mask file path"]]
    collection.write_rows([*collection.rows, {**row, "abnormality id": "2", "pathology": "?"}])
    prepare(collection, tmp_path / "out")
    assert {row.pair_id for row in read_index(tmp_path / "out") if "173_LEFT" in row.file} == {""}


def test_the_official_case_file_gives_the_pairs_and_terms_of_the_prepared_collection(cbis):
    cases = read_case_descriptions(find_case_file(cbis, Split.TRAIN), Split.TRAIN)
    assert cases.discrepancies == ()
    pairs = assign_pairs(cases)
    described = {crop_name(mass): mass for mass in cases.masses}
    prepared = read_index(cbis)
    assert set(described) == {row.file for row in prepared}
    terms = ("label", "mass_shape", "mass_margins", "breast_density", "assessment", "subtlety")
    for row in prepared:
        mass = described[row.file]
        assert pairs.get(mass.name, "") == row.pair_id
        for term in terms:
            assert getattr(mass, term) == getattr(row, term)


@pytest.mark.parametrize("name", [BENIGN, OF_TWO])
def test_a_swapped_mask_and_crop_are_recognised_by_content(collection, tmp_path, name):
    crop, mask = collection.crops[name], collection.masks[name]
    crop_bytes, mask_bytes = crop.read_bytes(), mask.read_bytes()
    series = {path: read_series(path) for path in (crop, mask)}
    crop.write_bytes(mask_bytes)
    mask.write_bytes(crop_bytes)
    for path in (crop, mask):  # each file keeps the header of its series
        set_series(path, *series[path])
    out = tmp_path / "out"
    prepare(collection, out)
    assert reported(out) == {name: ("note", "swapped-mask")}
    assert {row.film_box for row in read_index(out) if name in row.file} == {collection.boxes[name]}


def test_a_swap_is_recognised_where_the_archive_changed_the_series_uids(collection, tmp_path):
    crop, mask = collection.crops[OF_TWO], collection.masks[OF_TWO]
    crop_bytes = crop.read_bytes()
    crop.write_bytes(mask.read_bytes())
    mask.write_bytes(crop_bytes)
    set_series(crop, "1.2.3", "cropped images")
    set_series(mask, "1.2.4", "ROI mask images")
    prepare(collection, tmp_path / "out")
    assert reported(tmp_path / "out") == {OF_TWO: ("note", "swapped-mask")}


def read_series(path):
    from pydicom import dcmread

    dataset = dcmread(path, stop_before_pixels=True)
    return dataset.SeriesInstanceUID, dataset.SeriesDescription


def set_series(path, uid, description):
    from pydicom import dcmread

    dataset = dcmread(path)
    dataset.SeriesInstanceUID, dataset.SeriesDescription = uid, description
    dataset.save_as(path)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:2000])


def rewrite(path, name, pixels, description="ROI mask images"):
    uid, _ = read_series(path)
    write_image(path, name, description, pixels, uid)


def shape_of(collection, name):
    return read_dicom(collection.films[name.rsplit("_", 1)[0]]).pixels.shape


LEFT_OUT = {
    "missing-film": lambda c: c.films[BENIGN[:-2]].unlink(),
    "unreadable-film": lambda c: cut_off(c.films[BENIGN[:-2]]),
    "several-films": lambda c: [
        set_series(c.films[BENIGN[:-2]], "1.2.3", "full mammogram images"),
        shutil.copy(c.films[BENIGN[:-2]], c.films[BENIGN[:-2]].with_name("1-2.dcm")),
    ],
    "missing-roi-series": lambda c: shutil.rmtree(c.masks[BENIGN].parent),
    "missing-mask": lambda c: c.masks[BENIGN].unlink(),
    "unreadable-file": lambda c: cut_off(c.masks[BENIGN]),
    "empty-mask": lambda c: rewrite(
        c.masks[BENIGN], BENIGN, np.zeros(shape_of(c, BENIGN), np.uint8)
    ),
    "several-masks": lambda c: rewrite(
        c.crops[BENIGN], BENIGN, ellipse(shape_of(c, BENIGN), Box(10, 20, 300, 200))
    ),
    "size-mismatch": lambda c: rewrite(
        c.masks[BENIGN], BENIGN, ellipse((900, 300), Box(10, 20, 30, 20))
    ),
}


@pytest.mark.parametrize("code", LEFT_OUT)
def test_a_mass_that_cannot_be_prepared_is_named_and_the_others_are_prepared(
    collection, tmp_path, code
):
    LEFT_OUT[code](collection)
    out = tmp_path / "out"
    preparation = prepare(collection, out)
    assert reported(out) == {BENIGN: ("left out", code)}
    assert names(out) == set(collection.boxes) - {BENIGN}
    assert [entry.lesion for entry in preparation.left_out] == [BENIGN]


def with_speck(collection):
    mask = ellipse(shape_of(collection, BENIGN), collection.boxes[BENIGN])
    mask[3:5, 4:9] = 255
    rewrite(collection.masks[BENIGN], BENIGN, mask)


NOTES = {
    "separate-regions": with_speck,
    "unreadable-file": lambda c: cut_off(c.crops[BENIGN]),
    "several-masks": lambda c: shutil.copy(c.masks[BENIGN], c.masks[BENIGN].with_name("1-3.dcm")),
}


@pytest.mark.parametrize("code", NOTES)
def test_what_does_not_prevent_the_preparation_is_a_note(collection, tmp_path, code):
    NOTES[code](collection)
    out = tmp_path / "out"
    assert prepare(collection, out).left_out == ()
    assert reported(out) == {BENIGN: ("note", code)}
    boxes = {row.file[6:-4]: row.film_box for row in read_index(out)}
    assert boxes == collection.boxes


def test_of_several_files_of_a_film_the_listed_one_is_used(collection, tmp_path):
    film = collection.films[BENIGN[:-2]]
    other = film.parent.with_name("0.000000-full mammogram images-1") / film.name
    other.parent.mkdir()
    shutil.copy(film, other)
    set_series(other, "1.2.3", "full mammogram images")
    prepare(collection, tmp_path / "out")
    assert reported(tmp_path / "out") == {}
    (row,) = [row for row in read_index(tmp_path / "out") if BENIGN in row.file]
    assert collection.folder / row.film == film


def test_a_mask_of_the_films_size_goes_before_another_image_of_two_values(collection, tmp_path):
    rewrite(collection.crops[BENIGN], BENIGN, ellipse((300, 300), Box(10, 20, 50, 60)))
    prepare(collection, tmp_path / "out")
    assert reported(tmp_path / "out") == {}
    boxes = {row.file[6:-4]: row.film_box for row in read_index(tmp_path / "out")}
    assert boxes == collection.boxes


def test_the_box_is_rescaled_where_the_mask_has_another_resolution(collection, tmp_path):
    rows, columns = shape_of(collection, BENIGN)
    box = collection.boxes[BENIGN]
    scale = 0.0435 / 0.05
    small = Box(*(value * scale for value in (box.x, box.y, box.width, box.height)))
    shape = (round(rows * scale), round(columns * scale))
    rewrite(collection.masks[BENIGN], BENIGN, ellipse(shape, small))
    out = tmp_path / "out"
    prepare(collection, out)
    assert reported(out) == {BENIGN: ("note", "size-mismatch")}
    (found,) = [row.film_box for row in read_index(out) if BENIGN in row.file]
    assert vars(found) == pytest.approx(vars(box), abs=2)


def test_a_film_of_no_known_scanner_gets_no_millimetres(collection, tmp_path):
    film = next(film for film in demo_films() if BENIGN.startswith(f"Mass-Training_{film.name}"))
    smooth = (film.stored.astype(float) + np.roll(film.stored, 1, axis=0)) / 2
    path = collection.films[BENIGN[:-2]]
    rewrite(path, BENIGN[:-2], smooth.astype(np.uint16), "full mammogram images")
    out = tmp_path / "out"
    prepare(collection, out)
    assert reported(out) == {BENIGN: ("note", "unknown-scanner")}
    (row,) = [row for row in read_index(out) if BENIGN in row.file]
    assert row.mm_per_crop_px is None
    assert row.scanner == ""
    assert read_crop(out, row).spacing is None


def test_an_interrupted_run_continues_and_gives_the_same_tables(collection, tmp_path):
    collection.masks[AT_EDGE].unlink()
    with_speck(collection)
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    prepare(collection, whole)
    steps = prepare_crop_folder(collection.folder, resumed)
    for _ in range(4):
        next(steps)
    steps.close()
    cut = {path: path.stat().st_mtime_ns for path in (resumed / "crops").iterdir()}
    assert 0 < len(cut) < len(collection.boxes) - 1
    assert not (resumed / "crops.csv").exists()  # or training would use a part of the collection
    preparation = prepare(collection, resumed)
    assert preparation.kept == len(cut)
    assert all(path.stat().st_mtime_ns == time for path, time in cut.items())
    for name in ("crops.csv", "report.csv"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()


def test_a_second_run_adds_what_was_downloaded_since_and_replaces_a_damaged_crop(
    collection, tmp_path
):
    mask = collection.masks[BENIGN].read_bytes()
    collection.masks[BENIGN].unlink()
    assert len(prepare(collection, tmp_path / "out").left_out) == 1
    collection.masks[BENIGN].write_bytes(mask)
    cut_off(tmp_path / "out" / "crops" / f"{OF_TWO}.png")
    preparation = prepare(collection, tmp_path / "out")
    assert preparation.left_out == ()
    assert preparation.kept == len(collection.boxes) - 2
    rows = read_index(tmp_path / "out")
    for row in rows:
        read_crop(tmp_path / "out", row)
    assert {row.pair_id for row in rows if "173_LEFT" in row.file} == {"P_00173_LEFT"}


def test_a_full_disk_ends_the_run_and_leaves_no_partial_file(collection, tmp_path):
    with files_no_larger_than(20_000), pytest.raises(InputError, match=r"\.png: cannot be written"):
        prepare(collection, tmp_path / "out")
    assert written(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("change", "entries"),
    [
        (lambda row: {**row}, {BENIGN: ("note", "duplicate-row")}),
        (
            lambda row: {**row, "pathology": "MALIGNANT"},
            {BENIGN: ("left out", "conflicting-rows")},
        ),
    ],
)
def test_repeated_rows_are_reported(collection, tmp_path, change, entries):
    (row,) = [row for row in collection.rows if "P_00173_LEFT_CC_1" in row["ROI mask file path"]]
    collection.write_rows([*collection.rows, change(row)])
    out = tmp_path / "out"
    prepare(collection, out)
    lost = {name for name, (outcome, _) in entries.items() if outcome == "left out"}
    assert names(out) == set(collection.boxes) - lost
    assert reported(out) == entries


@pytest.mark.parametrize(
    ("column", "cell", "entry"),
    [
        ("pathology", "UNKNOWN", (BENIGN, "left out", "unknown-term")),
        ("mass shape", "OVAL-WAVY", (BENIGN, "note", "unknown-term")),
        ("breast_density", "9", (BENIGN, "note", "unknown-term")),
        ("left or right breast", "LEFT BREAST", ("", "left out", "invalid-row")),
        ("image view", "ML", ("", "left out", "invalid-row")),
        ("abnormality id", "", ("", "left out", "invalid-row")),
    ],
)
def test_a_cell_that_is_not_understood_is_reported(collection, tmp_path, column, cell, entry):
    (row,) = [row for row in collection.rows if "P_00173_LEFT_CC_1" in row["ROI mask file path"]]
    row[column] = cell
    collection.write_rows()
    prepare(collection, tmp_path / "out")
    with (tmp_path / "out" / "report.csv").open(newline="", encoding="utf-8") as stream:
        first = next(csv.DictReader(stream))
    assert (first["lesion"], first["outcome"], first["code"]) == entry
    assert f"{cell!r}" in first["message"]
    assert first["file"] == "mass_case_description_train_set.csv, line 3"
    assert (BENIGN in names(tmp_path / "out")) == (entry[1] == "note")


def test_calcifications_and_the_other_split_are_not_opened(collection, tmp_path):
    for name in ("Calc-Training_P_00005_RIGHT_CC", "Mass-Test_P_00016_LEFT_CC_1"):
        home = collection.folder / "CBIS-DDSM" / name / "s"
        home.mkdir(parents=True)
        (home / "1-1.dcm").write_bytes(b"not DICOM")
    prepare(collection, tmp_path / "out")
    assert reported(tmp_path / "out") == {}


def test_files_outside_named_folders_are_found_by_their_patient_id(collection, tmp_path):
    loose = collection.folder / "loose"
    loose.mkdir()
    for number, path in enumerate((collection.films[BENIGN[:-2]], collection.masks[BENIGN])):
        path.rename(loose / f"{number}.dcm")
    (loose / "x.dcm").write_bytes(b"not DICOM")
    prepare(collection, tmp_path / "out")
    assert reported(tmp_path / "out") == {"": ("note", "unreadable-file")}
    assert names(tmp_path / "out") == set(collection.boxes)


def test_a_series_that_no_row_lists_is_a_note(collection, tmp_path):
    collection.write_rows([row for row in collection.rows if row["abnormality id"] == "1"])
    prepare(collection, tmp_path / "out")
    twice = {"Mass-Training_P_00173_RIGHT_CC_2", "Mass-Training_P_00173_RIGHT_MLO_2"}
    assert reported(tmp_path / "out") == dict.fromkeys(twice, ("note", "unlisted-series"))


def test_a_folder_of_one_split_does_not_take_the_other(pristine, tmp_path):
    prepare(pristine, tmp_path / "out")
    test = write_collection(tmp_path / "archive", split="Test")
    with pytest.raises(InputError, match="was not prepared from the test split"):
        prepare(test, tmp_path / "out", Split.TEST)


def test_missing_and_ambiguous_inputs_are_one_sentence(collection, tmp_path):
    shutil.copy(collection.case_file, collection.folder / "mass_case_description_train_set (1).csv")
    with pytest.raises(InputError, match="keep one of them"):
        prepare(collection, tmp_path / "out")
    collection.case_file.unlink()
    prepare(collection, tmp_path / "out")
    shutil.rmtree(collection.folder / "CBIS-DDSM")
    with pytest.raises(InputError, match=r"contains no \.dcm file"):
        prepare(collection, tmp_path / "out")
    (collection.folder / "mass_case_description_train_set (1).csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="has no column abnormality_id, abnormality_type"):
        prepare(collection, tmp_path / "out")
    (collection.folder / "mass_case_description_train_set (1).csv").unlink()
    with pytest.raises(InputError, match=r"contains no mass_case_description_train_set\.csv"):
        prepare(collection, tmp_path / "out")
