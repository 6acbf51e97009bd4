"""Evidence in the scene: a label map of levels and a continuous map, on the map's own grid.

Both are small volumes, one voxel a cell, that lie exactly on the lesion's square of the view.
Nothing is resampled: Slicer shows them over the view as it shows any two volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_colours import levelTable, mapTable
from MammoClassifierLib.scene.geometry import toArray, toMatrix
from mammopair.results.evidence_levels import levels_of

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


class Placed(Protocol):
    """A rectangle on a view, in its corner coordinates: a map's, or a crop square."""

    left: float
    top: float
    width: float
    height: float


def makeEvidence(evidence: Evidence, volume: vtkMRMLVolumeNode, title: str = "") -> EvidenceNodes:
    """Add a map of a view to the scene, over its volume and under its transforms.

    ``title`` tells a map of another method from the record's own.
    """
    import numpy as np

    cells = np.asarray(evidence.cells, dtype=np.float32)
    name = f"{volume.GetName()} {title or _('evidence')}"
    levels = addVolume(
        "vtkMRMLLabelMapVolumeNode", _("{name} levels").format(name=name), levels_of(cells)
    )
    levels.GetDisplayNode().SetAndObserveColorNodeID(levelTable().GetID())
    continuous = addVolume("vtkMRMLScalarVolumeNode", name, cells)
    _colourAbsolutely(continuous)
    for node in (levels, continuous):
        layOver(node, evidence, volume)
    return EvidenceNodes(levels, continuous)


def mapToView(place: Placed, columns: int, rows: int) -> npt.NDArray[np.float64]:
    """``(4, 4)``: from IJK of a grid of cells over a place to IJK of the view.

    The centre of cell ``c`` of ``n`` lies at ``x = left + (c + 1/2) width / n`` in the view's
    corner coordinates, and so at ``i = x - 1/2``.
    """
    import numpy as np

    across, down = place.width / columns, place.height / rows
    matrix = np.diag([across, down, 1.0, 1.0])
    matrix[0, 3] = place.left + across / 2 - 0.5
    matrix[1, 3] = place.top + down / 2 - 0.5
    return matrix


def addVolume(kind: str, name: str, cells: npt.NDArray[np.generic]) -> vtkMRMLVolumeNode:
    """A volume of one slice, which nobody takes for a mammogram."""
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    slicer.util.updateVolumeFromArray(node, cells[None])
    node.SetAttribute(EVIDENCE, "1")
    node.CreateDefaultDisplayNodes()
    return node


def layOver(node: vtkMRMLVolumeNode, place: Placed, volume: vtkMRMLVolumeNode) -> None:
    """Lay the cells of a node exactly over a place on a view."""
    import vtk

    columns, rows = node.GetImageData().GetDimensions()[:2]
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(toMatrix(toArray(matrix) @ mapToView(place, columns, rows)))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _colourAbsolutely(node: vtkMRMLScalarVolumeNode) -> None:
    """The same colour for the same logit in every map: no window of its own."""
    from mammopair.results.colours import EVIDENCE_LIMIT

    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(-EVIDENCE_LIMIT, EVIDENCE_LIMIT)
    display.SetAndObserveColorNodeID(mapTable().GetID())
