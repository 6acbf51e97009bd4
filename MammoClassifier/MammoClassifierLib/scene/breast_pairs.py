"""The CC and MLO volumes of each breast in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import EVIDENCE
from MammoClassifierLib.scene.volumes import identifyVolume, isMaskVolume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slicer import vtkMRMLScalarVolumeNode


@dataclass(frozen=True)
class BreastInScene:
    """The volumes that show one breast in one exam."""

    title: str
    """``Right breast of P_00173 (CC, MLO)``."""
    cc: vtkMRMLScalarVolumeNode | None
    mlo: vtkMRMLScalarVolumeNode | None


def candidateVolumes() -> list[vtkMRMLScalarVolumeNode]:
    """Return the volumes of the scene that may be mammograms: one grey-scale slice, no evidence."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return [volume for volume in volumes if _mayBeMammogram(volume)]


def findBreasts(volumes: Sequence[vtkMRMLScalarVolumeNode]) -> list[BreastInScene]:
    """Group volumes by breast, except masks; breasts with both projections come first.

    Raises
    ------
    ImportError
        If a package that the engine's reader needs is not installed.
    """
    from mammopair.io.exam import group_breasts

    breasts = [
        BreastInScene(
            title=_title(breast.patient_id, str(breast.laterality), breast.cc, breast.mlo),
            cc=breast.cc.volume if breast.cc else None,
            mlo=breast.mlo.volume if breast.mlo else None,
        )
        for breast in group_breasts(
            [identifyVolume(volume) for volume in volumes if not isMaskVolume(volume)]
        )
        if breast.views
    ]
    return sorted(breasts, key=lambda breast: breast.cc is None or breast.mlo is None)


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
    breast = {"R": _("Right breast"), "L": _("Left breast")}[laterality]
    views = ", ".join(name for name, view in (("CC", cc), ("MLO", mlo)) if view)
    if not patient:
        return _("{breast} ({views})").format(breast=breast, views=views)
    return _("{breast} of {patient} ({views})").format(breast=breast, patient=patient, views=views)
