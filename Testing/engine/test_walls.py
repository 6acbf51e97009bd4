"""The walls of the house, held on the real tree: who imports whom, what stays out, what is light.

Imports are read from the syntax tree, those inside functions and under ``TYPE_CHECKING`` too: a
dependency is one wherever it is written.
"""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "MammoClassifier"
ENGINE = EXTENSION / "mammopair"

SLICER = {"slicer", "qt", "ctk", "vtk", "vtkmodules", "PythonQt", "MammoClassifierLib"}
"""What the engine must not know of."""

HEAVY = {"torch", "SimpleITK", "sklearn", "skimage", "scipy", "PIL", "pydicom", "pandas"}
"""What must wait until a function needs it."""

UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
"""Modules that turn bytes into running code."""

UNPICKLING_CALLS = {
    "torch.load",
    "torch.jit.load",
    "torch.hub.load",
    "torch.package.PackageImporter",
    "pandas.read_pickle",
}

ROOMS: dict[str, set[str]] = {
    # A room may import those named after it, and itself; "reading" stands for "reading.*" too.
    # Data walks downwards in this list, so no room calls back up.
    "errors": set(),
    "progress": set(),
    "whole_file": {"errors"},
    "caution": set(),
    "reading": {"caution", "errors"},
    "record": {"caution", "errors", "whole_file"},
    "evaluation": {"errors"},
    "held_out": {"errors", "whole_file"},
    "crop": {"errors", "reading.view"},
    "concepts": {"errors", "reading.crop_folder"},
    "model": {"caution", "concepts", "crop", "errors"},
    "handcrafted": {"crop", "errors", "progress", "reading", "whole_file"},
    "explain": {
        *("caution", "concepts", "crop", "errors", "model", "progress", "reading.view", "record"),
    },
    "manifest": {"errors", "reading.view"},
    "standing": {"caution", "model", "record"},
    "restating": {"errors", "model", "record"},
    "classify": {
        *("caution", "concepts", "crop", "errors", "explain", "model", "progress", "reading"),
        *("record", "standing"),
    },
    "scoring": {
        *("classify", "errors", "evaluation", "model", "progress", "reading", "record"),
        *("concepts", "restating", "standing"),
    },
    "sampling": {"errors", "reading.crop_folder"},
    "faithfulness": {
        *("crop", "errors", "evaluation", "explain", "model", "progress", "reading", "sampling"),
        *("scoring", "whole_file"),
    },
    "results": {
        *("caution", "concepts", "crop", "errors", "evaluation", "progress", "reading", "record"),
        "whole_file",
    },
    "correlation": {
        *("concepts", "crop", "errors", "evaluation", "explain", "handcrafted", "model"),
        *("progress", "reading", "results.colours", "sampling", "scoring", "whole_file"),
    },
    "training": {
        *("caution", "concepts", "crop", "errors", "evaluation", "model", "progress", "reading"),
        *("handcrafted", "held_out", "record", "whole_file"),
        "scoring",  # a trained ensemble is measured by the road that it will serve
    },
    "comparison": {
        *("errors", "evaluation", "held_out", "model", "progress", "training", "whole_file"),
    },
    "batch": {
        *("caution", "classify", "crop", "errors", "manifest", "model", "progress", "reading"),
        *("record", "results", "whole_file"),
    },
    "archive": {"errors", "reading.headers"},
    "cli": {
        *("batch", "caution", "classify", "concepts", "crop", "errors", "evaluation", "explain"),
        *("correlation", "faithfulness", "sampling"),
        *("handcrafted", "manifest", "model", "progress", "reading", "record", "results"),
        *("archive", "comparison", "held_out", "restating", "scoring", "training"),
    },
}

LIGHT = [
    "mammopair",
    "mammopair.cli",
    "mammopair.classify",
    "mammopair.crop",
    "mammopair.record",
    "mammopair.reading.files",
    "mammopair.evaluation.summary",
]
"""Modules whose import must load nothing heavy."""


def python_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]


