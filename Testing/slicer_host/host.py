"""Starts a host, and ends it so that nothing of it is left in the process.

``slicer``, ``qt`` and ``ctk`` are modules of the process: they exist between the two, and a
second host finds the very same ones again with a new scene in them.
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

REPOSITORY = Path(__file__).resolve().parents[2]
HOST_MODULES = ("slicer", "qt", "ctk", "DICOMLib", "SampleData", "PyTorchUtils", "vtkITK")
# What a host puts on the module ``slicer`` and takes off again.
SESSION_ATTRIBUTES = ("app", "mrmlScene", "dicomDatabase", "selfTests")


def genuine_python_folder() -> Path | None:
    """Folder with Slicer's own ``Base/Python``, where ``SLICER_PYTHON_DIR`` names one.

    Raises
    ------
    FileNotFoundError
        The variable is set and there is no ``slicer/ScriptedLoadableModule.py`` below it.
    """
    named = os.environ.get("SLICER_PYTHON_DIR")
    if not named:
        return None
    folder = Path(named)
    wanted = folder / "slicer" / "ScriptedLoadableModule.py"
    if not wanted.is_file():
        raise FileNotFoundError(f"SLICER_PYTHON_DIR={named}: there is no {wanted}")
    return folder


def module_folder() -> Path:
    """Where modules named without a path are: in this repository, or in an installed tree."""
    return Path(os.environ.get("SLICER_HOST_MODULES") or REPOSITORY / "MammoClassifier")


@dataclass(frozen=True)
class HostOptions:
    """The switches; README.md says what each means."""

    main_window: bool = True
    layout_manager: bool = True
    torch: bool = True
    missing: tuple[str, ...] = ()
    packaging: str = "installs"
    testing: bool = False
    answers: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self):
        if self.packaging not in ("installs", "declines", "offline"):
            raise ValueError(f"packaging={self.packaging!r}: installs, declines or offline")


class Host:
    """A running host. Made by :func:`start_host`, not by hand."""

    def __init__(self, options: HostOptions, hidden):
        self.options = options
        self.hidden = hidden
        self.installations = []
        self.restarts = 0
        self.current_module = None
        self.app = None

    # What the test sees.

    @property
    def scene(self):
        import slicer

        return slicer.mrmlScene

    @property
    def messages(self):
        """Every message box so far; a list that a test may clear."""
        from .dialogs import desk

        return desk.messages

    @property
    def answers(self):
        """The user's answers by part of the message's text; may be changed on the way."""
        from .dialogs import desk

        return desk.answers

    # Modules.

    def register_module(self, path):
        """Load a scripted module's file and make its module class.

        Parameters
        ----------
        path
            The file, or its name alone for that module of this repository: of its folder
            ``MammoClassifier``, or of the one that ``SLICER_HOST_MODULES`` names.

        Returns
        -------
        object
            The instance of the module class.
        """
        from .modules import register_scripted

        path = Path(path)
        if path.suffix != ".py":
            path = module_folder() / f"{path.name}.py"
        return register_scripted(path.resolve(), self.app.moduleManager())

    def start_up_completed(self):
        """Tell everybody that the application has started: sample data register now."""
        self.app.startupCompleted.emit()

    def open_module(self, name):
        """Choose a module: leave the one that is open, make this one's panel, enter it.

        Returns
        -------
        object
            The module's Python widget.
        """
        import slicer

        name, given = Path(name).stem, name
        if slicer.app.moduleManager().module(name) is None:
            self.register_module(given)
        self.leave_module()
        module = slicer.app.moduleManager().module(name)
        panel = module.widgetRepresentation()
        window = self.app.main_window()
        if window is not None:
            window.show_panel(panel)
        panel.show()
        self.current_module = module
        if hasattr(panel, "enter"):
            panel.enter()
        self.process_events()
        return panel.self() if hasattr(panel, "self") else panel

    def leave_module(self, _name=None):
        """Leave the open module, as when another is chosen."""
        module, self.current_module = self.current_module, None
        if module is None:
            return
        panel = module.widgetRepresentation()
        panel.hide()
        if hasattr(panel, "exit"):
            panel.exit()
        self.process_events()

    def reload_module(self, name):
        """Load a module's file anew and make its panel anew; returns the new Python widget."""
        import slicer

        slicer.util.reloadScriptedModule(name)
        return getattr(slicer.modules, f"{name}Widget")

    # Time.

    def process_events(self):
        """Let what waits in Qt's queue happen, deletions too."""
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)

    def wait_until(self, condition, seconds: float = 10.0):
        """Run the event loop until a condition holds.

        Raises
        ------
        AssertionError
            It did not, in that time.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not true within {seconds} s")
            self.process_events()
            time.sleep(0.001)

    # Scenes and pictures.

    def slice_pixels(self, view: str, layer: str | None = None):
        """What a slice view shows: :class:`slices.SlicePixels`.

        Parameters
        ----------
        view
            Layout name of the view: ``"Red"``, or the singleton tag in the layout's XML.
        layer
            None for all layers blended; ``"background"``, ``"foreground"`` or ``"label"`` for
            one of them by itself.
        """
        from .slices import read_pixels, slicer_logic

        node = self._slice_node(view)
        logic = self.app.applicationLogic().GetSliceLogic(node)
        if logic is None:  # no layout manager
            logic = slicer_logic(node, self.app.applicationLogic())
        self.process_events()
        return read_pixels(logic, layer)

    def _slice_node(self, view):
        import slicer

        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if node.GetLayoutName() == view:
                return node
        raise KeyError(f"no slice view {view!r} in the scene")

    def save_scene(self, path):
        """Save the scene: ``.mrb``, or a folder with the scene and its data."""
        import slicer

        if not slicer.util.saveScene(str(path)):
            raise AssertionError(f"the scene was not saved to {path}")

    def close_scene(self):
        """Close the scene, as *File > Close scene* does."""
        self.scene.Clear(False)
        self.process_events()

    def load_scene(self, path):
        """Load a saved scene in place of the open one: ``.mrb``, ``.mrml`` or its folder."""
        path = Path(path)
        if path.is_dir():
            (path,) = path.glob("*.mrml")
        if not self.app.coreIOManager().loadScene(str(path), True):
            raise AssertionError(f"the scene was not loaded from {path}")
        self.process_events()

    def grab(self, what, path):
        """Write a picture of a widget, or of the view of that name, as PNG."""
        if isinstance(what, str):
            what = self.app.layoutManager().sliceWidget(what)
        self.process_events()
        if not what.grab().save(str(path)):
            raise OSError(f"no picture was written to {path}")


# The modules of the process.

_kept: dict[str, types.ModuleType] = {}


def _belongs_to_host(name: str) -> bool:
    return name.partition(".")[0] in HOST_MODULES


def _refuse_a_pyside_that_breaks_python():
    """PySide6 6.12.0 releases True once too often at every signal: fatal before Python 3.12."""
    import PySide6

    if PySide6.__version__ == "6.12.0" and sys.version_info < (3, 12):
        raise RuntimeError("PySide6 6.12.0 breaks Python 3.11: install PySide6-Essentials<6.12")


def _first_time():
    """Make qt, ctk, slicer and what hangs on it, once a process."""
    _refuse_a_pyside_that_breaks_python()
    import slicer  # the wheel

    from . import dialogs, dicom, pytorch_utils, sample_data
    from .app import qt_application
    from .ctk_module import WIDGET_CLASSES as CTK_CLASSES
    from .ctk_module import make_ctk_module
    from .modules import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
    from .mrml_widgets import WIDGET_CLASSES as MRML_CLASSES
    from .pythonqt import teach
    from .qt_module import QUiLoader, make_qt_module

    qt_application()
    teach()
    dialogs.take_over()
    QUiLoader.widget_classes = {**CTK_CLASSES, **MRML_CLASSES}
    sys.modules["qt"] = make_qt_module()
    sys.modules["ctk"] = make_ctk_module()
    for name, kind in MRML_CLASSES.items():
        setattr(slicer, name, kind)
    slicer.qSlicerScriptedLoadableModule = qSlicerScriptedLoadableModule
    slicer.qSlicerScriptedLoadableModuleWidget = qSlicerScriptedLoadableModuleWidget
    for name in ("modules", "moduleNames"):
        _add_submodule(slicer, name, types.ModuleType(f"slicer.{name}"))
    folder = genuine_python_folder()
    if folder is not None:
        slicer.__path__.append(str(folder / "slicer"))
        for name in (
            "i18n",
            "packaging",
            "testing",
            "ScriptedLoadableModule",
            "parameterNodeWrapper",
        ):
            setattr(slicer, name, importlib.import_module(f"slicer.{name}"))
    else:
        # In this order: each is imported by the next as slicer.<name>.
        for name, source in (
            ("i18n", "i18n"),
            ("packaging", "packaging"),
            ("testing", "unit_test"),
            ("ScriptedLoadableModule", "scripted_module"),
            ("parameterNodeWrapper", "parameter_node"),
        ):
            _add_submodule(slicer, name, importlib.import_module(f".{source}", __package__))
    sys.modules["SampleData"] = sample_data.make_module()
    sys.modules["PyTorchUtils"] = pytorch_utils.make_module()
    sys.modules.update(dicom.make_modules())


def _add_submodule(slicer, name, module):
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)


def _bring_back():
    """Put the process's modules back into ``sys.modules``, making them the first time."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if _kept:
        sys.modules.update(_kept)
        return
    loaded_before = [name for name in sys.modules if _belongs_to_host(name)]
    foreign = [name for name in loaded_before if name.partition(".")[0] in ("qt", "ctk")]
    if foreign:
        raise RuntimeError(f"{foreign}: this process has another Qt for scripts already")
    _first_time()


