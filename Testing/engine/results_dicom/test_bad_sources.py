"""Unsuitable images and folders are reported in one sentence and leave no files behind."""

from __future__ import annotations

import msgspec
import numpy as np
import pydicom
import pytest
from PIL import Image

from mammopair.errors import InputError
from mammopair.io.dicom import read_header
from mammopair.record import ModelReference
from mammopair.results.dicom.export import make_objects, write_objects
from mammopair.results.lesion_folder import lesion_folder
from Testing.engine.results_dicom.lesions import make_record, objects_of, write_pair


def test_a_view_that_is_not_a_dicom_file_is_rejected(record, tmp_path):
    path = tmp_path / "cc.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)
    view = msgspec.structs.replace(record.views[0], file=str(path))
    with pytest.raises(InputError, match=r"cc.png: is not a DICOM file, so DICOM results cannot"):
        make_objects(msgspec.structs.replace(record, views=[view]), {})


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_a_missing_uid_is_named(tmp_path, keyword):
    record = make_record(write_pair(tmp_path, ["CC"], **{keyword: None}))
    with pytest.raises(InputError, match=f"CC.dcm: has no {keyword}, so DICOM results cannot"):
        objects_of(record)


def test_a_replaced_file_is_rejected(record, files):
    view = msgspec.structs.replace(record.views[0], file=str(files["MLO"]))
    with pytest.raises(InputError, match=r"contains image .*, but the record is about image"):
        make_objects(msgspec.structs.replace(record, views=[view]), {})


def test_a_missing_file_is_reported(record, tmp_path):
    view = msgspec.structs.replace(record.views[0], file=str(tmp_path / "gone.dcm"))
    with pytest.raises(InputError, match=r"gone.dcm: cannot be read"):
        make_objects(msgspec.structs.replace(record, views=[view]), {})


def test_the_laterality_of_the_record_replaces_a_missing_or_invalid_one(tmp_path):
    files = write_pair(tmp_path, ["CC"], ImageLaterality=None, Laterality="U")
    made = objects_of(make_record(files, laterality="R"))
    assert made["CC-evidence-map.dcm"].dataset.ImageLaterality == "R"


def test_objects_are_written_all_or_none(record, tmp_path, monkeypatch):
    objects = [*objects_of(record).values()]
    folder = tmp_path / "lesion"
    before = {path.name: path.read_bytes() for path in write_objects(objects, folder)}

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(objects[3].dataset, "save_as", full)
    with pytest.raises(InputError, match=r"lesion: cannot be written \(No space left on device\)"):
        write_objects(objects, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["lesion"]


def test_new_objects_replace_earlier_ones(record, tmp_path):
    objects = [*objects_of(record).values()]
    write_objects(objects, tmp_path / "lesion")
    write_objects(objects[:2], tmp_path / "lesion")
    assert len([*(tmp_path / "lesion").iterdir()]) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b/c"), ("a/b", "c")),
        (("a b", "1"), ("a-b", "1")),
        (("..", "1"), (".", "1")),
        (("a.", "1"), ("a", "1")),
        (("con", "1"), ("nul.x", "1")),
    ],
)
def test_lesions_have_different_folders_below_the_output_folder(record, one, other):
    folders = [
        lesion_folder(msgspec.structs.replace(record, case_id=case, lesion_id=lesion))
        for case, lesion in (one, other)
    ]
    assert folders[0] != folders[1]
    for folder in folders:
        assert len(folder.parts) == 2
        assert not [part for part in folder.parts if part.startswith(".") or part.endswith(".")]
        assert not {part.partition(".")[0] for part in folder.parts} & {"con", "nul"}


def test_results_are_not_read_as_mammograms(written):
    for path in written.values():
        with pytest.raises(InputError):
            read_header(path)


def test_files_are_complete_dicom_files(written):
    for path in written.values():
        read = pydicom.dcmread(path)
        assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID


def test_long_names_are_cut(tmp_path):
    model = ModelReference(
        name="back\\slash\n" + 80 * "x", version=70 * "9", sha256="c0ffee" + "0" * 58
    )
    record = make_record(write_pair(tmp_path, ["CC"]), model=model, lesion_id="left\\upper " * 9)
    made = objects_of(record)
    (segment, *_) = made["CC-evidence-levels.dcm"].dataset.SegmentSequence
    algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
    assert algorithm.AlgorithmName == "back/slash " + 53 * "x"
    assert algorithm.AlgorithmVersion == 64 * "9"
    descriptions = {one.dataset.SeriesDescription for one in made.values()}
    assert "Lesion left/upper: probability of malignancy. Research use only" in descriptions
    assert max(map(len, descriptions)) <= 64
