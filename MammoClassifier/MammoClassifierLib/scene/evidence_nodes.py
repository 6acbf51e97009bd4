"""Evidence in the scene: a label map of levels and a continuous map, on the map's own grid.

Both are small volumes, one voxel a cell, that lie exactly on the lesion's square of the view.
Nothing is resampled: Slicer shows them over the view as it shows any two volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.colour_tables import levelTable, mapTable
from MammoClassifierLib.scene.geometry import toArray, toMatrix
from mammopair.results.evidence_levels import levels_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLVolumeNode

    from mammopair.crop import CropSquare
    from mammopair.record import Evidence

EVIDENCE = "MammoClassifier.evidence"
"""Attribute that tells a map of evidence from a mammogram."""


@dataclass(frozen=True)
class EvidenceNodes:
    """The two forms of a view's evidence."""

    levels: vtkMRMLLabelMapVolumeNode
    map: vtkMRMLScalarVolumeNode


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
        layOver(node, evidence.square, volume)
    return EvidenceNodes(levels, continuous)


def gridToIjk(square: CropSquare, cells: int) -> npt.NDArray[np.float64]:
    """``(4, 4)``: from the IJK of a grid of ``cells x cells`` cells over a square to the view's."""
    import numpy as np

    from mammopair.crop import to_pixel_index

    matrix = np.diag([*square.cell_size(cells), 1.0, 1.0])
    x, y = square.to_view(0.0, 0.0, cells)
    matrix[:2, 3] = to_pixel_index(x), to_pixel_index(y)
    return matrix


def addVolume(kind: str, name: str, cells: npt.NDArray[np.generic]) -> vtkMRMLVolumeNode:
    """A volume of one slice, which nobody takes for a mammogram."""
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    slicer.util.updateVolumeFromArray(node, cells[None])
    node.SetAttribute(EVIDENCE, "1")
    node.CreateDefaultDisplayNodes()
    return node


def layOver(node: vtkMRMLVolumeNode, square: CropSquare, volume: vtkMRMLVolumeNode) -> None:
    """Place the cells of a node exactly over a square of a view."""
    import vtk

    cells, _rows, _slices = node.GetImageData().GetDimensions()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(toMatrix(toArray(matrix) @ gridToIjk(square, cells)))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _colourAbsolutely(node: vtkMRMLScalarVolumeNode) -> None:
    """The same colour for the same logit in every map: no window of its own."""
    from mammopair.results.colours import EVIDENCE_LIMIT

    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(-EVIDENCE_LIMIT, EVIDENCE_LIMIT)
    display.SetAndObserveColorNodeID(mapTable().GetID())
