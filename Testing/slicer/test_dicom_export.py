"""Export to Slicer's DICOM database, from the panel and from a script, and its errors."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.sr import CodedConcept, Comprehensive3DSR
from pydicom.uid import generate_uid

from Testing.engine.results_dicom.lesions import make_record, write_pair
from Testing.slicer.module_user import PAIR, is_shown

YAMADA = "Yamada^Tarou=山田^太郎=やまだ^たろう"
PROBABILITY = CodedConcept("111047", "DCM", "Probability of cancer")
SERIES_OF_A_RESULT = {"SR", "SEG", "OT"}
"""Report, evidence levels, and both evidence map and picture, by modality."""


def stored(kind):
    """The data sets in the database, of one modality or of all for None."""
    import slicer

    read = map(pydicom.dcmread, slicer.dicomDatabase.allFiles())
    return [one for one in read if kind in (None, one.Modality)]


def instances():
    return {one.SOPInstanceUID for one in stored(None)}


@pytest.fixture
def study(user, small_exam, tmp_path):
    """The pair as one study of a Japanese patient, loaded from the database."""
    import slicer

    from MammoClassifierLib.dicom.volume_loader import loadMammogram

    shared = generate_uid()
    for projection, name in PAIR.items():
        dataset = pydicom.dcmread(small_exam / name)
        dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        dataset.PatientName, dataset.PatientID = YAMADA, "4711"
        dataset.StudyInstanceUID = shared
        dataset.save_as(tmp_path / name.replace("/", "-"))
        slicer.dicomDatabase.insert(str(tmp_path / name.replace("/", "-")))
        loadMammogram(slicer.dicomDatabase.fileForInstance(dataset.SOPInstanceUID), projection)
    slicer.dicomDatabase.updateDisplayedFields()
    user.study = shared
    user.open()
    return user


@pytest.fixture
def classified(study):
    study.mark()
    study.classify()
    return study


def export(user):
    """Click Export and wait for the outcome."""
    user.widget.ui.exportButton.click()
    user.host.wait_until(lambda: not user.widget.jobs.isRunning, seconds=60)


def test_export_stores_the_result_in_the_study_of_its_images(classified):
    import slicer

    from MammoClassifierLib.scene.result_nodes import readRecord

    database, record = slicer.dicomDatabase, readRecord(classified.parameters.result)
    export(classified)

    assert classified.message == (
        "6 objects were added to the study of the images in the DICOM database."
    )
    assert classified.host.messages == [], "nothing pops up"
    (patient,) = database.patients()
    assert database.nameForPatient(patient) == YAMADA
    assert database.studiesForPatient(patient) == [classified.study]
    series = database.seriesForStudy(classified.study)
    modalities = {database.fieldForSeries("Modality", one) for one in series}
    assert modalities >= SERIES_OF_A_RESULT | {"MG"}
    shown = database.fieldForStudy("DisplayedNumberOfSeries", classified.study)
    assert shown == str(len(series)), "the browser shows them"
    folder = Path(database.databaseDirectory)
    assert all(Path(file).is_relative_to(folder) for file in database.allFiles())
    assert list(Path(slicer.app.temporaryPath).glob("tmp*")) == [], "no copy is left elsewhere"

    (report,) = map(Comprehensive3DSR.from_dataset, stored("SR"))
    assert (report.PatientName, report.PatientID) == (YAMADA, "4711")
    (lesion,) = report.content.get_image_measurement_groups()
    said = [m.value for m in lesion.get_measurements(name=PROBABILITY)]
    interval = record.interval
    expected = [100 * one for one in (record.probability, interval.low, interval.high)]
    assert said == pytest.approx(expected, abs=1e-5)
    maps = {one.SOPInstanceUID: one for one in stored("OT") if "FloatPixelData" in one}
    assert len(maps) == len(record.views)
    for view in record.views:
        (found,) = (one for one in maps.values() if view.sop_uid in str(one))
        assert np.array_equal(found.pixel_array, np.float32(view.evidence.cells))
    segmentations = [
        highdicom.seg.Segmentation.from_dataset(one, copy=False) for one in stored("SEG")
    ]
    assert {one.get_source_image_uids()[0][2] for one in segmentations} == {
        view.sop_uid for view in record.views
    }


def test_exported_objects_are_not_offered_as_mammograms(classified):
    import slicer

    export(classified)
    classified.host.register_module("DICOMMammographyPlugin")
    plugin = slicer.modules.dicomPlugins["DICOMMammographyPlugin"]()
    files = slicer.dicomDatabase.allFiles()
    offered = plugin.examineForImport([[file] for file in files])
    assert [one.name for one in offered] == ["L CC", "L MLO"]


def test_a_second_export_replaces_the_first(classified):
    export(classified)
    before = instances()
    export(classified)
    assert instances() == before
    assert len(stored(None)) == len(before)
    assert classified.message == (
        "The 6 objects of this result in the DICOM database were replaced."
    )


def test_the_export_button_is_shown_with_a_result_only(study):
    button = study.widget.ui.exportButton
    assert not is_shown(button)
    study.mark()
    study.classify()
    assert is_shown(button)
    assert button.isEnabled()


def test_a_result_that_is_out_of_date_is_not_exported(classified):
    before = instances()
    roi = classified.parameters.ccRoi
    roi.SetCenter(*np.add(roi.GetCenter(), (0.0, 3.0, 0.0)))
    export(classified)
    assert classified.message == (
        "Result: out of date because an input has changed; click Classify again"
    )
    assert instances() == before


@pytest.mark.parametrize("steps", [1, 4, 9, 10])
def test_cancel_leaves_the_database_as_it_was(classified, steps):
    import slicer

    before, seen = instances(), classified.record_progress()
    classified.widget.ui.exportButton.click()
    classified.host.wait_until(lambda: len(seen) >= steps)
    assert not classified.widget.ui.exportButton.isEnabled()
    classified.widget.ui.cancelButton.click()
    assert classified.message == "Cancelled. Nothing was changed."
    assert instances() == before
    assert list(Path(slicer.app.temporaryPath).glob("tmp*")) == []
    assert classified.widget.ui.exportButton.isEnabled()


def test_a_volume_that_is_not_a_dicom_image_is_not_exported(user, make_volume, make_roi):
    import slicer

    user.open()
    volume = make_volume("L CC")
    user.parameters.ccVolume = volume
    user.parameters.ccRoi = make_roi(volume, (20, 40, 15, 15))
    user.classify()
    export(user)
    assert user.message.startswith("L CC: is not a DICOM image, so its result cannot be stored in")
    assert slicer.dicomDatabase.allFiles() == []


def test_a_result_of_edited_pixels_is_not_exported(classified):
    import slicer

    volume = classified.parameters.ccVolume
    slicer.util.arrayFromVolume(volume)[0, 300:320, 100:120] = 0
    slicer.util.arrayFromVolumeModified(volume)
    classified.classify()
    before = instances()
    export(classified)
    assert classified.message.startswith(
        "Pixels: were edited after loading, so the result does not describe"
    )
    assert instances() == before


# By script, on small images with a record that is known.


@pytest.fixture
def files(user, tmp_path):
    import slicer

    (tmp_path / "study").mkdir()
    made = write_pair(tmp_path / "study", PatientName="Doe^Jane", PatientID="7")
    for path in made.values():
        slicer.dicomDatabase.insert(str(path))
    return made


@pytest.fixture
def logic(user):
    from MammoClassifierLib.logic import MammoClassifierLogic

    return MammoClassifierLogic()


def check_refused(user, logic, record, sentence):
    """Check that the export raises, opens no dialog and leaves the database as it was."""
    import slicer

    from mammopair.errors import InputError

    before = slicer.dicomDatabase.allFiles() if getattr(slicer, "dicomDatabase", None) else []
    with pytest.raises(InputError, match=sentence):
        logic.exportToDicomDatabase(record)
    assert user.host.messages == []
    if before:
        assert slicer.dicomDatabase.allFiles() == before


def test_a_script_gets_the_files_without_a_dialog(user, logic, files):
    import slicer

    exported = logic.exportToDicomDatabase(make_record(files))
    assert len(exported) == 6
    assert {str(file) for file in exported} < set(slicer.dicomDatabase.allFiles())
    assert user.host.messages == []


@pytest.mark.parametrize("projection", ["CC", "MLO"])
def test_one_view_is_exported_too(logic, files, projection):
    exported = logic.exportToDicomDatabase(make_record({projection: files[projection]}))
    assert sorted(pydicom.dcmread(file).Modality for file in exported) == ["OT", "OT", "SEG", "SR"]


def test_the_image_is_found_in_the_database_if_its_file_was_moved(logic, files):
    record = make_record(files)
    for path in files.values():
        path.unlink()
    assert len(logic.exportToDicomDatabase(record)) == 6


def test_the_message_states_that_the_images_are_not_in_the_database(user, tmp_path):
    from MammoClassifierLib.dicom.database_export import exportStepwise
    from mammopair.progress import exhaust

    exported = exhaust(exportStepwise(make_record(write_pair(tmp_path))))
    assert not exported.hasImages
    assert exported.message().endswith(
        "The images are not in the database; import them to see both together."
    )


def test_a_deleted_image_is_named(user, logic, files):
    import slicer

    record = make_record(files)
    for path in (files["MLO"], Path(slicer.dicomDatabase.allFiles()[1])):
        path.unlink()
    check_refused(user, logic, record, "MLO.dcm: no longer exists; import its study")


def test_a_file_with_another_image_is_refused(user, logic, files):
    record = make_record(files)
    shutil.copy(files["MLO"], user.host.app.dicomDatabase().allFiles()[0])
    check_refused(user, logic, record, "but the record is about")


@pytest.mark.parametrize("how", ["closed", "absent"])
def test_a_missing_database_is_reported(user, logic, files, monkeypatch, how):
    import slicer

    record = make_record(files)
    slicer.dicomDatabase.closeDatabase()
    if how == "absent":
        monkeypatch.delattr(slicer, "dicomDatabase")
    check_refused(user, logic, record, "DICOM database: not open; open the DICOM module")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only for root")
@pytest.mark.parametrize("what", ["databaseDirectory", "databaseFilename"])
def test_a_read_only_database_is_reported(user, logic, files, what):
    import slicer

    path = Path(getattr(slicer.dicomDatabase, what))
    mode = path.stat().st_mode
    path.chmod(0o555)
    try:
        check_refused(user, logic, make_record(files), "not writable .Permission denied")
    finally:
        path.chmod(mode)


def test_nothing_is_stored_in_a_locked_database(user, logic, files):
    import slicer

    database = slicer.dicomDatabase
    other = sqlite3.connect(database.databaseFilename, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    check_refused(
        user, logic, make_record(files), "did not store the result, so nothing of it was kept"
    )
    other.execute("ROLLBACK")
    assert len(logic.exportToDicomDatabase(make_record(files))) == 6
    other.close()


@pytest.mark.parametrize("number", [0, 3, 5])
def test_all_objects_are_stored_or_none(user, logic, files, number):
    import slicer

    record = make_record(files)
    database = slicer.dicomDatabase
    blocked = logic.exportToDicomDatabase(record)[number].parent
    for file in database.allFiles():
        if (series := database.seriesForFile(file)) and database.fieldForSeries(
            "Modality", series
        ) != "MG":
            database.removeSeries(series)
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"in the way")
    check_refused(user, logic, record, "did not store the result, so nothing of it was kept")
