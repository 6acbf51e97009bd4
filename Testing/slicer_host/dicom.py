"""The DICOM module's Python: a database over real files, plug-in base classes, loading.

``slicer.dicomDatabase`` reads values from the files themselves, as texts, many values joined by a
backslash and nothing for what is missing, which is what ctkDICOMDatabase answers.
"""

from __future__ import annotations

import hashlib
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import pydicom
import slicer


class Database:
    """What ctkDICOMDatabase is to scripts."""

    def __init__(self):
        self.isOpen = True
        self._headers = {}
        self._order = []

    def insert(self, path, *_):
        """Index one file; one that is no DICOM is passed over."""
        path = str(path)
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except (pydicom.errors.InvalidDicomError, IsADirectoryError):
            return
        if path not in self._headers:
            self._order.append(path)
        self._headers[path] = header

    def _header(self, path):
        path = str(path)
        if path not in self._headers:
            self.insert(path)
        return self._headers.get(path)

    def fileValue(self, path, group, element=None):
        """Value of a tag, ``"0008,0060"`` or two numbers, as a text."""
        header = self._header(path)
        if header is None:
            return ""
        if element is None:
            group, element = (int(part, 16) for part in group.split(","))
        found = header.get((group, element))
        if found is None or found.value is None or found.VR == "SQ":
            return ""
        values = found.value if found.VM > 1 else [found.value]
        return "\\".join(str(value) for value in values)

    def fileValueExists(self, path, *tag):
        return self.fileValue(path, *tag) != ""

    def instanceValue(self, instance, *tag):
        return self.fileValue(self.fileForInstance(instance), *tag)

    def _with(self, tag, value):
        return [path for path in self._order if self.fileValue(path, tag) == value]

    def _values(self, tag, paths):
        return list(dict.fromkeys(self.fileValue(path, tag) for path in paths))

    def fileForInstance(self, instance):
        return next(iter(self._with("0008,0018", instance)), "")

    def instanceForFile(self, path):
        return self.fileValue(path, "0008,0018")

    def seriesForFile(self, path):
        return self.fileValue(path, "0020,000E")

    def filesForSeries(self, series, hits=-1):
        files = self._with("0020,000E", series)
        return files[:hits] if hits > 0 else files

    def instancesForSeries(self, series, hits=-1):
        return [self.instanceForFile(path) for path in self.filesForSeries(series, hits)]

    def studyForSeries(self, series):
        return self.fileValue(self.filesForSeries(series)[0], "0020,000D")

    def patients(self):
        return self._values("0010,0020", self._order)

    def studiesForPatient(self, patient):
        return self._values("0020,000D", self._with("0010,0020", patient))

    def seriesForStudy(self, study):
        return self._values("0020,000E", self._with("0020,000D", study))

    def allFiles(self):
        return list(self._order)


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
        """Put a node under its patient and study, with the identifiers of its files."""
        constants = slicer.vtkMRMLSubjectHierarchyConstants
        value = slicer.dicomDatabase.fileValue
        first = loadable.files[0]
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        series = value(first, self.tags["seriesInstanceUID"])
        tree.SetItemUID(item, constants.GetDICOMUIDName(), series)
        tree.SetItemAttribute(
            item,
            constants.GetDICOMSeriesModalityAttributeName(),
            value(first, self.tags["modality"]),
        )
        instances = [value(file, self.tags["instanceUID"]) or "Unknown" for file in loadable.files]
        tree.SetItemUID(item, constants.GetDICOMInstanceUIDName(), " ".join(instances))
        study = value(first, "0020,000D")
        patient = value(first, "0010,0020") or f"Patient-{study}"
        slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy(
            tree, patient, study, series
        )
        for uid, name in (
            (patient, value(first, "0010,0010") or "No name"),
            (study, value(first, "0008,1030") or "No study description"),
        ):
            tree.SetItemName(tree.GetItemByUID(constants.GetDICOMUIDName(), uid), name)


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    """Index all files of a folder."""
    database = dicomDatabase or slicer.dicomDatabase
    for path in sorted(Path(dicomDataDir).rglob("*")):
        if path.is_file():
            database.insert(path)
    return True


def getLoadablesFromFileLists(fileLists, pluginClassNames=None, messages=None, *_, **__):
    """What the registered plug-ins can make of lists of files."""
    names = pluginClassNames or list(slicer.modules.dicomPlugins)
    plugins = [slicer.modules.dicomPlugins[name]() for name in names]
    found = {plugin: plugin.examineForImport(fileLists) for plugin in plugins}
    return found, any(found.values())


def selectHighestConfidenceLoadables(loadablesByPlugin):
    """Of the loadables that share files, select the most confident alone."""
    loadables = [item for items in loadablesByPlugin.values() for item in items]
    for item in loadables:
        rivals = [other for other in loadables if set(other.files) & set(item.files)]
        item.selected = item is max(rivals, key=lambda other: other.confidence)


def loadLoadables(loadablesByPlugin, messages=None, progressCallback=None):
    """Load what is selected; returns the identifiers of the nodes that came."""
    before = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")}
    for plugin, loadables in loadablesByPlugin.items():
        for loadable in loadables:
            if loadable.selected:
                loadable.loadSuccess = bool(plugin.load(loadable))
                if not loadable.loadSuccess and messages is not None:
                    messages.append(f"Could not load: {loadable.name} as a {plugin.loadType}")
    unwanted = ("vtkMRMLStorageNode", "vtkMRMLDisplayNode")
    return [
        node.GetID()
        for node in slicer.util.getNodesByClass("vtkMRMLNode")
        if node.GetID() not in before and not any(node.IsA(name) for name in unwanted)
    ]


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Load series, each by the most confident plug-in."""
    lists = [slicer.dicomDatabase.filesForSeries(series) for series in seriesUIDs]
    found, _ = getLoadablesFromFileLists(lists, enabledPluginClassNames, messages)
    selectHighestConfidenceLoadables(found)
    return loadLoadables(found, messages)


def loadPatientByUID(patientUID, *arguments, **options):
    """Load all series of a patient."""
    studies = slicer.dicomDatabase.studiesForPatient(patientUID)
    series = [uid for study in studies for uid in slicer.dicomDatabase.seriesForStudy(study)]
    return loadSeriesByUID(series, *arguments, **options)


@contextmanager
def TemporaryDICOMDatabase(directory=None):
    """A database of its own for a while."""
    before, slicer.dicomDatabase = slicer.dicomDatabase, Database()
    try:
        yield slicer.dicomDatabase
    finally:
        slicer.dicomDatabase = before


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
