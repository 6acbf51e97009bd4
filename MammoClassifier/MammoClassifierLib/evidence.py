"""Evidence in the scene: a label map of levels and a continuous map, on the map's own grid.

Both are small volumes, one voxel a cell, that lie exactly on the lesion's square of the view.
Nothing is resampled: Slicer shows them over the view as it shows any two volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.colours import levelTable, mapTable
from MammoClassifierLib.geometry import toArray, toMatrix
from mammopair.results.levels import levels_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLVolumeNode

    from mammopair.record import Evidence

EVIDENCE = "MammoClassifier.evidence"
"""Attribute that tells a map of evidence from a mammogram."""


@dataclass(frozen=True)
class EvidenceNodes:
    """The two forms of a view's evidence."""

    levels: vtkMRMLLabelMapVolumeNode
    map: vtkMRMLScalarVolumeNode


def makeEvidence(evidence: Evidence, volume: vtkMRMLVolumeNode) -> EvidenceNodes:
    """Add the evidence of a view to the scene, over its volume and under its transforms."""
    import numpy as np

    cells = np.asarray(evidence.cells, dtype=np.float32)
    levels = _addVolume(
        "vtkMRMLLabelMapVolumeNode",
        _("{view} evidence levels").format(view=volume.GetName()),
        levels_of(cells),
    )
    levels.GetDisplayNode().SetAndObserveColorNodeID(levelTable().GetID())
    continuous = _addVolume(
        "vtkMRMLScalarVolumeNode", _("{view} evidence").format(view=volume.GetName()), cells
    )
    _colourAbsolutely(continuous)
    for node in (levels, continuous):
        _layOver(node, evidence, volume)
    return EvidenceNodes(levels, continuous)


def mapToView(evidence: Evidence) -> npt.NDArray[np.float64]:
    """``(4, 4)``: from IJK of the map to IJK of the view.

    The centre of cell ``c`` of ``n`` lies at ``x = left + (c + 1/2) width / n`` in the view's
    corner coordinates, and so at ``i = x - 1/2``.
    """
    import numpy as np

    across = evidence.width / len(evidence.cells[0])
    down = evidence.height / len(evidence.cells)
    matrix = np.diag([across, down, 1.0, 1.0])
    matrix[0, 3] = evidence.left + across / 2 - 0.5
    matrix[1, 3] = evidence.top + down / 2 - 0.5
    return matrix


def _addVolume(kind: str, name: str, cells: npt.NDArray[np.generic]) -> vtkMRMLVolumeNode:
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    slicer.util.updateVolumeFromArray(node, cells[None])
    node.SetAttribute(EVIDENCE, "1")
    node.CreateDefaultDisplayNodes()
    return node


def _layOver(node: vtkMRMLVolumeNode, evidence: Evidence, volume: vtkMRMLVolumeNode) -> None:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(toMatrix(toArray(matrix) @ mapToView(evidence)))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _colourAbsolutely(node: vtkMRMLScalarVolumeNode) -> None:
    """The same colour for the same logit in every map: no window of its own."""
    from mammopair.results.colours import EVIDENCE_LIMIT

    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(-EVIDENCE_LIMIT, EVIDENCE_LIMIT)
    display.SetAndObserveColorNodeID(mapTable().GetID())
