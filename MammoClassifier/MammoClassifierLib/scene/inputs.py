"""What is to be classified: a volume and a ROI a projection, and a fingerprint of the two."""

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
SAME_PLACE = 0.05
"""Pixels that two boxes may lie apart and still be the same."""


@dataclass(frozen=True)
class MarkedVolume:
    """A volume, the ROI around the mass on it, and the projection that the user calls it."""

    projection: str
    volume: vtkMRMLScalarVolumeNode
    roi: vtkMRMLMarkupsROINode


def collectInputs(
    ccVolume: vtkMRMLScalarVolumeNode | None,
    ccRoi: vtkMRMLMarkupsROINode | None,
    mloVolume: vtkMRMLScalarVolumeNode | None,
    mloRoi: vtkMRMLMarkupsROINode | None,
) -> tuple[MarkedVolume, ...]:
    """The marked views, CC first. A view without a ROI does not take part.

    Raises
    ------
    InputError
        If nothing is marked, a ROI has no view, or a volume or a ROI is used twice.
    """
    views = (("CC", ccVolume, ccRoi), ("MLO", mloVolume, mloRoi))
    if ccVolume is None and mloVolume is None:
        raise InputError(
            _("Views"), _("none is chosen; load a mammogram and choose it as CC or MLO")
        )
    if ccVolume is mloVolume:
        raise InputError(ccVolume.GetName(), _("is chosen as CC and as MLO; choose two views"))
    for projection, volume, roi in views:
        if roi is not None and volume is None:
            problem = _("marks the {projection} view, but no such view is chosen; choose it")
            raise InputError(roi.GetName(), problem.format(projection=projection))
    if ccRoi is None and mloRoi is None:
        raise InputError(_("Mass"), _("is not marked; draw a ROI around it on one view or on both"))
    if ccRoi is mloRoi:
        raise InputError(ccRoi.GetName(), _("marks both views; draw a ROI of its own on each"))
    marked = tuple(MarkedVolume(*view) for view in views if view[2] is not None)
    for one in marked:
        _checkDrawnOn(one)
    return marked


def readMarked(marked: MarkedVolume, laterality: str | None = None) -> MarkedView:
    """The engine's marked view.

    Raises
    ------
    InputError
        If the volume is no such view, or the ROI marks nothing on it.
    """
    from mammopair.crop import check_box
    from mammopair.lesion import MarkedView

    view = viewFromVolume(marked.volume, marked.projection, laterality)
    box = boxFromRoi(marked.roi, marked.volume)
    try:
        check_box(view, box)
    except InputError as error:
        problem = _("lies outside {volume}; draw it around the mass on that view")
        raise InputError(
            marked.roi.GetName(), problem.format(volume=marked.volume.GetName())
        ) from error
    return MarkedView(view, box)


def fingerprint(inputs: tuple[MarkedVolume, ...], laterality: str | None = None) -> str:
    """What a result depends on, as JSON: pixels, boxes, projections and the breast.

    A ROI or transform that cannot be used gives a fingerprint of its own, never an error.
    """
    return json.dumps([laterality, *(_fingerprintOf(one) for one in inputs)])


def sameInputs(first: str, second: str) -> bool:
    """Whether two fingerprints are of the same inputs.

    Boxes may differ by a twentieth of a pixel: a ROI that was saved is rounded.
    """
    one, other = json.loads(first), json.loads(second)
    if len(one) != len(other) or one[0] != other[0]:
        return False
    return all(_sameView(a, b) for a, b in zip(one[1:], other[1:], strict=True))


def _fingerprintOf(marked: MarkedVolume) -> list[str | list[float]]:
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
    return all(abs(a - b) < SAME_PLACE for a, b in zip(first[2], second[2], strict=True))


def _checksum(volume: vtkMRMLScalarVolumeNode) -> str:
    """CRC-32 of the pixels, computed anew only when they changed."""
    image = volume.GetImageData()
    if image is None or not image.GetNumberOfPoints():
        return "empty"
    key, time = volume.GetID(), image.GetMTime()
    if _checksums.get(key, (None, ""))[0] != time:
        _checksums[key] = (time, f"{zlib.crc32(_scalars(image)):08x}")
    return _checksums[key][1]


def _scalars(image: vtkImageData) -> npt.NDArray[np.generic]:
    """All values of an image in a row, colours too."""
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars()).ravel()


_checksums: dict[str, tuple[int, str]] = {}


def _checkDrawnOn(marked: MarkedVolume) -> None:
    """A ROI that was drawn on one view says nothing about another, though the planes coincide."""
    drawnOn = marked.roi.GetNodeReference(DRAWN_ON)
    if drawnOn is not None and drawnOn is not marked.volume:
        problem = _("was drawn on {other}, not on {volume}; draw one there")
        raise InputError(
            marked.roi.GetName(),
            problem.format(other=drawnOn.GetName(), volume=marked.volume.GetName()),
        )
