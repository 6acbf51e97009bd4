"""Modules: Slicer's own with their real logics, scripted ones as the module factory loads them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import slicer
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

CORE_MODULES = {
    "Colors": "vtkSlicerColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Models": "vtkSlicerModelsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
}
"""Names of Slicer's own modules and the classes of their logics."""


def add_core_modules(manager, application_logic, scene) -> None:
    """Register Slicer's own modules; their logics register their node classes."""
    for name, class_name in CORE_MODULES.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        application_logic.SetModuleLogic(name, logic)
        if name == "Colors":
            application_logic.SetColorLogic(logic)
        logic.SetMRMLScene(scene)
        manager.add_module(SimpleNamespace(name=name, logic=lambda logic=logic: logic))


class qSlicerScriptedLoadableModule:
    """The C++ part of a scripted module, the ``parent`` of its Python class."""

    def __init__(self, name, path):
        self.name, self.path = name, str(path)
        self.title = name
        self.hidden = False
        self.panel = None

    def widgetRepresentation(self):
        """Return the module's panel, created on the first call."""
        if self.panel is None:
            self.panel = qSlicerScriptedLoadableModuleWidget(self.name)
        return self.panel


class qSlicerScriptedLoadableModuleWidget(QWidget):
    """The C++ part of a module's panel, the ``parent`` of the Python widget."""

    def __init__(self, module_name):
        super().__init__()
        QVBoxLayout(self)
        self._module_name = module_name
        self._entered = False
        self._python = None
        self._make_python_widget()

    def _make_python_widget(self):
        """Create ``<Name>Widget`` of the module's file and set it up."""
        class_name = f"{self._module_name}Widget"
        self.setObjectName(class_name)
        self._python = getattr(sys.modules[self._module_name], class_name)(self)
        setattr(slicer.modules, class_name, self._python)
        self._python.setup()

    def self(self):
        return self._python

    def enter(self):
        self._entered = True
        self._python.enter()

    def exit(self):
        self._entered = False
        self._python.exit()

    def reload(self):
        """Create the Python widget again, after its file was reloaded."""
        self._make_python_widget()
        if self._entered:
            self._python.enter()

    isEntered = Property(bool, lambda self: self._entered)


class ModuleManager(QObject):
    """Stand-in for qSlicerModuleManager."""

    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self):
        super().__init__()
        self._modules = {}

    def add_module(self, module):
        """Add a module to ``slicer.modules``."""
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)

    def module(self, name):
        return self._modules.get(name)

    def close_down(self):
        """Unload the scripted modules; the ``cleanup`` of their widgets runs."""
        for name, module in self._modules.items():
            if isinstance(module, qSlicerScriptedLoadableModule):
                self.moduleAboutToBeUnloaded.emit(name)
                if module.panel is not None:
                    module.panel.deleteLater()


def register_scripted(path: Path, manager: ModuleManager):
    """Load a module's file and return an instance of its module class, as the factory does."""
    name, folder = path.stem, str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
        parent = qSlicerScriptedLoadableModule(name, path)
        instance = getattr(loaded, name)(parent)
    except BaseException:
        del sys.modules[name]
        raise
    setattr(slicer.modules, f"{name}Instance", instance)
    manager.add_module(parent)
    return instance
