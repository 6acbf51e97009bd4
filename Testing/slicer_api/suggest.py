"""Suggests entries for names that are used and not listed, and removes those no longer used.

    SLICER_SOURCE_DIR=... python -m Testing.slicer_api.suggest [--write]

A suggestion is the class of MRML, VTK or Qt that defines the name, or the first Python file of
Slicer that does. Check it before you commit it: another class may define the same name. Names that
are found nowhere are printed with the places that use them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from Testing.slicer_api.api_list import LIST, Name, read_list
from Testing.slicer_api.check_against_slicer import defined_in_python, scriptable_names
from Testing.slicer_api.used_names import all_attributes, all_uses

PYTHON_FILES = (
    "Base/Python/slicer/ScriptedLoadableModule.py",
    "Base/Python/slicer/util.py",
    "Base/Python/slicer/packaging.py",
    "Base/Python/slicer/i18n.py",
    "Base/Python/slicer/parameterNodeWrapper/wrapper.py",
    "Base/Python/slicer/parameterNodeWrapper/parameterPack.py",
    "Base/Python/slicer/parameterNodeWrapper/validators.py",
    "Base/Python/slicer/parameterNodeWrapper/default.py",
    "Modules/Scripted/SampleData/SampleData.py",
    "Modules/Scripted/DICOMLib/DICOMPlugin.py",
    "Modules/Scripted/DICOMLib/DICOMUtils.py",
)


def suggestions(name: str, source: Path, headers: dict[str, str]) -> list[Name]:
    """Return possible entries for a name, the most likely first."""
    import qt
    import slicer
    import vtk

    found = []
    if hasattr(slicer, name) and name in headers:
        return [Name("slicer", name, headers[name])]
    for module, origin in ((vtk, "VTK"), (qt, "Qt")):
        if hasattr(module, name):
            return [Name(module.__name__, name, origin)]
    for path in PYTHON_FILES:
        if defined_in_python((source / path).read_text(), name):
            owner = path.removeprefix("Base/Python/").rpartition(".")[0].replace("/", ".")
            found.append(Name(owner.removeprefix("Modules.Scripted."), name, path))
    for module, origin in ((slicer, None), (vtk, "VTK"), (qt, "Qt")):
        for owner, kind in sorted(vars(module).items()):
            if isinstance(kind, type) and name in vars(kind) and (origin or owner in headers):
                found.append(Name(owner, name, origin or headers[owner]))
    for owner, path in sorted(headers.items()):
        if owner.startswith(("qMRML", "qSlicer")):
            text = (source / path).read_text(encoding="utf-8", errors="replace")
            if name in scriptable_names(text):
                found.append(Name(owner, name, path))
    return found


def main() -> int:
    """Print or write the suggestions; returns the number of names that were found nowhere."""
    from Testing.slicer_host import start_host

    source = Path(os.environ["SLICER_SOURCE_DIR"])
    folders = ("Base", "Libs", "Modules")
    headers = {
        path.stem: path.relative_to(source).as_posix()
        for folder in folders
        for path in (source / folder).rglob("*.h")
    }
    used, listed = all_uses(), read_list()
    rows = [entry for entry in listed if entry.name in all_attributes()]
    nowhere = 0
    with start_host(main_window=False, layout_manager=False):
        for name in sorted(set(used) - {entry.name for entry in listed}):
            possible = suggestions(name, source, headers)
            if not possible:
                nowhere += 1
                print(f"{name}: not found in Slicer, VTK or Qt; used in {used[name]}")
                continue
            rows.append(possible[0])
            others = ", ".join(sorted({entry.owner for entry in possible[1:6]}))
            print(f"+ {','.join(possible[0])}{f'   or of {others}' if others else ''}")
    for entry in listed:
        if entry not in rows:
            print(f"- {','.join(entry)}")
    if "--write" in sys.argv[1:]:
        LIST.write_text(
            "\n".join(["owner,name,source", *(",".join(r) for r in sorted(rows))]) + "\n"
        )
    return nowhere


if __name__ == "__main__":
    sys.exit(main())
