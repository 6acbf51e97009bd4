"""Slicer's DICOM database, ``slicer.dicomDatabase``, over real files and a real SQLite database.

The behaviour is that of CTK's ``Libs/DICOM/Core/ctkDICOMDatabase.cpp`` of Slicer 5.12 (commit
5056664), method by method under the same names:

- ``insert(path)`` copies the file to ``dicom/STUDY/SERIES/INSTANCE.dcm``, named by hashes of UIDs
  (``storeDatasetFile``, ``internalStoragePath``); with ``storeFile`` false it stores the path only;
- a patient is identified by ID and name; the study's UID replaces a missing ID, the ID a missing
  name (``insertPatient``, ``uidsForDataSet``);
- an instance that exists already is removed before the new file is stored (``removeImage``), so
  it is lost if storing fails;
- nothing raises: failures are logged.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from hashlib import md5
from pathlib import Path

import pydicom
from PySide6.QtCore import Property, QObject

TABLES = """
CREATE TABLE Patients (UID INTEGER PRIMARY KEY, PatientID, PatientsName);
CREATE TABLE Studies (StudyInstanceUID PRIMARY KEY, PatientsUID, DisplayedNumberOfSeries);
CREATE TABLE Series (SeriesInstanceUID PRIMARY KEY, StudyInstanceUID, Modality, SeriesDescription);
CREATE TABLE Images (SOPInstanceUID PRIMARY KEY, Filename, SeriesInstanceUID, InsertTimestamp,
                     DisplayedFieldsUpdatedTimestamp);
"""
"""The columns of CTK's schema (``Resources/dicom-schema.sql``) that the queries need."""
DELETE_EMPTY = (
    "DELETE FROM Series WHERE SeriesInstanceUID NOT IN (SELECT SeriesInstanceUID FROM Images)",
    "DELETE FROM Studies WHERE StudyInstanceUID NOT IN (SELECT StudyInstanceUID FROM Series)",
    "DELETE FROM Patients WHERE UID NOT IN (SELECT PatientsUID FROM Studies)",
)


