"""Slicer's DICOM database, ``slicer.dicomDatabase``, over real files and a real SQLite database.

What becomes of a file is as in CTK's ``Libs/DICOM/Core/ctkDICOMDatabase.cpp`` of Slicer 5.12
(commit 5056664), method by method under the same names:

- ``insert(path)`` copies the file to ``dicom/STUDY/SERIES/INSTANCE.dcm`` in the folder of the
  database, hashes in place of UIDs; with ``storeFile`` false it notes where the file is
  (``insert``, ``storeDatasetFile``, ``internalStoragePath``);
- a patient is an ID and a name; either may stand for the other, and the study's UID for both
  (``insertPatient``, ``uidsForDataSet``); a data set that then still lacks one is refused;
- an instance that is there already makes room for the new one before that is stored
  (``removeImage``), so that it is lost where storing fails;
- nothing raises: what fails is logged, and ``fileForInstance`` says what is there;
- what the browser shows is worked out by ``updateDisplayedFields`` and not before;
- ``removeSeries`` deletes the copies, and what is left empty.

The database is used through one connection: ``prepareInsert``, which forgets what another one
may have removed, has nothing to do.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from hashlib import md5
from pathlib import Path

import pydicom
from PySide6.QtCore import Property, QObject, Signal

TABLES = """
CREATE TABLE Patients (UID INTEGER PRIMARY KEY, PatientID, PatientsName);
CREATE TABLE Studies (StudyInstanceUID PRIMARY KEY, PatientsUID, DisplayedNumberOfSeries);
CREATE TABLE Series (SeriesInstanceUID PRIMARY KEY, StudyInstanceUID, Modality, SeriesDescription);
CREATE TABLE Images (SOPInstanceUID PRIMARY KEY, Filename, SeriesInstanceUID, InsertTimestamp,
                     DisplayedFieldsUpdatedTimestamp);
"""
"""The columns of CTK's schema (``Resources/dicom-schema.sql``) that the queries here need."""
CLEANUP = """
DELETE FROM Series WHERE SeriesInstanceUID NOT IN (SELECT SeriesInstanceUID FROM Images);
DELETE FROM Studies WHERE StudyInstanceUID NOT IN (SELECT StudyInstanceUID FROM Series);
DELETE FROM Patients WHERE UID NOT IN (SELECT PatientsUID FROM Studies);
"""


