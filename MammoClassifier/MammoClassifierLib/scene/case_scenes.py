"""Write a scene for each case of a batch: views, marked masses, results and evidence maps.

Scenes are bundles (``.mrb``) in the folder ``scenes`` of the run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.dicom.volume_loader import loadMammogram
from MammoClassifierLib.scene.geometry import fitRoiToBox
from MammoClassifierLib.scene.inputs import MarkedVolume, fingerprint
from MammoClassifierLib.scene.result_nodes import addResult
from MammoClassifierLib.views.roi_placement import addRoi
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.record import Record

FOLDER = "scenes"


def checkSceneIsEmpty() -> None:
    """Raise :class:`InputError` if the open scene contains an image, which would be lost."""
    if slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode"):
        raise InputError(_("scenes"), _("cannot be written while a scene is open; close it first"))


def writeScenes(records: Path, out: Path) -> Iterator[tuple[str, str]]:
    """Write a scene for each case; the open scene is cleared.

    Parameters
    ----------
    records
        ``records.jsonl`` of the run.
    out
        Folder of the run.

    Yields
    ------
    tuple of str
        The case, and the reason if it has no scene, else an empty text.
    """
    from mammopair.record import read_record_at

    for offsets in _offsetsByCase(records).values():
        case = [read_record_at(records, offset) for offset in offsets]
        try:
            _writeScene(case, out)
            yield case[0].case_id, ""
        except InputError as error:
            yield case[0].case_id, str(error)
        finally:
            slicer.mrmlScene.Clear(0)


def _offsetsByCase(records: Path) -> dict[str, list[int]]:
    """Return the offsets of the records of each case, so that not all records are in memory."""
    from mammopair.record import iterate_records
    from mammopair.results.lesion_folder import lesion_folder

    found: dict[str, list[int]] = {}
    for offset, record in iterate_records(records):
        found.setdefault(lesion_folder(record).parts[0], []).append(offset)
    return found


def _writeScene(case: Sequence[Record], out: Path) -> None:
    from mammopair.results.lesion_folder import lesion_folder
    from mammopair.view import Box

    volumes: dict[str, vtkMRMLScalarVolumeNode] = {}
    for record in case:
        inputs = []
        for view in record.views:
            if view.file not in volumes:
                volumes[view.file] = _load(Path(view.file))
            roi = addRoi(view.projection, volumes[view.file])
            fitRoiToBox(roi, volumes[view.file], Box(*view.box))
            inputs.append(MarkedVolume(view.projection, volumes[view.file], roi))
        addResult(record, tuple(inputs), fingerprint(tuple(inputs)))
    path = out / FOLDER / f"{lesion_folder(case[0]).parts[0]}.mrb"
    problem = _("cannot be written; specify a folder with free space and write permission")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(path, problem) from error
    if not slicer.util.saveScene(str(path)):
        raise InputError(path, problem)


def _load(path: Path) -> vtkMRMLScalarVolumeNode:
    from mammopair.io.dicom import has_preamble

    if has_preamble(path):
        return loadMammogram(str(path))
    try:
        return slicer.util.loadVolume(str(path), {"singleFile": True, "show": False})
    except RuntimeError as error:
        raise InputError(
            path, _("cannot be loaded as a volume; check that Slicer can open it")
        ) from error
