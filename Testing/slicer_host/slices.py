"""Slice views: a widget over a real slice logic, and the pixels that logic composes.

``vtkMRMLSliceLogic`` reslices and blends on the CPU: what it gives is what Slicer shows, without
markups, legends and anything else that displayable managers draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import vtk
from PySide6.QtCore import Property, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget
from vtk.util.numpy_support import vtk_to_numpy

VIEW_SIZE = (400, 400)
"""Columns and rows of a view before its widget is given another size."""


@dataclass(frozen=True)
class SlicePixels:
    """The composed pixels of a slice view, and where they lie."""

    rgba: np.ndarray
    """uint8, (rows, columns, 4); row 0 is at the top of the view."""
    xy_to_ras: np.ndarray
    """4 x 4; VTK's view coordinates, x to the right and y up from the lowest row's centre."""

    def ras_at(self, row: float, column: float) -> np.ndarray:
        """RAS of a place, pixel centres at integers."""
        y = self.rgba.shape[0] - 1 - row
        return (self.xy_to_ras @ [column, y, 0.0, 1.0])[:3]

    def pixel_at(self, ras) -> tuple[float, float]:
        """``(row, column)`` of a place in RAS, projected on the slice along its normal."""
        x, y, _z, _one = np.linalg.inv(self.xy_to_ras) @ [*ras, 1.0]
        return self.rgba.shape[0] - 1 - y, x

    def off_plane(self, ras) -> float:
        """Signed distance of a place in RAS from the slice, in mm."""
        normal = self.xy_to_ras[:3, 2] / np.linalg.norm(self.xy_to_ras[:3, 2])
        return float(normal @ (np.asarray(ras) - self.xy_to_ras[:3, 3]))


LAYERS = ("background", "foreground", "label")


def read_pixels(logic, layer: str | None = None) -> SlicePixels:
    """What a slice logic shows now, all layers blended or one of :data:`LAYERS`.

    Raises
    ------
    ValueError
        The view, or that layer of it, shows no volume.
    """
    source = logic if layer is None else getattr(logic, f"Get{layer.capitalize()}Layer")()
    connection = source.GetImageDataConnection() if source is not None else None
    if connection is None or (layer and source.GetVolumeNode() is None):
        raise ValueError(f"the slice view shows nothing{f' as {layer}' if layer else ''}")
    producer = connection.GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(connection.GetIndex())
    columns, rows, _one = image.GetDimensions()
    scalars = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    if scalars.shape[2] == 3:
        scalars = np.concatenate([scalars, np.full_like(scalars[..., :1], 255)], axis=2)
    matrix = logic.GetSliceNode().GetXYToRAS()
    xy_to_ras = np.array([[matrix.GetElement(r, c) for c in range(4)] for r in range(4)])
    return SlicePixels(np.ascontiguousarray(scalars[::-1]), xy_to_ras)


class SliceView(QWidget):
    """What qMRMLSliceView is to scripts; paints the composed pixels."""

    def __init__(self, slice_widget):
        super().__init__(slice_widget)
        self._slice_widget = slice_widget
        self.setMinimumSize(50, 50)

    def mrmlSliceNode(self):
        return self._slice_widget.mrmlSliceNode()

    def forceRender(self):
        self.repaint()

    def scheduleRender(self):
        self.update()

    def convertRASToXYZ(self, ras):
        x, y, z, _ = np.linalg.inv(self._matrix()) @ [*ras, 1.0]
        return [x, y, z]

    def convertXYZToRAS(self, xyz):
        return list((self._matrix() @ [*xyz, 1.0])[:3])

    def convertDeviceToXYZ(self, device):
        return [device[0], self.height() - 1 - device[1], 0]

    def _matrix(self):
        matrix = self.mrmlSliceNode().GetXYToRAS()
        return np.array([[matrix.GetElement(r, c) for c in range(4)] for r in range(4)])

    def resizeEvent(self, event):
        self._slice_widget.sliceController().setSliceViewSize(event.size())
        super().resizeEvent(event)

    def paintEvent(self, _event):
        rgba = self._slice_widget.pixels_now()
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), Qt.black)
            if rgba is not None:
                rows, columns = rgba.shape[:2]
                # A painter left open takes the whole process down with it.
                image = QImage(rgba.tobytes(), columns, rows, 4 * columns, QImage.Format_RGBA8888)
                painter.drawImage(self.rect(), image)
        finally:
            painter.end()


class SliceController(QWidget):
    """What qMRMLSliceControllerWidget is to scripts: the bar above a view, which shows nothing."""

    def __init__(self, slice_widget):
        super().__init__(slice_widget)
        self._slice_widget = slice_widget
        self.setMaximumHeight(0)

    def sliceLogic(self):
        return self._slice_widget.sliceLogic()

    def mrmlSliceNode(self):
        return self._slice_widget.mrmlSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._slice_widget.mrmlSliceCompositeNode()

    def fitSliceToBackground(self):
        self._slice_widget.fitSliceToBackground()

    def setSliceViewSize(self, size):
        self.sliceLogic().ResizeSliceNode(max(size.width(), 1), max(size.height(), 1))

    def setSliceVisible(self, visible):
        self.mrmlSliceNode().SetSliceVisible(visible)

    def setSliceOffsetValue(self, offset):
        self.sliceLogic().SetSliceOffset(offset)

    def setSliceOrientation(self, orientation):
        self.mrmlSliceNode().SetOrientation(orientation)

    def setSliceLink(self, linked):
        self.mrmlSliceCompositeNode().SetLinkedControl(linked)

    def setLabelMapOpacity(self, opacity):
        self.mrmlSliceCompositeNode().SetLabelOpacity(opacity)

    def setForegroundOpacity(self, opacity):
        self.mrmlSliceCompositeNode().SetForegroundOpacity(opacity)


class SliceWidget(QWidget):
    """What qMRMLSliceWidget is to scripts: one slice node, its logic, composite node and view."""

    nodeAboutToBeEdited = Signal(object)

    def __init__(self, slice_node, application_logic, parent=None):
        super().__init__(parent)
        name = slice_node.GetLayoutName()
        self.setObjectName(f"qMRMLSliceWidget{name}")
        self._logic = slicer_logic(slice_node, application_logic)
        self._controller = SliceController(self)
        self._view = SliceView(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self._logic.ResizeSliceNode(*VIEW_SIZE)
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.timeout.connect(self._view.update)
        self._closed = False
        self._tag = self._logic.AddObserver(vtk.vtkCommand.ModifiedEvent, self._changed)

    def _changed(self, *_):
        self._repaint.start(0)

    def close_down(self):
        """Let go of the slice logic: after this, nothing reaches the widget any more."""
        self._repaint.stop()
        self._logic.RemoveObserver(self._tag)
        self._logic.SetMRMLScene(None)
        self._closed = True

    def pixels_now(self):
        """What the view shows, or None where that is nothing."""
        if self._closed:
            return None
        try:
            return read_pixels(self._logic).rgba
        except ValueError:
            return None

    def sliceLogic(self):
        return self._logic

    def logic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlAbstractViewNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceController(self):
        return self._controller

    def sliceView(self):
        return self._view

    def viewWidget(self):
        return self._view

    def imageDataConnection(self):
        return self._logic.GetImageDataConnection()

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()

    def setSliceOrientation(self, orientation):
        self.mrmlSliceNode().SetOrientation(orientation)

    sliceViewName = Property(str, lambda self: self.mrmlSliceNode().GetLayoutName())
    sliceOrientation = Property(
        str, lambda self: self.mrmlSliceNode().GetOrientation(), setSliceOrientation
    )


def slicer_logic(slice_node, application_logic):
    """A real slice logic for a slice node, as qMRMLSliceWidget has it."""
    import slicer

    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application_logic)
    logic.SetMRMLScene(slice_node.GetScene())
    logic.SetSliceNode(slice_node)
    return logic
