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

from .io_manager import IOManager
from .layout import LayoutManager
from .modules import ModuleManager, add_core_modules

IN_HIERARCHY = ("Volume", "Markups", "Model", "Segmentation", "Transform", "Table", "Text")
"""Kinds of nodes that Slicer's plug-ins add to the subject hierarchy."""


def qt_application() -> QApplication:
    """Return the process's QApplication, off-screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance()
    if application is None:
        application = QApplication(["Slicer"])
        application.setOrganizationName("slicer-host")
        application.setQuitOnLastWindowClosed(False)
    return application


class MainWindow(QMainWindow):
    """A main window with a module panel, and the views in its centre."""

    def __init__(self, host):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._selector = SimpleNamespace(selectModule=host.open_module)
        self.viewport = QWidget(self)
        self.setCentralWidget(self.viewport)
        dock = QDockWidget(self)
        panel = QWidget(dock)
        self._panel_layout = QVBoxLayout(panel)
        dock.setWidget(panel)
        self.addDockWidget(Qt.LeftDockWidgetArea, dock)
        self.resize(1280, 900)

    def show_panel(self, panel):
        """Put a module's panel into the module panel."""
        self._panel_layout.addWidget(panel)

    def moduleSelector(self):
        return self._selector


class Application(QObject):
    """Stand-in for qSlicerApplication; QApplication answers what is not defined here."""

    startupCompleted = Signal()

    def __init__(self, host):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="slicer-host-")
        home = Path(self._folder.name)
        QSettings.setDefaultFormat(QSettings.IniFormat)
        QSettings.setPath(QSettings.IniFormat, QSettings.UserScope, str(home))
        QSettings().clear()
        self._temporary_path = str(home / "tmp")
        Path(self._temporary_path).mkdir()
        (home / "share" / "ColorFiles").mkdir(parents=True)
        self._scene = slicer.mrmlScene
        self.exit_code = None
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._logic.SetHomeDirectory(str(home))
        self._logic.SetShareDirectory("share")
        self._logic.SetTemporaryPath(self._temporary_path)
        self._logic.SetMRMLScene(self._scene)
        data_io = slicer.vtkDataIOManager()
        data_io.SetCacheManager(slicer.vtkCacheManager())
        self._scene.SetDataIOManager(data_io)
        self._io = IOManager(self._logic)
        self._modules = ModuleManager()
        add_core_modules(self._modules, self._logic, self._scene)
        self._hierarchy_tags = self._follow_nodes_in_hierarchy()
        self._options = SimpleNamespace(testingEnabled=host.options.testing, runPythonAndExit=False)
        self.main_window = MainWindow(host) if host.options.main_window else None
        self._layout_manager = None
        if host.options.layout_manager:
            self._viewport = self.main_window.viewport if self.main_window else QWidget()
            self._layout_manager = LayoutManager(self._scene, self._logic, self._viewport)

    def __getattr__(self, name):
        return getattr(QApplication.instance(), name)

    def _follow_nodes_in_hierarchy(self):
        scene, hierarchy = self._scene, slicer.vtkMRMLSubjectHierarchyNode

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def added(_caller, _event, node):
            if scene.IsImporting() or node.GetHideFromEditors():
                return
            if any(node.IsA(f"vtkMRML{kind}Node") for kind in IN_HIERARCHY):
                tree = hierarchy.GetSubjectHierarchyNode(scene)
                if not tree.GetItemByDataNode(node):
                    tree.CreateItem(tree.GetSceneItemID(), node)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def removed(_caller, _event, node):
            tree = hierarchy.GetSubjectHierarchyNode(scene)
            item = tree.GetItemByDataNode(node) if tree is not None else 0
            if item:
                tree.RemoveItem(item, False, False)

        return [
            scene.AddObserver(scene.NodeAddedEvent, added),
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, removed),
        ]

    def close_down(self):
        """Remove the observers and delete the windows."""
        for tag in self._hierarchy_tags:
            self._scene.RemoveObserver(tag)
        if self._layout_manager is not None:
            self._layout_manager.close_down()
        if self.main_window is not None:
            self.main_window.hide()
            self.main_window.deleteLater()
        self._modules.close_down()
        self._logic.SetMRMLScene(None)
        self._folder.cleanup()

    # Methods for scripts.

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._modules

    def coreIOManager(self):
        return self._io

    def dicomDatabase(self):
        return slicer.dicomDatabase

    def commandOptions(self):
        return self._options

    def testingEnabled(self):
        return self._options.testingEnabled

    def exit(self, code=0):
        """Store the code; the script runs on until it returns, as in Slicer."""
        self.exit_code = code

    temporaryPath = Property(str, lambda self: self._temporary_path)
    applicationName = Property(str, lambda self: "Slicer")
