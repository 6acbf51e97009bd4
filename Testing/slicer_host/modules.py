"""Modules: core ones with their real logics, scripted ones as the module factory makes them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import slicer
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QVBoxLayout, QWidget

# Name of a core module and the class of its logic.
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
    "Units": "vtkSlicerUnitsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Sequences": "vtkSlicerSequencesLogic",
}


class CoreModule:
    """A module of Slicer's own, with its real logic and no panel."""

    def __init__(self, name, logic):
        self.name = self.title = name
        self.path = ""
        self._logic = logic
        self._widget = None

    def logic(self):
        return self._logic

    def widgetRepresentation(self):
        if self._widget is None:
            self._widget = QWidget()
        return self._widget


def add_core_modules(manager, application_logic, scene) -> None:
    """Register Slicer's own modules; their logics register the node classes they own."""
    for name, class_name in CORE_MODULES.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        application_logic.SetModuleLogic(name, logic)
        if name == "Colors":
            application_logic.SetColorLogic(logic)
        logic.SetMRMLScene(scene)
        manager.add_module(CoreModule(name, logic))


class qSlicerScriptedLoadableModule(QObject):
    """The C++ side of a scripted module: what its Python class is given as ``parent``."""

    def __init__(self, name, path):
        super().__init__()
        self._name, self._path = name, str(path)
        self._widget = None
        self.title = name
        self.categories = []
        self.contributors = []
        self.dependencies = []
        self.associatedNodeTypes = []
        self.helpText = ""
        self.acknowledgementText = ""
        self.icon = QIcon()
        self.hidden = False
        self.index = -1
        self.widgetRepresentationCreationEnabled = True

    @property
    def name(self):
        return self._name

    @property
    def path(self):
        return self._path

    def logic(self):
        return slicer.vtkSlicerScriptedLoadableModuleLogic()

    def widgetRepresentation(self):
        """The module's panel, made when it is asked for the first time."""
        if self._widget is None:
            self._widget = self.createNewWidgetRepresentation()
        return self._widget

    def createNewWidgetRepresentation(self):
        widget = qSlicerScriptedLoadableModuleWidget(self)
        widget.make_python_widget()
        return widget


class qSlicerScriptedLoadableModuleWidget(QWidget):
    """The C++ side of a module's panel: what the Python widget is given as ``parent``."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, module):
        super().__init__()
        QVBoxLayout(self)
        self._module = module
        self._entered = False
        self._python = None

    def make_python_widget(self):
        """Make ``<Name>Widget`` of the module's file, put it in slicer.modules and set it up."""
        class_name = f"{self._module.name}Widget"
        self.setObjectName(class_name)
        self._python = getattr(sys.modules[self._module.name], class_name)(self)
        setattr(slicer.modules, class_name, self._python)
        self._python.setup()

    def self(self):
        return self._python

    def enter(self):
        self._entered = True
        _call(self._python, "enter")

    def exit(self):
        self._entered = False
        _call(self._python, "exit")

    def reload(self):
        """Make the Python widget anew, after its file was loaded anew."""
        entered = self._entered
        self.make_python_widget()
        if entered:
            _call(self._python, "enter")

    isEntered = Property(bool, lambda self: self._entered)


def _call(python, method):
    if hasattr(python, method):
        getattr(python, method)()


class _FactoryManager:
    def __init__(self, manager):
        self._manager = manager

    def loadedModuleNames(self):
        return list(self._manager.by_name)

    def isLoaded(self, name):
        return name in self._manager.by_name


class ModuleManager(QObject):
    """What qSlicerModuleManager is to scripts."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self, host):
        super().__init__()
        self._host = host
        self.by_name = {}

    def add_module(self, module):
        """Show a module in ``slicer.modules`` and ``slicer.moduleNames``."""
        self.by_name[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)
        setattr(slicer.moduleNames, module.name, module.name)
        self.moduleLoaded.emit(module.name)

    def module(self, name):
        return self.by_name.get(name)

    def modulesNames(self):
        return list(self.by_name)

    def factoryManager(self):
        return _FactoryManager(self)

    def close_down(self):
        """Unload every scripted module: its widget's ``cleanup`` runs."""
        for name, module in list(self.by_name.items()):
            if isinstance(module, qSlicerScriptedLoadableModule):
                self.moduleAboutToBeUnloaded.emit(name)
                if module._widget is not None:
                    module._widget.deleteLater()


def register_scripted(path: Path, manager: ModuleManager):
    """Load a scripted module's file and make its module class, as the factory does.

    Returns
    -------
    object
        The instance of the file's module class.
    """
    name = path.stem
    folder = str(path.parent)
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
    parent.python_module = instance
    setattr(slicer.modules, f"{name}Instance", instance)
    manager.add_module(parent)
    _call(instance, "setup")
    return instance