def imports_of(source: str) -> Iterator[str]:
    """Dotted names of all that a source imports; ``from a import b`` counts as ``a.b``.

    A relative import keeps its leading dots.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots, module = "." * node.level, f"{node.module}." if node.module else ""
            yield from (f"{dots}{module}{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            named = node.args[0]
            if called in {"import_module", "__import__"} and isinstance(named, ast.Constant):
                yield str(named.value)


def imports_on_loading(source: str) -> Iterator[str]:
    """Those of :func:`imports_of` that run when the file is imported."""

    def runs(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in statements:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                yield from runs(node.orelse)
                continue
            inner = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt)]
            handlers = getattr(node, "handlers", [])
            yield from runs(inner + [part for handler in handlers for part in handler.body])
            if not inner:
                yield node

    for statement in runs(ast.parse(source).body):
        yield from imports_of(ast.unparse(statement))


def unpickling_in(source: str) -> list[str]:
    """Whatever in a source could unpickle, as it is written there."""
    found = [name for name in imports_of(source) if name.partition(".")[0] in UNPICKLERS]
    tree = ast.parse(source)
    meaning = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meaning |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom):
            meaning |= {n.asname or n.name: f"{node.module}.{n.name}" for n in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        first, dot, rest = ast.unparse(node.func).partition(".")
        called = meaning.get(first, first) + dot + rest
        if called in UNPICKLING_CALLS or called.endswith(".read_pickle"):
            found.append(called)
        found += [
            f"{called}({ast.unparse(keyword)})"
            for keyword in node.keywords
            if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False"
        ]
    return found


def room_of(path: Path) -> str:
    """``reading`` for ``reading/view.py``, ``crop`` for ``crop.py``, empty for the package."""
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return "" if parts[0] == "__init__" else parts[0]


def steps_out_of(path: Path) -> list[str]:
    """Imports of an engine's file that its room is not allowed."""
    room = room_of(path)
    allowed = ROOMS.get(room, set()) | {room}
    return [
        target
        for name in imports_of(path.read_text(encoding="utf-8"))
        if (target := _engine_module(name))
        and not any(target == to or target.startswith(f"{to}.") for to in allowed)
    ]


def _engine_module(name: str) -> str:
    """The engine's module that an imported name lies in, without ``mammopair.``; else empty."""
    parts = name.split(".")
    if parts[0] != "mammopair":
        return ""
    while len(parts) > 1:
        path = ENGINE.joinpath(*parts[1:])
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            break
        parts.pop()
    return ".".join(parts[1:])


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def file_id(path: Path) -> str:
    return path.relative_to(EXTENSION).as_posix()


# Rule 1: the engine knows nothing of Slicer.


@pytest.mark.parametrize("path", python_files(ENGINE), ids=file_id)
def test_the_engine_imports_nothing_of_slicer(path):
    names = {name.partition(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
    assert not names & SLICER


# Rule 2: data walks one way.


def test_every_room_has_its_place_in_the_table():
    rooms = {room_of(path) for path in python_files(ENGINE)} - {"", "__main__"}
    assert rooms <= set(ROOMS), "a new room: say in ROOMS what it may import"


def test_the_table_itself_lets_no_room_call_back_up():
    above = {room: {name.partition(".")[0] for name in below} for room, below in ROOMS.items()}
    list(TopologicalSorter(above).static_order())  # raises CycleError


@pytest.mark.parametrize("path", python_files(ENGINE), ids=file_id)
def test_the_engine_imports_by_full_names_which_these_walls_can_follow(path):
    names = imports_of(path.read_text(encoding="utf-8"))
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.parametrize("path", python_files(ENGINE), ids=file_id)
def test_rooms_import_only_what_lies_below_them(path):
    assert not steps_out_of(path)


# Rule 6: heavy imports wait.


@pytest.mark.parametrize("module", LIGHT)
def test_importing_loads_nothing_heavy(module):
    if not _engine_module(module) and module != "mammopair":
        pytest.skip(f"{module} is not there yet")
    loaded = json.loads(
        run_python(f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))")
    )
    assert module in loaded
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize(
    "path",
    [path for path in python_files(EXTENSION) if ENGINE not in path.parents],
    ids=file_id,
)
def test_the_slicer_side_loads_nothing_heavy(path):
    source = path.read_text(encoding="utf-8")
    assert not HEAVY & {name.partition(".")[0] for name in imports_on_loading(source)}


def test_importing_the_engine_takes_under_15_percent_of_importing_torch():
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    seconds = {"mammopair": [], "torch": []}
    for _ in range(3):  # in turn, so that a busy machine is busy for both
        for module, times in seconds.items():
            times.append(float(run_python(code.format(module))))
    assert min(seconds["mammopair"]) < 0.15 * min(seconds["torch"])


# Rule 9: nothing is unpickled, weights are named with their hash, the repository stays small.


@pytest.mark.parametrize("path", python_files(EXTENSION), ids=file_id)
def test_nothing_is_ever_unpickled(path):
    assert not unpickling_in(path.read_text(encoding="utf-8"))


def test_no_file_that_would_have_to_be_unpickled_ships():
    endings = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".bin"}
    assert not [path for path in EXTENSION.rglob("*") if path.suffix.lower() in endings]


