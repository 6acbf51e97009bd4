"""Every name of Slicer, VTK, Qt and CTK that the extension uses is listed with its source."""

from __future__ import annotations

import pytest

from Testing.slicer_api.api_list import read_list
from Testing.slicer_api.used_names import (
    all_attributes,
    all_uses,
    own_names,
    slicer_side_files,
    uses,
)


def test_used_names_are_listed():
    listed = {entry.name for entry in read_list()}
    unknown = {name: places for name, places in all_uses().items() if name not in listed}
    assert not unknown, (
        "find these names in Slicer 5.12's source and add them to "
        f"Testing/slicer_api/used_api.csv with the files that define them: {unknown}"
    )


def test_listed_names_are_used():
    used = all_attributes()
    assert not [entry for entry in read_list() if entry.name not in used]


def test_collector_finds_a_name_that_does_not_exist(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import slicer\n"
        "def f(node, numbers):\n"
        "    slicer.app.layoutManager().text(node)\n"
        "    node.SetNoSuchThing(1)\n"
        "    numbers.append(node.mine)\n"
    )
    found = dict(uses(path, known={"text", "append", "mine"}))
    assert set(found) == {"app", "layoutManager", "text", "SetNoSuchThing"}
    assert found["SetNoSuchThing"] == 4


def test_collector_reads_all_files_of_the_slicer_side():
    names = {path.name for path in slicer_side_files()}
    assert {"MammoClassifier.py", "widget.py", "logic.py"} <= names
    assert "MammoClassifierLogic" in own_names()


def test_listed_names_exist_in_the_installed_classes(slicer_host):
    import qt
    import slicer
    import vtk

    missing = []
    for entry in read_list():
        owner = next(
            (vars(m)[entry.owner] for m in (slicer, vtk, qt) if entry.owner in vars(m)), None
        )
        real = owner is not None and not entry.owner.startswith(("qMRML", "qSlicer", "ctk"))
        if real and not hasattr(owner, entry.name):
            missing.append(entry)
    assert not missing


@pytest.mark.parametrize("entry", read_list(), ids=lambda entry: f"{entry.owner}.{entry.name}")
def test_entry_has_a_source(entry):
    folders = ("Base/", "Libs/", "Modules/", "CTK/")
    assert entry.source.startswith(folders) or entry.source in ("VTK", "Qt", "PyTorch extension")
