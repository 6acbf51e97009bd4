"""Starts a host and ends it, leaving nothing of it in the process.

``slicer``, ``qt`` and ``ctk`` can be imported only between the two. They are created once a
process; every further host uses the same modules with a new scene.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
import types
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .packages import hidden_packages, record_installations

REPOSITORY = Path(__file__).resolve().parents[2]
HOST_MODULES = ("slicer", "qt", "ctk", "DICOMLib", "SampleData", "PyTorchUtils", "vtkITK")
STAND_INS = {
    "slicer.i18n": "i18n",
    "slicer.packaging": "packaging",
    "slicer.testing": "unit_test",
    "slicer.ScriptedLoadableModule": "scripted_module",
    "slicer.parameterNodeWrapper": "parameter_node",
    "SampleData": "sample_data",
    "PyTorchUtils": "pytorch_utils",
    "DICOMLib": "dicom",
    "DICOMLib.DICOMUtils": "dicom",
}
"""Modules of Slicer, in the order of their imports, and the files that stand in for them."""


@dataclass(frozen=True)
class HostOptions:
    """The options; README.md describes each."""

    main_window: bool = True
    layout_manager: bool = True
    torch: bool = True
    missing: tuple[str, ...] = ()
    packaging: str = "installs"
    testing: bool = False
    answers: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self):
        if self.packaging not in ("installs", "declines", "offline"):
            raise ValueError(f"packaging={self.packaging!r}: use installs, declines or offline")


class Host:
    """A running host, created by :func:`start_host`."""

    def __init__(self, options: HostOptions, hidden):
        from . import message_boxes

        self.options = options
        self.hidden = hidden
        self.installations = []
        self.messages = message_boxes.messages
        self.answers = message_boxes.answers
        self.current_module = None
        self.app = None

    @property
    def scene(self):
        import slicer

        return slicer.mrmlScene

    # Modules.

    def register_module(self, path):
        """Load a scripted module's file and return an instance of its module class.

        Parameters
        ----------
        path
            The file, or the name of a module of this repository; with ``SLICER_HOST_MODULES``
            set, of a module in that folder.
        """
        from .modules import register_scripted

        path = Path(path)
        if path.suffix != ".py":
            folder = os.environ.get("SLICER_HOST_MODULES") or REPOSITORY / "MammoClassifier"
            path = Path(folder) / f"{path.name}.py"
        return register_scripted(path.resolve(), self.app.moduleManager())

    def start_up_completed(self):
        """Emit ``startupCompleted``: sample data sources register."""
        self.app.startupCompleted.emit()

    def open_module(self, path):
        """Leave the open module, create this one's panel, enter it; returns the Python widget."""
        name = Path(path).stem
        if self.app.moduleManager().module(name) is None:
            self.register_module(path)
        self.leave_module()
        self.current_module = self.app.moduleManager().module(name)
        panel = self.current_module.widgetRepresentation()
        if self.app.main_window is not None:
            self.app.main_window.show_panel(panel)
        panel.show()
        panel.enter()
        self.process_events()
        return panel.self()

    def leave_module(self):
        """Leave the open module, as when another is selected."""
        module, self.current_module = self.current_module, None
        if module is not None:
            module.widgetRepresentation().hide()
            module.widgetRepresentation().exit()
            self.process_events()

    # Events.

    def process_events(self):
        """Process the events in Qt's queue, deferred deletions included."""
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)

    def wait_until(self, condition, seconds: float = 10.0):
        """Process events until a condition is true; AssertionError if it is not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"the condition was not true within {seconds} s")
            self.process_events()
            time.sleep(0.001)

    # Scenes and pixels.

    def slice_pixels(self, view: str, layer: str | None = None):
        """Return the :class:`slices.SlicePixels` of a slice view.

        Parameters
        ----------
        view
            Layout name of the view: ``"Red"``, or the singleton tag in the layout's XML.
        layer
            ``"background"``, ``"foreground"`` or ``"label"``, or None for all layers blended.
        """
        from .slices import read_pixels

        self.process_events()
        return read_pixels(self.app.layoutManager().sliceWidget(view).sliceLogic(), layer)

    def save_scene(self, path):
        """Save the scene as a ``.mrb``, or in a folder with its data."""
        import slicer

        if not slicer.util.saveScene(str(path)):
            raise AssertionError(f"the scene was not saved to {path}")

    def close_scene(self):
        """Close the scene, as *File > Close scene* does."""
        self.scene.Clear(False)
        self.process_events()

    def load_scene(self, path):
        """Load a ``.mrb``, or the scene of a folder, in place of the open scene."""
        import slicer

        path = Path(path)
        if path.is_dir():
            (path,) = path.glob("*.mrml")
        slicer.util.loadScene(str(path), {"clear": True})
        self.process_events()


# The modules of the process.

_kept: dict[str, types.ModuleType] = {}


def _create_modules():
    """Create ``qt``, ``ctk``, ``slicer`` and the modules that depend on them, once a process."""
    import slicer  # the wheel
    from PySide6.QtWidgets import QWidget

    from . import app, ctk_module, message_boxes, mrml_widgets, pythonqt, qt_module
    from .modules import qSlicerScriptedLoadableModuleWidget

    app.qt_application()
    pythonqt.add_spellings()
    message_boxes.replace_qt_message_boxes()
    ctk_classes, mrml_classes = ctk_module.WIDGET_CLASSES, mrml_widgets.WIDGET_CLASSES
    qt_module.QUiLoader.widget_classes = {**ctk_classes, **mrml_classes}
    sys.modules["qt"] = qt_module.make_qt_module()
    sys.modules["ctk"] = ctk_module.make_ctk_module()
    vars(slicer).update(mrml_classes)
    vars(slicer).update((n, type(n, (QWidget,), {})) for n in mrml_widgets.NAMED_BY_SLICER)
    slicer.qSlicerScriptedLoadableModuleWidget = qSlicerScriptedLoadableModuleWidget
    slicer.modules = sys.modules["slicer.modules"] = types.ModuleType("slicer.modules")
    slicer_python = os.environ.get("SLICER_PYTHON_DIR")
    if slicer_python:
        slicer.__path__.append(str(Path(slicer_python) / "slicer"))
    for name, file in STAND_INS.items():
        if slicer_python and name.startswith("slicer."):
            module = importlib.import_module(name)
        else:
            module = importlib.import_module(f".{file}", __package__)
        sys.modules[name] = module
        if name.startswith("slicer."):
            setattr(slicer, name.removeprefix("slicer."), module)


def _restore_modules():
    """Put the host's modules into ``sys.modules``; the first time, create them."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.modules.update(_kept)
    if not _kept:
        _create_modules()


