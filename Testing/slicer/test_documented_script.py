"""The script of the documentation runs in Slicer."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "slicer-scripts.md"


def test_the_documented_script_classifies_exports_and_saves(
    user, make_roi, monkeypatch, capsys, tmp_path
):
    volumes = user.load()
    for projection, volume in zip(("CC", "MLO"), volumes, strict=True):
        volume.SetName(f"R {projection}")
        make_roi(volume, user.box(projection), f"Mass {projection}")

    import slicer

    from MammoClassifier import MammoClassifierLogic

    done = []
    monkeypatch.setattr(
        MammoClassifierLogic, "exportToDicomDatabase", lambda self, record: done.append(record)
    )
    monkeypatch.setattr(slicer.util, "saveScene", done.append, raising=False)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    exec(script, {})
    assert [type(one).__name__ for one in done] == ["Record", "str"]
    assert capsys.readouterr().out.splitlines()[1].startswith("CC 0.")