class Database(QObject):
    """Stand-in for ctkDICOMDatabase; closed until ``openDatabase``."""

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
            # timeout=0: a locked database fails at once; Qt would wait for five seconds.
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

    isOpen = Property(bool, lambda self: self._connection is not None)
    databaseFilename = Property(str, lambda self: self._filename)
    databaseDirectory = Property(
        str, lambda self: str(Path(self._filename).parent) if self._filename else ""
    )

    def _rows(self, query, *values):
        """Execute a statement; a failure is logged and returns no rows."""
        try:
            return self._connection.execute(query, values).fetchall()
        except (sqlite3.Error, AttributeError) as error:
            logging.error("SQL failed: %s Error: %s", query, error)
            return []

    def _column(self, query, *values):
        return [str(row[0]) for row in self._rows(query, *values) if row[0] is not None]

    def _value(self, query, *values):
        return next(iter(self._column(query, *values)), "")

    def _relative(self, path):
        """A path as it is stored: relative if it is in the folder of the database."""
        path, folder = Path(path), self.databaseDirectory
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

    def _absolute(self, stored):
        return str(Path(self.databaseDirectory) / stored)

    # Inserting and removing.

    def prepareInsert(self):
        """Nothing to do: there is only one connection."""

    def insert(self, filePath, storeFile=True, generateThumbnail=True):
        if self._is_up_to_date(filePath):
            return
        self._headers.pop(str(filePath), None)
        header = self._header(filePath)
        if header is None:
            logging.warning("Could not read DICOM file: %s", filePath)
            return
        instance, patient, name, study, series = (
            self._text(header, tag)
            for tag in (0x00080018, 0x00100020, 0x00100010, 0x0020000D, 0x0020000E)
        )
        self._rows("DELETE FROM Images WHERE SOPInstanceUID = ?", instance)
        patient = patient or study
        name = name or patient
        if not (patient and name and study):
            logging.error("Required information is missing from dataset: %s", filePath)
            return
        stored = str(filePath)
        if storeFile and series:
            stored = self._store(filePath, study, series, instance)
            if not stored:
                return
        self._insert_patient_study_series(header, patient, name, study, series)
        if instance and series:
            self._headers[stored] = header
            self._rows(
                "INSERT INTO Images VALUES (?, ?, ?, ?, NULL)",
                *(instance, self._relative(stored), series, int(time.time())),
            )

    def _is_up_to_date(self, path):
        query = "SELECT InsertTimestamp FROM Images WHERE Filename = ?"
        inserted = self._value(query, self._relative(path))
        return bool(inserted) and Path(path).stat().st_mtime < float(inserted)

    def _store(self, path, study, series, instance):
        """Copy the file and return the path of the copy, empty if copying failed."""
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
            insert = "INSERT INTO Patients (PatientID, PatientsName) VALUES (?, ?)"
            self._rows(insert, patient, name)
        uid = self._value(query, patient, name)
        self._rows("INSERT OR IGNORE INTO Studies VALUES (?, ?, NULL)", study, uid)
        if series:
            shown = (self._text(header, tag) for tag in (0x00080060, 0x0008103E))
            self._rows("INSERT OR IGNORE INTO Series VALUES (?, ?, ?, ?)", series, study, *shown)

    def removeSeries(self, seriesInstanceUID):
        query = "SELECT Filename FROM Images WHERE SeriesInstanceUID = ?"
        filenames = self._column(query, seriesInstanceUID)
        self._rows("DELETE FROM Images WHERE SeriesInstanceUID = ?", seriesInstanceUID)
        for name in filenames:
            path = Path(self._absolute(name))
            if not Path(name).is_absolute() and path.is_file():
                path.unlink()
                for folder in path.parents:
                    if any(folder.iterdir()):
                        break
                    folder.rmdir()
        for statement in DELETE_EMPTY:
            self._rows(statement)
        return True

    def updateDisplayedFields(self):
        """Count the series of each study that has new instances."""
        self._rows(
            "UPDATE Studies SET DisplayedNumberOfSeries = (SELECT COUNT(*) FROM Series"
            " WHERE Series.StudyInstanceUID = Studies.StudyInstanceUID) WHERE StudyInstanceUID IN"
            " (SELECT StudyInstanceUID FROM Series JOIN Images USING (SeriesInstanceUID)"
            " WHERE DisplayedFieldsUpdatedTimestamp IS NULL)"
        )
        self._rows("UPDATE Images SET DisplayedFieldsUpdatedTimestamp = CURRENT_TIMESTAMP")

    # Queries.

    def patients(self):
        """The database's own numbers of its patients, not their IDs."""
        return self._column("SELECT UID FROM Patients")

    def studiesForPatient(self, patient):
        query = "SELECT StudyInstanceUID FROM Studies WHERE PatientsUID = ?"
        return self._column(query, str(patient))

    def seriesForStudy(self, study):
        query = "SELECT SeriesInstanceUID FROM Series WHERE StudyInstanceUID = ?"
        return self._column(query, study)

    def filesForSeries(self, series):
        query = "SELECT Filename FROM Images WHERE SeriesInstanceUID = ?"
        return [self._absolute(name) for name in self._column(query, series)]

    def allFiles(self):
        return [self._absolute(name) for name in self._column("SELECT Filename FROM Images")]

    def nameForPatient(self, patient):
        return self._value("SELECT PatientsName FROM Patients WHERE UID = ?", str(patient))

    def fieldForStudy(self, field, study):
        return self._value(f"SELECT {field} FROM Studies WHERE StudyInstanceUID = ?", study)

    def fieldForSeries(self, field, series):
        return self._value(f"SELECT {field} FROM Series WHERE SeriesInstanceUID = ?", series)

    def fileForInstance(self, instance):
        stored = self._value("SELECT Filename FROM Images WHERE SOPInstanceUID = ?", instance)
        return self._absolute(stored) if stored else ""

    def seriesForFile(self, path):
        query = "SELECT SeriesInstanceUID FROM Images WHERE Filename = ?"
        return self._value(query, self._relative(path))

    def fileValue(self, path, tag):
        """Value of a tag such as ``"0008,0060"`` as text, from any file, indexed or not."""
        header = self._header(path)
        return "" if header is None else self._text(header, int(tag.replace(",", ""), 16))

    def _header(self, path):
        """The header of a file, read once; None if the file cannot be read."""
        path = str(path)
        if path not in self._headers:
            try:
                self._headers[path] = pydicom.dcmread(path, stop_before_pixels=True)
            except (pydicom.errors.InvalidDicomError, OSError):
                return None
        return self._headers[path]

    @staticmethod
    def _text(header, tag):
        """The values joined by a backslash, empty if the tag is missing."""
        try:
            found = header.get(tag)
        except Exception:  # pydicom converts on access, and a broken value may raise anything
            return ""
        if found is None or found.value is None or found.VR == "SQ":
            return ""
        values = found.value if found.VM > 1 else [found.value]
        return "\\".join(str(value) for value in values)
