"""The modules ``DICOMLib`` and ``DICOMLib.DICOMUtils``: plug-in base classes and loading."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from pathlib import Path

import slicer
import vtk

DICOMUtils = sys.modules[__name__]


class DICOMLoadable:
    """One object that a plug-in can load."""

    def __init__(self):
        self.files = []
        self.name = "Unknown"
        self.tooltip = "No further information available"
        self.warning = ""
        self.selected = False
        self.confidence = 0.5


class DICOMPlugin:
    """Base of a plug-in, which examines files and loads them."""

    def __init__(self):
        self.loadType = "Generic DICOM"
        self.loadableCache = {}
        self.tags = {
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "seriesInstanceUID": "0020,000E",
            "modality": "0008,0060",
            "instanceUID": "0008,0018",
            "sopClassUID": "0008,0016",
        }

    def examineForImport(self, fileList):
        loadables = []
        for files in fileList:
            key = tuple(files)
            if key not in self.loadableCache:
                self.loadableCache[key] = self.examineFiles(files)
            loadables += self.loadableCache[key]
        return loadables

    def examine(self, fileList):
        return self.examineForImport(fileList)

    def addSeriesInSubjectHierarchy(self, loadable, dataNode):
        """Put a node under its patient and study, with the UIDs of its files.

        Patient and study are named when they are created, from the first file of them.
        """
        constants = slicer.vtkMRMLSubjectHierarchyConstants
        uid_name = constants.GetDICOMUIDName()
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

        def value(tag):
            return slicer.dicomDatabase.fileValue(loadable.files[0], tag)

        item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        series, study = value(self.tags["seriesInstanceUID"]), value("0020,000D")
        tree.SetItemUID(item, uid_name, series)
        instances = [
            slicer.dicomDatabase.fileValue(file, self.tags["instanceUID"]) or "Unknown"
            for file in loadable.files
        ]
        tree.SetItemUID(item, constants.GetDICOMInstanceUIDName(), " ".join(instances))
        patient = value("0010,0020") or f"Patient-{study}"
        name = f"{value('0010,0010') or 'No name'} ({patient})"
        description, day = value("0008,1030") or "No study description", value("0008,0020")
        titles = {patient: name, study: f"{description} ({day})" if day else description}
        new = [uid for uid in titles if not tree.GetItemByUID(uid_name, uid)]
        slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy(
            tree, patient, study, series
        )
        for uid in new:
            tree.SetItemName(tree.GetItemByUID(uid_name, uid), titles[uid])


def getLoadablesFromFileLists(fileLists, pluginClassNames=None, messages=None):
    """Examine lists of files with the registered plug-ins; one that fails is left out."""
    # As in Slicer, the first plug-in that registers creates the table.
    names = slicer.modules.dicomPlugins if pluginClassNames is None else pluginClassNames
    found = {}
    for name in names:
        plugin = slicer.modules.dicomPlugins[name]()
        try:
            found[plugin] = plugin.examineForImport(fileLists) or plugin.examine(fileLists)
        except Exception:
            logging.exception("DICOM Plugin failed: %s", name)
            if messages:  # as in Slicer: nothing is added to an empty list
                messages.append(f"Plugin failed: {name}.")
    return found, any(found.values())


def selectHighestConfidenceLoadables(loadablesByPlugin):
    """Select in each series only the loadables of the highest confidence.

    The plug-ins' own selection is overwritten.
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


def loadLoadables(loadablesByPlugin, messages=None):
    """Load what is selected and return the IDs of the nodes that were added.

    A plug-in that raises has not loaded; the nodes that it added before are returned as well.
    """
    added = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def node_added(_scene, _event, node):
        if not isinstance(node, slicer.vtkMRMLStorageNode | slicer.vtkMRMLDisplayNode):
            added.append(node.GetID())

    tag = slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, node_added)
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


@contextmanager
def TemporaryDICOMDatabase(directory="TempDICOMDatabase"):
    """Switch to an empty database in another folder within this context."""
    database = slicer.dicomDatabase
    before = database.databaseFilename
    folder = Path(slicer.app.temporaryPath) / directory
    folder.mkdir(parents=True, exist_ok=True)
    database.openDatabase(str(folder / "ctkDICOM.sql"))
    database.initializeDatabase()
    try:
        yield database
    finally:
        database.openDatabase(before)