def test_every_weight_file_is_in_a_manifest_beside_it_with_its_hash():
    weights = sorted(EXTENSION.rglob("*.safetensors"))
    if not weights:
        pytest.skip("no ensemble ships yet")
    for path in weights:
        manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
        named = [*manifest["members"], *filter(None, [manifest.get("reference")])]
        hashes = {entry["file"]: entry["sha256"] for entry in named}
        assert hashes.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest(), path.name


def test_the_weights_that_ship_are_half_precision_and_under_30_mb_together():
    weights = sorted(EXTENSION.rglob("*.safetensors"))
    if not weights:
        pytest.skip("no ensemble ships yet")
    assert sum(path.stat().st_size for path in weights) < 30e6
    for path in weights:
        content = path.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        kinds = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
        assert kinds <= {"F16", "I64"}, path.name  # I64: BatchNorm's counters


def test_the_repository_with_its_history_is_under_100_mb():
    command = ["git", "-C", str(ROOT), "count-objects", "-v"]
    counted = subprocess.run(command, capture_output=True, text=True, check=False)
    if counted.returncode:
        pytest.skip("not a git checkout")
    kibibytes = dict(line.split(": ") for line in counted.stdout.splitlines())
    assert (int(kibibytes["size"]) + int(kibibytes["size-pack"])) * 1024 < 100e6


# The eyes that the walls see with.


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import slicer.util", ["slicer.util"]),
        ("from vtk import vtkImageData", ["vtk.vtkImageData"]),
        ("def f():\n    import qt as q", ["qt"]),
        ("if TYPE_CHECKING:\n    from ctk import ctkSlider", ["ctk.ctkSlider"]),
        ("importlib.import_module('slicer')", ["slicer"]),
        ("__import__('qt')", ["qt"]),
        ("from . import a\nfrom ..b import c", [".a", "..b.c"]),
        ("'import slicer'  # import qt", []),
    ],
)
def test_imports_are_seen_wherever_they_are_written(source, names):
    assert list(imports_of(source)) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import torch", ["torch"]),
        ("try:\n    import torch\nexcept ImportError:\n    import sklearn", ["torch", "sklearn"]),
        ("class A:\n    import PIL", ["PIL"]),
        ("class A:\n    def f(self):\n        import PIL", []),
        ("def f():\n    import torch", []),
        ("if TYPE_CHECKING:\n    import torch\nelse:\n    import scipy", ["scipy"]),
    ],
)
def test_imports_that_run_on_loading_are_told_from_those_that_wait(source, names):
    assert list(imports_on_loading(source)) == names


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from joblib import load",
        "import torch\ntorch.load('x', weights_only=True)",
        "import torch as t\nt.load('x')",
        "from torch import load as fetch\nfetch('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=trusted)",
        "import pandas as pd\npd.read_pickle('x')",
    ],
)
def test_unpickling_is_seen_however_it_is_spelt(source):
    assert unpickling_in(source)


@pytest.mark.parametrize(
    "source",
    ["from safetensors.torch import load\nload(b'')", "import numpy\nnumpy.load('x')", "a.load()"],
)
def test_safe_loading_is_not_mistaken_for_unpickling(source):
    assert not unpickling_in(source)
