"""The architecture: allowed imports between packages, lazy imports, public API, weight files.

Imports are read from the syntax tree, including those in functions and under ``TYPE_CHECKING``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTENSION = ROOT / "MammoClassifier"
ENGINE = EXTENSION / "mammopair"
RESEARCH = EXTENSION / "mammopair_research"

SLICER = {"slicer", "qt", "ctk", "vtk", "vtkmodules", "PythonQt", "MammoClassifierLib"}
"""Modules that the engine must not import."""

HEAVY = {"torch", "SimpleITK", "sklearn", "skimage", "scipy", "PIL", "pydicom", "pandas"}
"""Modules that are imported inside functions only."""

UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
"""Modules that can execute code when they load data."""

UNPICKLING_CALLS = {
    "torch.load",
    "torch.jit.load",
    "torch.hub.load",
    "torch.package.PackageImporter",
    "pandas.read_pickle",
}

LAYERS: dict[str, list[tuple[str, ...]]] = {
    # From the lowest to the highest. A package imports only from lower layers and from itself;
    # packages of one layer do not import each other.
    "mammopair": [
        ("progress", "errors", "warning", "descriptors"),
        ("lesion_groups",),
        ("atomic_write", "stats", "view"),
        ("crop",),
        ("record", "box_checks"),
        ("io", "calibration", "lesion"),
        ("features", "results", "model"),
        ("explain",),
        ("classification",),
        ("evaluation", "batch"),
        ("cli",),
    ],
    "mammopair_research": [
        ("datasets", "stats", "figures"),
        ("training",),
        ("concept_correlation", "crossval"),
        ("map_evaluation", "comparison", "handcrafted"),
        ("cli",),
    ],
}
"""Packages and modules of both distributions by layer."""

LIGHT = [
    "mammopair",
    "mammopair.cli",
    "mammopair.classification",
    "mammopair.crop",
    "mammopair.record",
    "mammopair.explain.methods",
    "mammopair.io.reader",
    "mammopair.model.ensemble_folder",
    "mammopair.model.input_spec",
    "mammopair.model.manifest",
    "mammopair.model.reference_summary",
    "mammopair.stats.metric_summary",
]
"""Modules whose import must load nothing heavy."""


def python_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]


def imports_of(source: str) -> Iterator[str]:
    """Yield the dotted names of all imports of a source; ``from a import b`` is ``a.b``.

    Relative imports keep their leading dots.
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
    """Yield those of :func:`imports_of` that are executed when the file is imported."""

    def executed(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in statements:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                yield from executed(node.orelse)
                continue
            inner = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt)]
            handlers = getattr(node, "handlers", [])
            yield from executed(inner + [part for handler in handlers for part in handler.body])
            if not inner:
                yield node

    for statement in executed(ast.parse(source).body):
        yield from imports_of(ast.unparse(statement))


def unpickling_in(source: str) -> list[str]:
    """Return the expressions of a source that could unpickle."""
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


def package_of(path: Path, distribution: str) -> str:
    """Return ``io`` for ``io/exam.py``, ``crop`` for ``crop.py``, "" for the root package."""
    parts = path.relative_to(EXTENSION / distribution).with_suffix("").parts
    return "" if parts[0] in ("__init__", "__main__") else parts[0]


def layer_of(package: str, distribution: str) -> int:
    """Return the number of a package's layer; 0 is the lowest."""
    for number, packages in enumerate(LAYERS[distribution]):
        if package in packages:
            return number
    raise AssertionError(f"{distribution}.{package} has no layer; add it to LAYERS")


def imported_packages(path: Path, distribution: str) -> set[str]:
    """Return the packages of a distribution that a file imports."""
    names = (name.split(".") for name in imports_of(path.read_text(encoding="utf-8")))
    home = EXTENSION / distribution
    return {
        parts[1]
        for parts in names
        if parts[0] == distribution
        and len(parts) > 1
        and ((home / parts[1]).is_dir() or (home / f"{parts[1]}.py").exists())
    }


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def file_id(path: Path) -> str:
    return path.relative_to(EXTENSION).as_posix()


# Imports between the packages.