def _remove_modules(paths_before, modules_before):
    """Remove the host's modules, and those loaded from module folders, from the process."""
    for name in [name for name in sys.modules if name.partition(".")[0] in HOST_MODULES]:
        _kept[name] = sys.modules.pop(name)
    folders = [path for path in sys.path if path not in paths_before]
    for name in set(sys.modules) - modules_before:
        if name.partition(".")[0] == "mammopair":
            continue
        file = getattr(sys.modules[name], "__file__", None) or ""
        if any(file.startswith(folder + os.sep) for folder in folders):
            del sys.modules[name]
    sys.path[:] = paths_before


_running = False


@contextmanager
def start_host(**options):
    """Run a host: within this context ``import slicer, qt, ctk`` work, on a new, empty scene.

    Parameters
    ----------
    options
        The fields of :class:`HostOptions`.

    Raises
    ------
    RuntimeError
        A host is running already: a process has only one ``slicer.mrmlScene``.
    """
    global _running
    if _running:
        raise RuntimeError("a host is running already in this process")
    options = HostOptions(**options)
    names = (*options.missing, *(() if options.torch else ("torch",)))
    paths_before, modules_before = sys.path[:], set(sys.modules)
    _running = True
    try:
        _restore_modules()  # before any package is hidden: the host itself may need it
        with hidden_packages(names) as hidden:
            host = Host(options, hidden)
            _open_session(host)
            try:
                yield host
            finally:
                _close_session(host)
    finally:
        _remove_modules(paths_before, modules_before)
        _running = False


def _open_session(host):
    import slicer

    from .app import Application
    from .dicom_database import Database

    host.messages.clear()
    host.answers.clear()
    host.answers.update(host.options.answers)
    record_installations(host)
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.selfTests = {}
    slicer.modules.sampleDataSources = {}
    slicer.dicomDatabase = Database()
    host.app = slicer.app = Application(host)
    folder = Path(slicer.app.temporaryPath) / "tempSlicerDICOMDatabase"
    folder.mkdir()
    slicer.dicomDatabase.openDatabase(str(folder / "ctkDICOM.sql"))


def _close_session(host):
    import slicer

    host.process_events()
    slicer.dicomDatabase.closeDatabase()
    host.app.close_down()
    host.process_events()
    slicer.mrmlScene.Clear(True)
    for name in [name for name in vars(slicer.modules) if not name.startswith("__")]:
        delattr(slicer.modules, name)
    for name in ("app", "mrmlScene", "dicomDatabase", "selfTests"):
        delattr(slicer, name)
