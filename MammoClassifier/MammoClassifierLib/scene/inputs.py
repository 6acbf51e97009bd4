"""The inputs of a classification: a volume and a ROI for each projection, and their fingerprint."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.geometry import boxFromRoi
from MammoClassifierLib.scene.volumes import viewFromVolume
from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode
    from vtk import vtkImageData

    from mammopair.lesion import MarkedView

DRAWN_ON = "mammoDrawnOn"
"""Node reference from a ROI to the volume that it was drawn on."""
BOX_TOLERANCE = 0.05
"""Pixels by which equal boxes may differ."""


@dataclass(frozen=True)
class MarkedVolume:
    """A volume, the projection that the user chose it as, and the ROI around the mass."""

    projection: str
    """``CC`` or ``MLO``."""
    volume: vtkMRMLScalarVolumeNode
    roi: vtkMRMLMarkupsROINode


def collectInputs(
    ccVolume: vtkMRMLScalarVolumeNode | None,
    ccRoi: vtkMRMLMarkupsROINode | None,
    mloVolume: vtkMRMLScalarVolumeNode | None,
    mloRoi: vtkMRMLMarkupsROINode | None,
) -> tuple[MarkedVolume, ...]:
    """Return the marked views, CC first. A view without a ROI is left out.

    Raises
    ------
    InputError
        If no view is marked, a ROI has no view or was drawn on another one, or a volume or a ROI
        is used twice.
    """
    views = (("CC", ccVolume, ccRoi), ("MLO", mloVolume, mloRoi))
    if ccVolume is None and mloVolume is None:
        problem = _("none is chosen; load a mammogram and choose it as CC view or MLO view")
        raise InputError(_("Views"), problem)
    if ccVolume is mloVolume:
        problem = _("is chosen as CC view and as MLO view; choose two different volumes")
        raise InputError(ccVolume.GetName(), problem)
    for projection, volume, roi in views:
        if roi is not None and volume is None:
            problem = _("marks the {projection} view, but no {projection} view is chosen")
            raise InputError(roi.GetName(), problem.format(projection=projection))
    if ccRoi is None and mloRoi is None:
        problem = _("not marked; click Mark and draw a box around it on one view or both views")
        raise InputError(_("Mass"), problem)
    if ccRoi is mloRoi:
        problem = _("is chosen for both views; draw one ROI on each view")
        raise InputError(ccRoi.GetName(), problem)
    marked = tuple(MarkedVolume(*view) for view in views if view[2] is not None)
    for one in marked:
        _checkDrawnOn(one)
    return marked


def markedViewOf(marked: MarkedVolume, laterality: str | None = None) -> MarkedView:
    """Return the engine's view and box of a marked volume.

    Parameters
    ----------
    marked
        Volume and ROI.
    laterality
        ``L`` or ``R``; used only if the volume does not state its own.

    Raises
    ------
    InputError
        If the volume is not such a view, or the ROI cannot be the box of a mass on it.
    """
    from mammopair.box_checks import check_box
    from mammopair.lesion import MarkedView

    view = viewFromVolume(marked.volume, marked.projection, laterality)
    box = boxFromRoi(marked.roi, marked.volume)
    try:
        check_box(view, box)
    except InputError as error:
        where = _("{roi} on {volume}").format(
            roi=marked.roi.GetName(), volume=marked.volume.GetName()
        )
        raise InputError(where, error.problem) from error
    return MarkedView(view, box)


def fingerprint(inputs: tuple[MarkedVolume, ...], laterality: str | None = None) -> str:
    """Return the pixels' checksums, the boxes, the projections and the laterality as JSON.

    A ROI or transform that cannot be used has a fingerprint too and raises no error.
    """
    return json.dumps([laterality, *(_viewFingerprint(one) for one in inputs)])


def sameInputs(first: str, second: str) -> bool:
    """Return whether two fingerprints are of the same inputs.

    Boxes may differ by :data:`BOX_TOLERANCE`, because a saved scene rounds the ROI.
    """
    one, other = json.loads(first), json.loads(second)
    if len(one) != len(other) or one[0] != other[0]:
        return False
    return all(_sameView(a, b) for a, b in zip(one[1:], other[1:], strict=True))


def _viewFingerprint(marked: MarkedVolume) -> list[str | list[float]]:
    where: str | list[float]
    try:
        box = boxFromRoi(marked.roi, marked.volume)
        where = [box.x, box.y, box.width, box.height]
    except InputError as error:
        where = error.problem
    return [marked.projection, _checksum(marked.volume), where]


def _sameView(first: list[str | list[float]], second: list[str | list[float]]) -> bool:
    if first[:2] != second[:2] or isinstance(first[2], str) or isinstance(second[2], str):
        return first == second
    return all(abs(a - b) < BOX_TOLERANCE for a, b in zip(first[2], second[2], strict=True))


def _checksum(volume: vtkMRMLScalarVolumeNode) -> str:
    """Return the CRC-32 of the pixels; cached until the pixels change."""
    image = volume.GetImageData()
    if image is None or not image.GetNumberOfPoints():
        return "empty"
    key, time = volume.GetID(), image.GetMTime()
    if _checksums.get(key, (None, ""))[0] != time:
        _checksums[key] = (time, f"{zlib.crc32(_scalars(image)):08x}")
    return _checksums[key][1]


def _scalars(image: vtkImageData) -> npt.NDArray[np.generic]:
    """Return all values of all components of an image, ``(n,)``."""
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars()).ravel()


_checksums: dict[str, tuple[int, str]] = {}
"""Modification time of the pixels and their checksum, by node ID."""


def _checkDrawnOn(marked: MarkedVolume) -> None:
    """Raise if a ROI was drawn on another view, even if the image planes coincide."""
    drawnOn = marked.roi.GetNodeReference(DRAWN_ON)
    if drawnOn is not None and drawnOn is not marked.volume:
        problem = _("was drawn on {other}, not on {volume}; click Mark and draw one there")
        raise InputError(
            marked.roi.GetName(),
            problem.format(other=drawnOn.GetName(), volume=marked.volume.GetName()),
        )
