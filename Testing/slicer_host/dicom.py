"""The DICOM module's Python: plug-in base classes, importing and loading."""

from __future__ import annotations

import hashlib
import logging
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import slicer
import vtk


class DICOMLoadable:
    """One thing that a plug-in could load."""

    def __init__(self, qLoadable=None):
        self.files = []
        self.name = "Unknown"
        self.tooltip = "No further information available"
        self.warning = ""
        self.selected = False
        self.confidence = 0.5
        for name in ("files", "name", "tooltip", "warning", "selected", "confidence"):
            if qLoadable is not None:
                setattr(self, name, getattr(qLoadable, name))
        self.files = list(self.files)


# What an item of the subject hierarchy is told, by level: the name of the attribute and its tag.
# A name without a function of vtkMRMLSubjectHierarchyConstants stands behind the prefix "DICOM.".
SERIES_ATTRIBUTES = {
    "GetDICOMSeriesModalityAttributeName": "0008,0060",
    "GetDICOMSeriesNumberAttributeName": "0020,0011",
    "GetDICOMFrameOfReferenceUIDAttributeName": "0020,0052",
    "SeriesDescription": "0008,103E",
    "SeriesDate": "0008,0021",
    "SeriesTime": "0008,0031",
    "ContentDate": "0008,0023",
    "ContentTime": "0008,0033",
    "Manufacturer": "0008,0070",
    "Model": "0008,1090",
}
STUDY_ATTRIBUTES = {
    "GetDICOMStudyInstanceUIDAttributeName": "0020,000D",
    "GetDICOMStudyIDAttributeName": "0020,0010",
    "GetDICOMStudyDateAttributeName": "0008,0020",
    "GetDICOMStudyTimeAttributeName": "0008,0030",
}
PATIENT_ATTRIBUTES = {
    "GetDICOMPatientSexAttributeName": "0010,0040",
    "GetDICOMPatientBirthDateAttributeName": "0010,0030",
    "GetDICOMPatientCommentsAttributeName": "0010,4000",
}


class DICOMPlugin:
    """Base of a plug-in: says what it can make of files, and makes it."""

    def __init__(self):
        self.loadType = "Generic DICOM"
        self.loadableCache = {}
        self.tags = {
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "frameOfReferenceUID": "0020,0052",
            "seriesInstanceUID": "0020,000E",
            "modality": "0008,0060",
            "instanceUID": "0008,0018",
            "sopClassUID": "0008,0016",
        }
        self.tempDir = None

    def hashFiles(self, files):
        return hashlib.md5("".join(files).encode()).digest()

    def getCachedLoadables(self, files):
        return self.loadableCache.get(self.hashFiles(files))

    def cacheLoadables(self, files, loadables):
        self.loadableCache[self.hashFiles(files)] = loadables

    def examineForImport(self, fileList):
        loadables = []
        for files in fileList:
            found = self.getCachedLoadables(files)
            if found is None:
                found = self.examineFiles(files)
                self.cacheLoadables(files, found)
            loadables += found
        return loadables

    def examine(self, fileList):
        return self.examineForImport(fileList)

    def examineFiles(self, files):
        return []

    def load(self, loadable):
        return True

    def cleanup(self):
        """Nothing was unpacked."""

    def defaultSeriesNodeName(self, seriesUID):
        files = slicer.dicomDatabase.filesForSeries(seriesUID, 1)
        if not files:
            return "Unnamed Series"
        name = slicer.dicomDatabase.fileValue(files[0], self.tags["seriesDescription"])
        number = slicer.dicomDatabase.fileValue(files[0], self.tags["seriesNumber"])
        return f"{number}: {name or 'Unnamed Series'}" if number else name or "Unnamed Series"

    def addSeriesInSubjectHierarchy(self, loadable, dataNode):
        """Put a node under its patient and study, with the identifiers of its files.

        Patient and study are named when they are made, from the first file that needs them.
        """
        constants = slicer.vtkMRMLSubjectHierarchyConstants
        uid_name = constants.GetDICOMUIDName()
        first = loadable.files[0]
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

        def value(tag):
            return slicer.dicomDatabase.fileValue(first, tag)

        def note(item, attributes):
            for name, tag in attributes.items():
                named = getattr(constants, name, None)
                prefix = constants.GetDICOMAttributePrefix()
                tree.SetItemAttribute(item, named() if named else prefix + name, value(tag))

        item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        series, study = value(self.tags["seriesInstanceUID"]), value("0020,000D")
        tree.SetItemUID(item, uid_name, series)
        note(item, SERIES_ATTRIBUTES)
        instances = [
            slicer.dicomDatabase.fileValue(file, self.tags["instanceUID"]) or "Unknown"
            for file in loadable.files
        ]
        tree.SetItemUID(item, constants.GetDICOMInstanceUIDName(), " ".join(instances))
        referenced = " ".join(getattr(loadable, "referencedInstanceUIDs", ()))
        references = constants.GetDICOMReferencedInstanceUIDsAttributeName()
        tree.SetItemAttribute(item, references, referenced)

        patient = value("0010,0020") or f"Patient-{study}"
        known = {uid: bool(tree.GetItemByUID(uid_name, uid)) for uid in (patient, study)}
        slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy(
            tree, patient, study, series
        )
        if not known[patient]:
            made = tree.GetItemByUID(uid_name, patient)
            name = value("0010,0010") or "No name"
            note(made, PATIENT_ATTRIBUTES)
            tree.SetItemAttribute(made, constants.GetDICOMPatientNameAttributeName(), name)
            tree.SetItemAttribute(made, constants.GetDICOMPatientIDAttributeName(), patient)
            tree.SetItemName(made, f"{name} ({patient})")
        if not known[study]:
            made = tree.GetItemByUID(uid_name, study)
            name = value("0008,1030") or "No study description"
            note(made, STUDY_ATTRIBUTES)
            tree.SetItemAttribute(made, constants.GetDICOMStudyDescriptionAttributeName(), name)
            day = value("0008,0020")
            tree.SetItemName(made, f"{name} ({day})" if day else name)


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    """Index all files of a folder; as ctkDICOMIndexer does, show them when all are in."""
    database = dicomDatabase or slicer.dicomDatabase
    for path in sorted(Path(dicomDataDir).rglob("*")):
        if path.is_file():
            database.insert(str(path), copyFiles)
    database.updateDisplayedFields()
    return True


