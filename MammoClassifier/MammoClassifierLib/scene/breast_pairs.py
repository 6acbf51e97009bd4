"""Which volumes of the scene are the CC and the MLO view of a breast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import EVIDENCE
from MammoClassifierLib.scene.volumes import identifyVolume

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode


@dataclass(frozen=True)
class BreastInScene:
    """A breast, and the volumes that show it."""

    title: str
    """``Right breast of P_00173 (CC, MLO)``."""
    laterality: str
    cc: vtkMRMLScalarVolumeNode | None
    mlo: vtkMRMLScalarVolumeNode | None


def breastsInScene() -> list[BreastInScene]:
    """The breasts that the volumes of the scene show, pairs before single views."""
    from mammopair.io.exam import group_breasts

    known = [identifyVolume(volume) for volume in _candidates()]
    breasts = [
        BreastInScene(
            title=_title(breast.patient_id, str(breast.laterality), breast.cc, breast.mlo),
            laterality=str(breast.laterality),
            cc=breast.cc.volume if breast.cc else None,
            mlo=breast.mlo.volume if breast.mlo else None,
        )
        for breast in group_breasts(known)
        if breast.views
    ]
    return sorted(breasts, key=lambda breast: breast.cc is None or breast.mlo is None)


def _candidates() -> list[vtkMRMLScalarVolumeNode]:
    """Single slices in shades of grey; evidence maps of ours are not mammograms."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [volume for volume in volumes if _mayBeMammogram(volume)]


def _mayBeMammogram(volume: vtkMRMLScalarVolumeNode) -> bool:
    image = volume.GetImageData()
    return (
        volume.GetClassName() == "vtkMRMLScalarVolumeNode"
        and image is not None
        and image.GetDimensions()[2] == 1
        and image.GetNumberOfScalarComponents() == 1
        and volume.GetAttribute(EVIDENCE) is None
    )


def _title(patient: str, laterality: str, cc: object | None, mlo: object | None) -> str:
    side = {"R": _("Right breast"), "L": _("Left breast")}[laterality]
    whose = _(" of {patient}").format(patient=patient) if patient else ""
    views = ", ".join(name for name, view in (("CC", cc), ("MLO", mlo)) if view)
    return f"{side}{whose} ({views})"