@pytest.mark.parametrize("path", python_files(ENGINE) + python_files(RESEARCH), ids=file_id)
def test_engine_and_research_do_not_import_slicer(path):
    names = {name.partition(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
    assert not names & SLICER


@pytest.mark.parametrize(
    "path",
    [path for path in python_files(EXTENSION) if RESEARCH not in path.parents],
    ids=file_id,
)
def test_the_product_does_not_import_the_research_package(path):
    names = {name.partition(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
    assert "mammopair_research" not in names


@pytest.mark.parametrize("path", python_files(ENGINE) + python_files(RESEARCH), ids=file_id)
def test_imports_are_absolute(path):
    names = imports_of(path.read_text(encoding="utf-8"))
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.parametrize(
    ("path", "distribution"),
    [
        *((path, "mammopair") for path in python_files(ENGINE)),
        *((path, "mammopair_research") for path in python_files(RESEARCH)),
    ],
    ids=lambda value: file_id(value) if isinstance(value, Path) else "",
)
def test_packages_import_only_from_lower_layers(path, distribution):
    package = package_of(path, distribution)
    if not package:
        return
    layer = layer_of(package, distribution)
    others = imported_packages(path, distribution) - {package}
    assert not {other for other in others if layer_of(other, distribution) >= layer}


# Heavy imports are lazy.


@pytest.mark.parametrize("module", LIGHT)
def test_importing_loads_nothing_heavy(module):
    loaded = json.loads(
        run_python(f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))")
    )
    assert module in loaded
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize(
    "path",
    [path for path in python_files(EXTENSION) if not {ENGINE, RESEARCH} & set(path.parents)],
    ids=file_id,
)
def test_the_slicer_side_loads_nothing_heavy(path):
    source = path.read_text(encoding="utf-8")
    assert not HEAVY & {name.partition(".")[0] for name in imports_on_loading(source)}


@pytest.mark.parametrize("path", python_files(EXTENSION / "MammoClassifierLib"), ids=file_id)
def test_the_slicer_side_computes_nothing_but_geometry(path):
    """All other numerics belong into the engine; the self test builds a synthetic image."""
    allowed = {"geometry.py", "hanging.py", "evidence_nodes.py", "self_test.py"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    names = {name.partition(".")[0] for body in bodies for name in imports_of(ast.unparse(body))}
    assert "numpy" not in names or path.name in allowed


def test_importing_the_engine_takes_under_15_percent_of_importing_torch():
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    seconds = {"mammopair": [], "torch": []}
    for _ in range(3):  # in turn, so that other load affects both
        for module, times in seconds.items():
            times.append(float(run_python(code.format(module))))
    assert min(seconds["mammopair"]) < 0.15 * min(seconds["torch"])


# The public API.


def test_every_public_name_can_be_imported():
    import mammopair

    assert not [name for name in mammopair.__all__ if not hasattr(mammopair, name)]
    assert set(mammopair.__all__) <= set(dir(mammopair))


def test_an_unknown_name_is_an_attribute_error():
    import mammopair

    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        _ = mammopair.clasify


def test_importing_the_package_loads_only_the_standard_library():
    code = "import json, sys, mammopair; print(json.dumps(sorted(sys.modules)))"
    loaded = {name.partition(".")[0] for name in json.loads(run_python(code))}
    assert not loaded & {"numpy", "msgspec", *HEAVY}
    assert "mammopair.record" not in json.loads(run_python(code))


# Nothing is unpickled, weights are listed with their hash, the repository stays small.


@pytest.mark.parametrize("path", python_files(EXTENSION), ids=file_id)
def test_no_code_unpickles(path):
    assert not unpickling_in(path.read_text(encoding="utf-8"))


def test_no_packaged_file_is_a_pickle():
    endings = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".bin"}
    assert not [path for path in EXTENSION.rglob("*") if path.suffix.lower() in endings]


def test_every_weight_file_is_in_the_manifest_of_its_folder_with_its_hash():
    weights = sorted(EXTENSION.rglob("*.safetensors"))
    if not weights:
        pytest.skip("no ensemble is included")
    for path in weights:
        manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
        named = [*manifest["members"], *filter(None, [manifest.get("reference")])]
        hashes = {entry["file"]: entry["sha256"] for entry in named}
        assert hashes.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest(), path.name


def test_included_weights_are_half_precision_and_under_30_mb_in_total():
    weights = sorted(EXTENSION.rglob("*.safetensors"))
    if not weights:
        pytest.skip("no ensemble is included")
    assert sum(path.stat().st_size for path in weights) < 30e6
    for path in weights:
        content = path.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        kinds = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
        assert kinds <= {"F16", "I64"}, path.name  # I64: counters of batch normalisation


def test_the_repository_with_its_history_is_under_100_mb():
    command = ["git", "-C", str(ROOT), "count-objects", "-v"]
    counted = subprocess.run(command, capture_output=True, text=True, check=False)
    if counted.returncode:
        pytest.skip("not a git checkout")
    kibibytes = dict(line.split(": ") for line in counted.stdout.splitlines())
    assert (int(kibibytes["size"]) + int(kibibytes["size-pack"])) * 1024 < 100e6


# The functions that the tests use.


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
def test_imports_are_found_anywhere_in_a_source(source, names):
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
def test_imports_executed_on_loading_are_distinguished_from_lazy_ones(source, names):
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
def test_unpickling_is_found_in_any_form(source):
    assert unpickling_in(source)


@pytest.mark.parametrize(
    "source",
    ["from safetensors.torch import load\nload(b'')", "import numpy\nnumpy.load('x')", "a.load()"],
)
def test_safe_loading_is_not_reported_as_unpickling(source):
    assert not unpickling_in(source)