def _put_away(paths_before, modules_before):
    """Take the host's modules, and modules loaded by it from module folders, out of the process."""
    for name in [name for name in sys.modules if _belongs_to_host(name)]:
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
def start_host(options: HostOptions | None = None, **switches):
    """Run a host: within this context ``import slicer, qt, ctk`` work, on a new, empty scene.

    Parameters
    ----------
    options
        All the switches together, or
    switches
        the switches one by one.

    Raises
    ------
    RuntimeError
        A host runs already: ``slicer.mrmlScene`` is one for the process.
    """
    global _running
    if _running:
        raise RuntimeError("a host runs already in this process")
    options = options or HostOptions(**switches)
    from .missing import hidden_packages

    names = (*options.missing, *(() if options.torch else ("torch",)))
    paths_before, modules_before = sys.path[:], set(sys.modules)
    _running = True
    try:
        _bring_back()  # with all packages there: it is the host that needs them, not the module
        with hidden_packages(names) as hidden:
            host = Host(options, hidden)
            _open_session(host)
            try:
                yield host
            finally:
                _close_session(host)
    finally:
        _put_away(paths_before, modules_before)
        _running = False


def _open_session(host):
    import slicer

    from . import packaging_desk, sample_data
    from .app import Application
    from .dialogs import desk
    from .dicom_database import Database

    desk.messages.clear()
    desk.answers.clear()
    desk.answers.update(host.options.answers)
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.selfTests = {}
    packaging_desk.open_for(host)
    sample_data.forget_sources()
    slicer.dicomDatabase = Database()
    host.app = slicer.app = Application(host)
    _open_dicom_database()
    slicer.modules.sampleDataSources = {}


def _open_dicom_database():
    """In the temporary folder, as the DICOM module does while Slicer is being tested."""
    import slicer

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
    for holder in (slicer.modules, slicer.moduleNames):
        for name in [name for name in vars(holder) if not name.startswith("__")]:
            delattr(holder, name)
    for name in SESSION_ATTRIBUTES:
        vars(slicer).pop(name, None)
