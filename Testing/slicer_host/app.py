"""The application object, ``slicer.app``, and its main window."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import slicer
import vtk
from PySide6.QtCore import Property, QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QVBoxLayout, QWidget

from .ctk_module import ctkCollapsibleButton
from .io_manager import IOManager
from .layout import LayoutManager
from .modules import ModuleManager, add_core_modules

# What gets an item of its own in the subject hierarchy, as Slicer's plug-ins see to.
HIERARCHY_CLASSES = (
    "vtkMRMLVolumeNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLModelNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotChartNode",
)


def qt_application() -> QApplication:
    """The process's one QApplication, off-screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    existing = QApplication.instance()
    if existing is not None:
        return existing
    application = QApplication(["Slicer"])
    application.setApplicationName("Slicer")
    application.setOrganizationName("slicer-host")
    application.setQuitOnLastWindowClosed(False)
    return application


class ModuleSelector:
    """The module selector of the main window."""

    def __init__(self, host):
        self._host = host

    def selectModule(self, name):
        self._host.open_module(name)

    @property
    def selectedModule(self):
        return self._host.current_module


class MainWindow(QMainWindow):
    """A main window with a module panel and room for the views."""

    def __init__(self, host):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer (test host)")
        self._selector = ModuleSelector(host)
        self.viewport = QWidget(self)
        self.setCentralWidget(self.viewport)
        self.dock = QDockWidget(self)
        self.dock.setObjectName("PanelDockWidget")
        self.panel = QWidget(self.dock)
        self.panel.setObjectName("ModulePanel")
        probe = ctkCollapsibleButton(self.panel)
        probe.setObjectName("DataProbeCollapsibleWidget")
        probe.setText("Data Probe")
        room = QVBoxLayout(self.panel)
        self._module_room = QVBoxLayout()
        room.addLayout(self._module_room, 1)
        room.addWidget(probe)
        self.dock.setWidget(self.panel)
        self.addDockWidget(Qt.LeftDockWidgetArea, self.dock)
        self.resize(1280, 900)

    def show_panel(self, panel):
        """Put a module's panel into the module panel."""
        self._module_room.addWidget(panel)

    def moduleSelector(self):
        return self._selector


