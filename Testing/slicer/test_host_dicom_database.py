"""The test host's DICOM database behaves as CTK's; its docstring names the source."""

from __future__ import annotations

from hashlib import md5
from pathlib import Path

import pytest

from Testing.synthetic_mammograms import write_mammogram


@pytest.fixture
def database(slicer_host):
    import slicer

    return slicer.dicomDatabase


def test_file_is_copied_under_hashes_of_its_uids(database, tmp_path):
    path = write_mammogram(
        tmp_path / "a.dcm", StudyInstanceUID="1.2", SeriesInstanceUID="1.3", SOPInstanceUID="1.4"
    )
    database.insert(str(path))
    study, series, instance = (md5(uid.encode()).hexdigest() for uid in ("1.2", "1.3", "1.4"))
    expected = f"dicom/{study[:8]}/{series[:8]}/{instance}.dcm"
    stored = Path(database.fileForInstance("1.4"))
    assert stored.relative_to(database.databaseDirectory).as_posix() == expected
    assert stored.read_bytes() == path.read_bytes()


def test_file_can_be_indexed_without_a_copy(database, tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", SOPInstanceUID="1.4")
    database.insert(str(path), False)
    assert database.fileForInstance("1.4") == str(path)
    assert database.seriesForFile(str(path)) == database.fileValue(str(path), "0020,000E")


def test_second_file_of_an_instance_replaces_the_first(database, tmp_path):
    for number in "12":
        path = write_mammogram(tmp_path / f"{number}.dcm", SOPInstanceUID="1.4", StudyID=number)
        database.insert(str(path))
    (file,) = database.allFiles()
    assert database.fileValue(file, "0020,0010") == "2"


def test_patient_is_identified_by_id_and_name(database, tmp_path):
    for number, (name, identifier) in enumerate([("A", "1"), ("A", "1"), ("B", "1")]):
        tags = {"SOPInstanceUID": f"1.{number}", "StudyInstanceUID": f"2.{number}"}
        path = tmp_path / f"{number}.dcm"
        write_mammogram(path, PatientName=name, PatientID=identifier, **tags)
        database.insert(str(path))
    assert [database.nameForPatient(one) for one in database.patients()] == ["A", "B"]


def test_file_without_a_study_is_rejected(database, tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", StudyInstanceUID=None)
    database.insert(str(path))
    assert database.allFiles() == []
    assert database.fileValue(str(path), "0008,0060") == "MG", "values of any file can be read"


def test_displayed_fields_are_computed_by_the_update_only(database, tmp_path):
    database.insert(str(write_mammogram(tmp_path / "a.dcm", StudyInstanceUID="1.2")))
    assert database.fieldForStudy("DisplayedNumberOfSeries", "1.2") == ""
    database.updateDisplayedFields()
    assert database.fieldForStudy("DisplayedNumberOfSeries", "1.2") == "1"


def test_removing_a_series_deletes_its_copies_and_empty_parents(database, tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", SeriesInstanceUID="1.3", SOPInstanceUID="1.4")
    database.insert(str(path))
    stored = Path(database.fileForInstance("1.4"))
    database.removeSeries("1.3")
    assert not stored.exists()
    assert path.exists()
    assert database.patients() == []


def test_closed_database_returns_nothing_and_raises_nothing(database, tmp_path):
    path = write_mammogram(tmp_path / "a.dcm", SOPInstanceUID="1.4")
    database.insert(str(path))
    file = database.databaseFilename
    database.closeDatabase()
    assert not database.isOpen
    database.insert(str(path))
    assert (database.allFiles(), database.fileForInstance("1.4")) == ([], "")
    database.openDatabase(file)
    assert len(database.allFiles()) == 1


def test_temporary_database_is_empty_and_is_replaced_by_the_previous_one(database, tmp_path):
    from DICOMLib import DICOMUtils

    database.insert(str(write_mammogram(tmp_path / "a.dcm")))
    with DICOMUtils.TemporaryDICOMDatabase() as temporary:
        assert temporary is database
        assert temporary.allFiles() == []
    assert len(database.allFiles()) == 1