class Database(QObject):
    """What ctkDICOMDatabase is to scripts; closed until ``openDatabase``."""

    databaseChanged = Signal()
    instanceAdded = Signal(str)

    def __init__(self):
        super().__init__()
        self._connection = None
        self._filename = ""
        self._headers = {}

    # Opening and closing.

    def openDatabase(self, databaseFile, _connectionName=""):
        self.closeDatabase()
        self._filename = str(databaseFile)
        try:
            # Without waiting for whoever has it locked; Qt would wait for five seconds.
            self._connection = sqlite3.connect(self._filename, timeout=0, isolation_level=None)
            if not self._rows("SELECT name FROM sqlite_master"):
                self.initializeDatabase()
        except sqlite3.OperationalError:
            self._connection = None
        return self.isOpen

    def closeDatabase(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def initializeDatabase(self):
        for table in ("Patients", "Studies", "Series", "Images"):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._connection.executescript(TABLES)
        self.databaseChanged.emit()
        return True

    isOpen = Property(bool, lambda self: self._connection is not None)
    isInMemory = Property(bool, lambda self: self._filename == ":memory:")
    databaseFilename = Property(str, lambda self: self._filename)

    @Property(str)
    def databaseDirectory(self):
        return "" if self.isInMemory or not self._filename else str(Path(self._filename).parent)

    def _rows(self, query, *values):
        """``loggedExec``: what fails is logged and gives nothing."""
        try:
            return self._connection.execute(query, values).fetchall()
        except (sqlite3.Error, AttributeError) as error:
            logging.error("SQL failed: %s Error: %s", query, error)
            return []

    def _column(self, query, *values):
        return [str(row[0]) for row in self._rows(query, *values) if row[0] is not None]

    def _value(self, query, *values):
        return next(iter(self._column(query, *values)), "")

    def _inside(self, path):
        """As the database notes a path: relative where it lies in its folder."""
        path = Path(path)
        folder = self.databaseDirectory
        inside = bool(folder) and path.is_relative_to(folder)
        return path.relative_to(folder).as_posix() if inside else str(path)

    def _absolute(self, noted):
        return str(Path(self.databaseDirectory) / noted)

    # Inserting and removing.

    def prepareInsert(self):
        """One connection: nothing may have gone behind its back."""

    def insert(
        self,
        filePath,
        storeFile=True,
        generateThumbnail=True,
        createHierarchy=True,
        destinationDirectoryName="",
    ):
        if self.fileExistsAndUpToDate(filePath):
            return
        self._headers.pop(str(filePath), None)
        header = self._header(filePath)
        if header is None:
            logging.warning("Could not read DICOM file: %s", filePath)
            return
        instance, patient, name, study, series = (
            self._text(header, tag) for tag in (0x00080018, 0x00100020, 0x00100010, *UIDS)
        )
        self._rows("DELETE FROM Images WHERE SOPInstanceUID = ?", instance)
        patient = patient or study
        name = name or patient
        if not (patient and name and study):
            logging.error("Required information is missing from dataset: %s", filePath)
            return
        stored = str(filePath)
        if storeFile and series and not self.isInMemory:
            stored = self._store(filePath, study, series, instance)
            if not stored:
                return
        self._insert_patient_study_series(header, patient, name, study, series)
        if instance and series:
            self._headers[stored] = header
            self._rows(
                "INSERT INTO Images VALUES (?, ?, ?, ?, NULL)",
                *(instance, self._inside(stored), series, int(time.time())),
            )
            self.instanceAdded.emit(instance)

    def _store(self, path, study, series, instance):
        """Where the copy is; an empty text where it could not be made."""
        names = [md5(uid.encode()).hexdigest() for uid in (study, series, instance)]
        folder = Path(self.databaseDirectory) / "dicom" / names[0][:8] / names[1][:8]
        stored = folder / f"{names[2]}.dcm"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stored.unlink(missing_ok=True)
            shutil.copyfile(path, stored)
        except OSError as error:
            logging.error("Failed to copy file from: %s to: %s (%s)", path, stored, error)
            return ""
        return str(stored)

    def _insert_patient_study_series(self, header, patient, name, study, series):
        query = "SELECT UID FROM Patients WHERE PatientID = ? AND PatientsName = ?"
        if not self._rows(query, patient, name):
            self._rows(
                "INSERT INTO Patients (PatientID, PatientsName) VALUES (?, ?)", patient, name
            )
        uid = self._value(query, patient, name)
        self._rows("INSERT OR IGNORE INTO Studies VALUES (?, ?, NULL)", study, uid)
        if series:
            said = (self._text(header, tag) for tag in (0x00080060, 0x0008103E))
            self._rows("INSERT OR IGNORE INTO Series VALUES (?, ?, ?, ?)", series, study, *said)

    def fileExistsAndUpToDate(self, filePath):
        query = "SELECT InsertTimestamp FROM Images WHERE Filename = ?"
        noted = self._value(query, self._inside(filePath))
        return bool(noted) and Path(filePath).stat().st_mtime < float(noted)

    def removeSeries(self, seriesInstanceUID, clearCachedTags=False, cleanup=True):
        noted = self._column(
            "SELECT Filename FROM Images WHERE SeriesInstanceUID = ?", seriesInstanceUID
        )
        self._rows("DELETE FROM Images WHERE SeriesInstanceUID = ?", seriesInstanceUID)
        for name in noted:
            path = Path(self._absolute(name))
            if not Path(name).is_absolute() and path.is_file():
                path.unlink()
                for folder in path.parents:
                    if any(folder.iterdir()):
                        break
                    folder.rmdir()
        if cleanup:
            self.cleanup()
        return True

    def cleanup(self, vacuum=False):
        for statement in CLEANUP.strip().splitlines():
            self._rows(statement)
        return True

    def updateDisplayedFields(self):
        """Of what the browser shows, the number of series of each study with new instances."""
        self._rows(
            "UPDATE Studies SET DisplayedNumberOfSeries = (SELECT COUNT(*) FROM Series"
            " WHERE Series.StudyInstanceUID = Studies.StudyInstanceUID) WHERE StudyInstanceUID IN"
            " (SELECT StudyInstanceUID FROM Series JOIN Images USING (SeriesInstanceUID)"
            " WHERE DisplayedFieldsUpdatedTimestamp IS NULL)"
        )
        self._rows("UPDATE Images SET DisplayedFieldsUpdatedTimestamp = CURRENT_TIMESTAMP")
        self.databaseChanged.emit()

    # What is there.

    def patients(self):
        """The database's own numbers of its patients, not their IDs."""
        return self._column("SELECT UID FROM Patients")

    def studiesForPatient(self, patient):
        query = "SELECT StudyInstanceUID FROM Studies WHERE PatientsUID = ?"
        return self._column(query, str(patient))

    def seriesForStudy(self, study):
        return self._column(
            "SELECT SeriesInstanceUID FROM Series WHERE StudyInstanceUID = ?", study
        )

    def instancesForSeries(self, series, hits=-1):
        query = "SELECT SOPInstanceUID FROM Images WHERE SeriesInstanceUID = ? LIMIT ?"
        return self._column(query, series, hits if hits > 0 else -1)

    def filesForSeries(self, series, hits=-1):
        query = "SELECT Filename FROM Images WHERE SeriesInstanceUID = ? LIMIT ?"
        noted = self._column(query, series, hits if hits > 0 else -1)
        return [self._absolute(name) for name in noted]

    def allFiles(self):
        return [self._absolute(name) for name in self._column("SELECT Filename FROM Images")]

    def studyForSeries(self, series):
        query = "SELECT StudyInstanceUID FROM Series WHERE SeriesInstanceUID = ?"
        return self._value(query, series)

    def patientForStudy(self, study):
        return self._value("SELECT PatientsUID FROM Studies WHERE StudyInstanceUID = ?", study)

    def nameForPatient(self, patient):
        return self._value("SELECT PatientsName FROM Patients WHERE UID = ?", str(patient))

    def fieldForStudy(self, field, study):
        return self._value(f"SELECT {field} FROM Studies WHERE StudyInstanceUID = ?", study)

    def fieldForSeries(self, field, series):
        return self._value(f"SELECT {field} FROM Series WHERE SeriesInstanceUID = ?", series)

    def fileForInstance(self, instance):
        noted = self._value("SELECT Filename FROM Images WHERE SOPInstanceUID = ?", instance)
        return self._absolute(noted) if noted else ""

    def instanceForFile(self, path):
        query = "SELECT SOPInstanceUID FROM Images WHERE Filename = ?"
        return self._value(query, self._inside(path))

    def seriesForFile(self, path):
        query = "SELECT SeriesInstanceUID FROM Images WHERE Filename = ?"
        return self._value(query, self._inside(path))

    # Values of tags, kept once they have been read.

    def fileValue(self, path, group, element=None):
        """Value of a tag, ``"0008,0060"`` or two numbers, as a text."""
        header = self._header(path)
        if header is None:
            return ""
        if element is None:
            group, element = (int(part, 16) for part in group.split(","))
        return self._text(header, (group, element))

    def fileValueExists(self, path, *tag):
        return self.fileValue(path, *tag) != ""

    def instanceValue(self, instance, *tag):
        return self.fileValue(self.fileForInstance(instance), *tag)

    def _header(self, path):
        """The header of any file, indexed or not; None where there is none to read."""
        path = str(path)
        if path not in self._headers:
            try:
                self._headers[path] = pydicom.dcmread(path, stop_before_pixels=True)
            except (pydicom.errors.InvalidDicomError, OSError):
                return None
        return self._headers[path]

    @staticmethod
    def _text(header, tag):
        """Many values joined by a backslash, nothing for what is missing."""
        try:
            found = header.get(tag)
        except Exception:  # pydicom converts on access, and a broken value may raise anything
            return ""
        if found is None or found.value is None or found.VR == "SQ":
            return ""
        values = found.value if found.VM > 1 else [found.value]
        return "\\".join(str(value) for value in values)


UIDS = (0x0020000D, 0x0020000E)
"""Of study and series."""