class Application(QObject):
    """What qSlicerApplication is to scripts."""

    startupCompleted = Signal()
    renderPaused = Signal(bool)

    def __init__(self, host):
        super().__init__()
        self._host = host
        self._qt = qt_application()
        self._temporary = tempfile.TemporaryDirectory(prefix="slicer-host-")
        QSettings.setDefaultFormat(QSettings.IniFormat)
        QSettings.setPath(QSettings.IniFormat, QSettings.UserScope, self._temporary.name)
        QSettings().clear()
        self._temporary_path = str(Path(self._temporary.name) / "tmp")
        Path(self._temporary_path).mkdir()
        self._scene = slicer.mrmlScene
        self.exit_code = None
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._logic.SetHomeDirectory(self._temporary.name)
        self._logic.SetShareDirectory("share")
        (Path(self._temporary.name) / "share" / "ColorFiles").mkdir(parents=True)
        self._logic.SetTemporaryPath(self._temporary_path)
        self._logic.SetMRMLScene(self._scene)
        self._scene.SetDataIOManager(self._data_io_manager())
        self._io = IOManager(self)
        self._modules = ModuleManager(host)
        add_core_modules(self._modules, self._logic, self._scene)
        self._watch_hierarchy()
        self._window = MainWindow(host) if host.options.main_window else None
        self._layout_manager = None
        if host.options.layout_manager:
            self._loose_viewport = None if self._window else QWidget()
            viewport = self._window.viewport if self._window else self._loose_viewport
            self._layout_manager = LayoutManager(self._scene, self._logic, viewport)
        self._options = SimpleNamespace(
            testingEnabled=host.options.testing,
            noMainWindow=not host.options.main_window,
            runPythonAndExit=False,
        )

    @staticmethod
    def _data_io_manager():
        manager = slicer.vtkDataIOManager()
        cache = slicer.vtkCacheManager()
        manager.SetCacheManager(cache)
        return manager

    def _watch_hierarchy(self):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def added(_caller, _event, node):
            if self._scene.IsImporting() or node.GetHideFromEditors():
                return
            if any(node.IsA(name) for name in HIERARCHY_CLASSES):
                tree = hierarchy.GetSubjectHierarchyNode(self._scene)
                if not tree.GetItemByDataNode(node):
                    tree.CreateItem(tree.GetSceneItemID(), node)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def going(_caller, _event, node):
            tree = hierarchy.GetSubjectHierarchyNode(self._scene)
            item = tree.GetItemByDataNode(node) if tree is not None else 0
            if item:
                tree.RemoveItem(item, False, False)

        scene_class = slicer.vtkMRMLScene
        self._hierarchy_tags = [
            self._scene.AddObserver(scene_class.NodeAddedEvent, added),
            self._scene.AddObserver(scene_class.NodeAboutToBeRemovedEvent, going),
        ]

    def close_down(self):
        """Take the observers off and let the windows go."""
        for tag in self._hierarchy_tags:
            self._scene.RemoveObserver(tag)
        if self._window is not None:
            self._window.hide()
        if self._layout_manager is not None:
            self._layout_manager.close_down()
            self._layout_manager = None
        if self._window is not None:
            self._window.deleteLater()
        self._modules.close_down()
        self._logic.SetMRMLScene(None)
        self._temporary.cleanup()

    # What scripts call.

    def mrmlScene(self):
        return self._scene

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._modules

    def moduleLogic(self, name):
        return self._modules.module(name).logic()

    def coreIOManager(self):
        return self._io

    def ioManager(self):
        return self._io

    def commandOptions(self):
        return self._options

    def testingEnabled(self):
        return self._options.testingEnabled

    def processEvents(self):
        self._qt.processEvents()

    def topLevelWidgets(self):
        return [self._window] if self._window is not None else []

    def main_window(self):
        """For the host alone: scripts ask slicer.util.mainWindow()."""
        return self._window

    def settings(self):
        return QSettings()

    def userSettings(self):
        return QSettings()

    def revisionUserSettings(self):
        return QSettings()

    def setOverrideCursor(self, cursor):
        self._qt.setOverrideCursor(cursor)

    def restoreOverrideCursor(self):
        self._qt.restoreOverrideCursor()

    def translate(self, _context, text):
        return text

    def moduleDocumentationUrl(self, name):
        return f"{self.documentationBaseUrl}user_guide/modules/{name.lower()}.html"

    def pauseRender(self):
        self.renderPaused.emit(True)

    def resumeRender(self):
        self.renderPaused.emit(False)

    def setRenderPaused(self, paused):
        self.renderPaused.emit(paused)

    def exit(self, code=0):
        """The code is kept; the test goes on, as a script does until it returns."""
        self.exit_code = code

    def quit(self):
        self.exit(0)

    def restart(self):
        self._host.restarts += 1

    def dicomDatabase(self):
        return slicer.dicomDatabase

    def logUsageEvent(self, _component, _event):
        """No usage is logged on this host."""

    def _set_temporary_path(self, path):
        self._temporary_path = path

    temporaryPath = Property(str, lambda self: self._temporary_path, _set_temporary_path)
    cachePath = Property(str, lambda self: self._temporary_path)
    slicerHome = Property(str, lambda self: self._temporary.name)
    applicationName = Property(str, lambda self: "Slicer")
    mainApplicationName = Property(str, lambda self: "Slicer")
    applicationVersion = Property(str, lambda self: "5.12.0")
    majorVersion = Property(int, lambda self: 5)
    minorVersion = Property(int, lambda self: 12)
    revision = Property(str, lambda self: "0")
    os = Property(str, lambda self: "linux")
    arch = Property(str, lambda self: "amd64")
    documentationBaseUrl = Property(str, lambda self: "https://slicer.readthedocs.io/en/5.12/")
