"""Evidence as MRML nodes: a label map of levels and a continuous map, on the map's own grid.

Both are small volumes, one voxel a cell, placed exactly on the square of the view that they cover.
Nothing is resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
import vtk
from slicer.i18n import tr as _

from MammoClassifierLib.scene.colour_tables import ensureContinuousTable, ensureLevelTable
from MammoClassifierLib.scene.geometry import gridToIjk, toArray, toMatrix
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.evidence_levels import levels_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLVolumeNode

    from mammopair.crop import CropSquare
    from mammopair.record import Evidence

EVIDENCE = "MammoClassifier.evidence"
"""Attribute of volumes that the module created, so that they are not taken for mammograms."""


@dataclass(frozen=True)
class EvidenceNodes:
    """The two volumes of one map of one view."""

    levels: vtkMRMLLabelMapVolumeNode
    map: vtkMRMLScalarVolumeNode


def addEvidence(evidence: Evidence, volume: vtkMRMLVolumeNode, title: str = "") -> EvidenceNodes:
    """Add the volumes of a map to the scene, aligned with the view's volume and its transforms.

    Parameters
    ----------
    evidence
        The map, in logits.
    volume
        The view.
    title
        Name of the map, appended to the name of the view; ``evidence`` by default.
    """
    import numpy as np

    cells = np.asarray(evidence.cells, dtype=np.float32)
    name = f"{volume.GetName()} {title or _('evidence')}"
    levels = addVolume(
        "vtkMRMLLabelMapVolumeNode", _("{name} levels").format(name=name), levels_of(cells)
    )
    levels.GetDisplayNode().SetAndObserveColorNodeID(ensureLevelTable().GetID())
    continuous = addVolume("vtkMRMLScalarVolumeNode", name, cells)
    _setAbsoluteColours(continuous)
    for node in (levels, continuous):
        placeOnSquare(node, evidence.square, volume)
    return EvidenceNodes(levels, continuous)


def addVolume(className: str, name: str, cells: npt.NDArray[np.generic]) -> vtkMRMLScalarVolumeNode:
    """Add a volume of one slice, ``(rows, columns)``, that is not taken for a mammogram."""
    node = slicer.mrmlScene.AddNewNodeByClass(className, name)
    slicer.util.updateVolumeFromArray(node, cells[None])
    node.SetAttribute(EVIDENCE, "1")
    node.CreateDefaultDisplayNodes()
    return node


def placeOnSquare(node: vtkMRMLVolumeNode, square: CropSquare, volume: vtkMRMLVolumeNode) -> None:
    """Place the cells of a volume exactly on a square of a view, under the view's transform."""
    cells, _rows, _slices = node.GetImageData().GetDimensions()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(toMatrix(toArray(matrix) @ gridToIjk(square, cells)))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _setAbsoluteColours(node: vtkMRMLScalarVolumeNode) -> None:
    """Display the same logit in the same colour in every map."""
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(-EVIDENCE_LIMIT, EVIDENCE_LIMIT)
    display.SetAndObserveColorNodeID(ensureContinuousTable().GetID())