def getLoadablesFromFileLists(fileLists, pluginClassNames=None, messages=None, *_, **__):
    """What the registered plug-ins can make of lists of files; one that fails is left out."""
    # As in Slicer, the table is not there before the first plug-in makes it.
    names = slicer.modules.dicomPlugins if pluginClassNames is None else pluginClassNames
    found = {}
    for name in names:
        plugin = slicer.modules.dicomPlugins[name]()
        try:
            found[plugin] = plugin.examineForImport(fileLists) or plugin.examine(fileLists)
        except Exception:
            logging.exception("DICOM Plugin failed: %s", name)
            if messages:  # as in Slicer: a list that is empty stays so
                messages.append(f"Plugin failed: {name}.")
    return found, any(found.values())


def selectHighestConfidenceLoadables(loadablesByPlugin):
    """Of each series, select what its plug-ins are most confident in, and nothing else of it.

    What the plug-ins selected themselves does not count.
    """
    by_series = {}
    for loadables in loadablesByPlugin.values():
        for loadable in loadables:
            series = slicer.dicomDatabase.fileValue(loadable.files[0], "0020,000E")
            by_series.setdefault(series, []).append(loadable)
    for loadables in by_series.values():
        highest = max(loadable.confidence for loadable in loadables)
        for loadable in loadables:
            loadable.selected = loadable.confidence == highest


def loadLoadables(loadablesByPlugin, messages=None, progressCallback=None):
    """Load what is selected; returns the identifiers of the nodes that came.

    A plug-in that raises has not loaded; what it added before counts all the same.
    """
    added = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def note(_scene, _event, node):
        if not isinstance(node, slicer.vtkMRMLStorageNode | slicer.vtkMRMLDisplayNode):
            added.append(node.GetID())

    tag = slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, note)
    for plugin, loadables in loadablesByPlugin.items():
        for loadable in loadables:
            if not loadable.selected:
                continue
            try:
                loadable.loadSuccess = bool(plugin.load(loadable))
            except Exception:
                logging.exception("DICOM plugin failed to load %s", loadable.name)
                loadable.loadSuccess = False
            if not loadable.loadSuccess and messages is not None:
                messages.append(f"Could not load: {loadable.name} as a {plugin.loadType}")
    slicer.mrmlScene.RemoveObserver(tag)
    return added


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Load series, each by the most confident plug-in.

    As in Slicer, what fails in loading is not among the messages.
    """
    lists = [slicer.dicomDatabase.filesForSeries(series) for series in seriesUIDs]
    found, _ = getLoadablesFromFileLists(lists, enabledPluginClassNames, messages)
    selectHighestConfidenceLoadables(found)
    return loadLoadables(found)


def loadPatientByUID(patientUID, *arguments, **options):
    """Load all series of a patient."""
    studies = slicer.dicomDatabase.studiesForPatient(patientUID)
    series = [uid for study in studies for uid in slicer.dicomDatabase.seriesForStudy(study)]
    return loadSeriesByUID(series, *arguments, **options)


@contextmanager
def TemporaryDICOMDatabase(directory=None):
    """The database, in another folder and empty for a while (``DICOMUtils.py``)."""
    database = slicer.dicomDatabase
    before = database.databaseFilename
    folder = Path(slicer.app.temporaryPath) / (directory or "TempDICOMDatabase")
    folder.mkdir(parents=True, exist_ok=True)
    database.openDatabase(str(folder / "ctkDICOM.sql"))
    database.initializeDatabase()
    try:
        yield database
    finally:
        database.openDatabase(before)


def make_modules() -> dict[str, types.ModuleType]:
    """``DICOMLib`` and ``DICOMLib.DICOMUtils``."""
    library = types.ModuleType("DICOMLib", "Slicer's DICOM library, stood in for.")
    utilities = types.ModuleType("DICOMLib.DICOMUtils")
    here = sys.modules[__name__]
    for name in (
        "importDicom",
        "getLoadablesFromFileLists",
        "selectHighestConfidenceLoadables",
        "loadLoadables",
        "loadSeriesByUID",
        "loadPatientByUID",
        "TemporaryDICOMDatabase",
    ):
        setattr(utilities, name, getattr(here, name))
    library.DICOMUtils = utilities
    library.DICOMPlugin, library.DICOMLoadable = DICOMPlugin, DICOMLoadable
    library.__path__ = []
    return {"DICOMLib": library, "DICOMLib.DICOMUtils": utilities}
