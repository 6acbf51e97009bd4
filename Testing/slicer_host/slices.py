"""Slice views: a widget with a real slice logic, and the pixels that the logic composes.

``vtkMRMLSliceLogic`` reslices and blends on the CPU: the pixels are those that Slicer shows,
without markups, legends and whatever else displayable managers draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
from PySide6.QtWidgets import QWidget
from vtk.util.numpy_support import vtk_to_numpy

VIEW_SIZE = (400, 400)
"""Columns and rows of a view until its widget is resized."""


@dataclass(frozen=True)
class SlicePixels:
    """The composed pixels of a slice view and their positions."""

    rgba: np.ndarray
    """uint8, (rows, columns, 4); row 0 is the top of the view."""
    xy_to_ras: np.ndarray
    """4 x 4; from VTK's view coordinates, with y up and the origin at the lowest row's centre."""

    def pixel_at(self, ras) -> tuple[float, float]:
        """``(row, column)`` of a point in RAS, integers at pixel centres, along the normal."""
        x, y, _z, _one = np.linalg.inv(self.xy_to_ras) @ [*ras, 1.0]
        return self.rgba.shape[0] - 1 - y, x

    def off_plane(self, ras) -> float:
        """Signed distance of a point in RAS from the slice, in mm."""
        normal = self.xy_to_ras[:3, 2] / np.linalg.norm(self.xy_to_ras[:3, 2])
        return float(normal @ (np.asarray(ras) - self.xy_to_ras[:3, 3]))


def read_pixels(logic, layer: str | None = None) -> SlicePixels:
    """Read what a slice logic shows, all layers blended or one layer.

    Parameters
    ----------
    logic
        A ``vtkMRMLSliceLogic``.
    layer
        ``"background"``, ``"foreground"``, ``"label"``, or None for all.

    Raises
    ------
    ValueError
        The view, or that layer of it, shows no volume.
    """
    source = logic if layer is None else getattr(logic, f"Get{layer.capitalize()}Layer")()
    connection = source.GetImageDataConnection() if source is not None else None
    if connection is None or (layer and source.GetVolumeNode() is None):
        raise ValueError(f"the slice view shows no {layer or 'volume'}")
    producer = connection.GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(connection.GetIndex())
    columns, rows, _one = image.GetDimensions()
    scalars = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    if scalars.shape[2] == 3:
        scalars = np.concatenate([scalars, np.full_like(scalars[..., :1], 255)], axis=2)
    xy_to_ras = slicer.util.arrayFromVTKMatrix(logic.GetSliceNode().GetXYToRAS())
    return SlicePixels(np.ascontiguousarray(scalars[::-1]), xy_to_ras)


class SliceWidget(QWidget):
    """Stand-in for qMRMLSliceWidget: a slice node with its logic; it does not paint."""

    def __init__(self, slice_node, application_logic, parent=None):
        super().__init__(parent)
        self.setObjectName(f"qMRMLSliceWidget{slice_node.GetLayoutName()}")
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(slice_node.GetScene())
        self._logic.SetSliceNode(slice_node)
        self._logic.ResizeSliceNode(*VIEW_SIZE)

    def resizeEvent(self, event):
        size = event.size()
        self._logic.ResizeSliceNode(max(size.width(), 1), max(size.height(), 1))
        super().resizeEvent(event)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()
