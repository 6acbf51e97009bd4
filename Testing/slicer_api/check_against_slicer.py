"""Checks the list of names and the host's stand-in classes against Slicer's and CTK's sources.

    SLICER_SOURCE_DIR=... CTK_SOURCE_DIR=... python -m Testing.slicer_api.check_against_slicer

Both variables name checkouts, the first of Slicer's branch 5.12. A name of a Qt class counts only
if it is a slot, a signal, a property or Q_INVOKABLE: PythonQt can call nothing else. CI does not
run this check, because it has no checkouts.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from Testing.slicer_api.api_list import Name, read_list

ELSEWHERE = {"VTK", "Qt", "PyTorch extension"}


def scriptable_names(header: str) -> set[str]:
    """Names of the classes in a header that PythonQt shows to scripts."""
    found = set(re.findall(r"Q_PROPERTY\s*\(\s*[\w:<>,\s*]+?\b(\w+)\s+READ", header))
    section = ""
    for line in (line.strip() for line in header.splitlines()):
        if re.match(r"public\s+(Q_SLOTS|slots)\s*:|(Q_SIGNALS|signals)\s*:", line):
            section = "open"
        elif re.match(r"(public|protected|private)(\s+(Q_SLOTS|slots))?\s*:", line):
            section = ""
        elif "PythonQtDecorators" in header and (named := re.search(r"static_\w+?_(\w+)\(", line)):
            found.add(named[1])
        elif not line.startswith(("//", "/*", "*")):
            called = re.search(r"(\w+)\s*\(", line.replace("Q_INVOKABLE", ""))
            if called and (section or "Q_INVOKABLE" in line):
                found.add(called[1])
    return found


def decorated_names(headers: dict[str, Path]) -> dict[str, set[str]]:
    """Methods that PythonQt decorators add, for each class."""
    found: dict[str, set[str]] = {}
    for stem, path in headers.items():
        if not stem.endswith("PythonQtDecorators"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for owner, name in re.findall(r"static_(\w+?)_(\w+)\(", text):
            found.setdefault(owner, set()).add(name)
        for name, owner in re.findall(r"\b(\w+)\(\s*(\w+)\s*\*", text):
            found.setdefault(owner, set()).add(name)
    return found


def defined_in_python(text: str, name: str) -> bool:
    """Whether a Python file defines, assigns or lists a name."""
    patterns = (
        rf"(def|class) {name}\b",
        rf'["\']{name}["\']',
        rf"\b{name}\b\s*=",
        rf":attr:`{name}`",
    )
    return any(re.search(pattern, text) for pattern in patterns)


def declared_in_vtk_class(text: str, name: str) -> bool:
    """Whether a header of a VTK class declares a name, in full or by a macro."""
    if re.search(rf"\b{name}\b", text):
        return True
    rest = re.sub(r"^(Set|Get)|(On|Off)$", "", name)
    return bool(re.search(rf"vtk\w*(Set|Get|Boolean)\w*Macro\w*\(\s*{rest}\b", text))


def bases_of(text: str, owner: str) -> list[str]:
    """Public base classes of a class in a header."""
    found = re.search(rf"class\s+(?:\w+\s+)?{owner}\s*:\s*([^{{]+)\{{", text)
    return re.findall(r"public\s+(\w+)", found[1]) if found else []


def problem(entry: Name, folders: dict[str, Path]) -> str | None:
    """Return the error of an entry, or None."""
    if entry.source in ELSEWHERE:
        return None
    top, _, rest = entry.source.partition("/")
    path = folders["CTK"] / rest if top == "CTK" else folders["Slicer"] / entry.source
    if not path.is_file():
        return f"{entry.owner}.{entry.name}: there is no file {entry.source}"
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        module = path.stem == entry.name
        good = module or defined_in_python(text, entry.name)
    elif entry.owner.startswith(("q", "ctk")) and entry.owner != "ctk":  # not a class of CTK's
        good = entry.name in scriptable_names(text)
    else:
        good = declared_in_vtk_class(text, entry.name)
    return None if good else f"{entry.owner}.{entry.name}: not found in {entry.source}"


def stand_in_problems(folders: dict[str, Path]) -> list[str]:
    """List properties, signals and public methods of stand-in classes that the real ones lack."""
    from Testing.slicer_host import start_host

    searched = (folders["CTK"] / "Libs", folders["Slicer"] / "Libs", folders["Slicer"] / "Base")
    headers = {path.stem: path for folder in searched for path in folder.rglob("*.h")}
    decorated = decorated_names(headers)
    problems = []
    with start_host(main_window=False, layout_manager=False):
        from Testing.slicer_host import (
            app,
            ctk_module,
            dicom_database,
            io_manager,
            layout,
            modules,
            mrml_widgets,
            slices,
        )

        kinds = {**ctk_module.WIDGET_CLASSES, **mrml_widgets.WIDGET_CLASSES}
        kinds |= {
            "qMRMLLayoutManager": layout.LayoutManager,
            "qMRMLSliceWidget": slices.SliceWidget,
            "qSlicerApplication": app.Application,
            "qSlicerCoreIOManager": io_manager.IOManager,
            "qSlicerModuleManager": modules.ModuleManager,
            "qSlicerScriptedLoadableModuleWidget": modules.qSlicerScriptedLoadableModuleWidget,
            "ctkDICOMDatabase": dicom_database.Database,
        }
        for name, kind in kinds.items():
            real, waiting = set(), [name]
            while waiting:
                base = waiting.pop()
                if base in headers:
                    text = headers[base].read_text(encoding="utf-8", errors="replace")
                    real |= scriptable_names(text) | decorated.get(base, set())
                    waiting += bases_of(text, base)
            problems += [
                f"{name}.{attribute}: scripts cannot use it in Slicer"
                for attribute in sorted(_shown(kind) - real)
                if not _from_qt(kind, attribute)
            ]
    return problems


def _shown(kind: type) -> set[str]:
    """Public methods, signals and properties; names with an underscore belong to the host."""
    from PySide6.QtCore import Property, Signal

    return {
        name
        for name, value in vars(kind).items()
        if "_" not in name and (callable(value) or isinstance(value, Property | Signal))
    } - {"staticMetaObject"}


def _from_qt(kind: type, attribute: str) -> bool:
    """Whether a Qt base class has the attribute: scripts can call all of Qt's."""
    from PySide6.QtWidgets import QApplication

    bases = [base for base in kind.__mro__ if base.__module__.startswith("PySide6")]
    if kind.__name__ == "Application":  # it forwards to the QApplication
        bases.append(QApplication)
    return any(hasattr(base, attribute) for base in bases)


def main() -> int:
    """Print the errors; returns the exit code."""
    folders = {}
    for name, variable in (("Slicer", "SLICER_SOURCE_DIR"), ("CTK", "CTK_SOURCE_DIR")):
        if not os.environ.get(variable):
            print(f"{variable} is not set: set it to a checkout of {name}.", file=sys.stderr)
            return 2
        folders[name] = Path(os.environ[variable])
    problems = [text for entry in read_list() if (text := problem(entry, folders))]
    problems += stand_in_problems(folders)
    print("\n".join(problems) or f"All {len(read_list())} names were found.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
