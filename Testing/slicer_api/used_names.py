"""Collects the names of Slicer, VTK, Qt and CTK that the extension uses, from its syntax trees.

These are all names in chains that start at ``slicer``, ``qt``, ``ctk`` or ``vtk``, such as the four
in ``slicer.app.layoutManager().sliceWidget(name)``, and all attributes that neither the extension
nor Python and its libraries define.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE_FOLDER = REPOSITORY / "MammoClassifier"
ROOTS = {"slicer", "qt", "ctk", "vtk", "DICOMLib", "SampleData", "PyTorchUtils"}
RESULT_METHODS = {*dir(str), *dir(list), *dir(dict)}
PYTHON_TYPES = (
    "numpy:ndarray",
    "numpy:generic",
    "pathlib:Path",
    "xml.etree.ElementTree:Element",
    "logging:Logger",
    "json:JSONDecodeError",
    "importlib.resources.abc:Traversable",
    "unittest:TestCase",
    "inspect:Signature",
    "inspect:Parameter",
    "subprocess:CalledProcessError",
    "types:GeneratorType",
    "types:ModuleType",
    "types:FrameType",
    "argparse:ArgumentParser",
    "io:BufferedReader",
    "os:stat_result",
)
"""Types of Python and numpy whose methods the code calls."""


def slicer_side_files() -> list[Path]:
    """Python files of the extension that may call Slicer."""
    folders = (MODULE_FOLDER / "MammoClassifierLib", MODULE_FOLDER / "Scripts")
    return sorted([*MODULE_FOLDER.glob("*.py"), *(p for f in folders for p in f.rglob("*.py"))])


def own_names() -> set[str]:
    """Names that the extension defines: functions, classes, fields, attributes, options."""
    found = set()
    for path in MODULE_FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in (part for whole in targets for part in ast.walk(whole)):
                    if isinstance(target, ast.Name):
                        found.add(target.id)
                    elif isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                        found.add(target.attr)
            elif isinstance(node, ast.Constant) and str(node.value).startswith("--"):
                found.add(str(node.value).removeprefix("--"))
    return found | _widgets_in_ui_files()


def _widgets_in_ui_files() -> set[str]:
    import xml.etree.ElementTree as ElementTree

    files = MODULE_FOLDER.rglob("*.ui")
    return {
        node.get("name", "") for file in files for node in ElementTree.parse(file).getroot().iter()
    }


def python_names() -> set[str]:
    """Names that Python's builtins and the imported libraries define."""
    found = set()
    for name in dir(builtins):
        found |= {name, *dir(getattr(builtins, name))}
    for description in PYTHON_TYPES:
        module, _, name = description.partition(":")
        found |= set(dir(getattr(importlib.import_module(module), name)))
    for path in slicer_side_files():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                top = name.partition(".")[0]
                if top in sys.stdlib_module_names or top in ("numpy", "torch", "msgspec"):
                    with suppress(ModuleNotFoundError):  # not a module but a name in one
                        found |= set(dir(importlib.import_module(name)))
    import numpy as np

    return found | set(dir(np)) | set(dir(np.linalg))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def uses(path: Path, known: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the names of Slicer, VTK, Qt and CTK in one file, each with its line.

    Parameters
    ----------
    path
        The file.
    known
        Names of the extension and of Python; they count only in chains from :data:`ROOTS`.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            # In slicer.dicomDatabase.fileValue(...).strip() the last name is Python's.
            of_a_result = isinstance(node.value, ast.Call) and node.attr in RESULT_METHODS
            if (_root(node) in ROOTS and not of_a_result) or node.attr not in known:
                yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.partition(".")[0] in ROOTS:
                yield from ((part, node.lineno) for part in module.split(".")[1:])
                yield from ((a.name, node.lineno) for a in node.names if a.name != "*")


def all_attributes() -> set[str]:
    """Every attribute and imported name, known or not."""
    return {name for path in slicer_side_files() for name, _line in uses(path, known=set())}


def all_uses() -> dict[str, list[str]]:
    """Every name that is used, with the places that use it."""
    known = own_names() | python_names()
    found: dict[str, list[str]] = {}
    for path in slicer_side_files():
        for name, line in uses(path, known):
            found.setdefault(name, []).append(f"{path.name}:{line}")
    return found
