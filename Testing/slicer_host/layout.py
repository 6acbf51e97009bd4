"""The layout manager: the views that the scene's layout node describes.

The layout node, its logic, the view nodes, and the logic of each slice view are real; the widgets
are stand-ins. All views of a layout are side by side, whatever positions its XML describes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtWidgets import QHBoxLayout

from .slices import SliceWidget


class LayoutManager(QObject):
    """Stand-in for qSlicerLayoutManager."""

    layoutChanged = Signal(int)

    def __init__(self, scene, application_logic, viewport):
        super().__init__(viewport)
        self._scene = scene
        self._application_logic = application_logic
        self._viewport = viewport
        QHBoxLayout(viewport)
        self._slice_widgets: dict[str, SliceWidget] = {}
        self._slice_logics = vtk.vtkCollection()
        application_logic.SetSliceLogics(self._slice_logics)
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLApplicationLogic(application_logic)
        self._layout_logic.SetMRMLScene(scene)
        self._shown = None
        self._layout_tag = self._layout_node().AddObserver(
            vtk.vtkCommand.ModifiedEvent, self._show_layout
        )

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def added(_caller, _event, node):
            self._add_view(node)

        self._scene_tags = [scene.AddObserver(scene.NodeAddedEvent, added)]
        for event in (scene.EndCloseEvent, scene.EndImportEvent, scene.EndRestoreEvent):
            self._scene_tags.append(scene.AddObserver(event, self._show_layout))
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            self._add_view(node)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def close_down(self):
        """Remove the observers and detach the views from the scene."""
        self._layout_node().RemoveObserver(self._layout_tag)
        for tag in self._scene_tags:
            self._scene.RemoveObserver(tag)
        for widget in self._slice_widgets.values():
            widget.sliceLogic().SetMRMLScene(None)
        self._layout_logic.SetMRMLScene(None)

    def _layout_node(self):
        return self._layout_logic.GetLayoutNode()

    def _add_view(self, node):
        if not isinstance(node, slicer.vtkMRMLSliceNode):
            return
        name = node.GetLayoutName()
        if name not in self._slice_widgets:
            widget = SliceWidget(node, self._application_logic, self._viewport)
            widget.hide()
            self._viewport.layout().addWidget(widget)
            self._slice_widgets[name] = widget
            self._slice_logics.AddItem(widget.sliceLogic())

    def _show_layout(self, *_):
        node = self._layout_node()
        if node is None:
            return
        arrangement, description = node.GetViewArrangement(), node.GetCurrentLayoutDescription()
        if (arrangement, description) == self._shown:
            return
        self._shown = (arrangement, description)
        # A layout without a description, as in a scene from another session, shows no view.
        root = ElementTree.fromstring(description) if description else ElementTree.Element("none")
        names = {view.get("singletontag") for view in root.iter("view")}
        for name, widget in self._slice_widgets.items():
            widget.setVisible(name in names)
        self.layoutChanged.emit(arrangement)

    # Methods for scripts.

    def layoutLogic(self):
        return self._layout_logic

    def setLayout(self, layout):
        self._layout_node().SetViewArrangement(layout)

    def sliceViewNames(self):
        return list(self._slice_widgets)

    def sliceWidget(self, name):
        return self._slice_widgets.get(name)

    def mrmlSliceLogics(self):
        return self._slice_logics

    layout = Property(int, lambda self: self._layout_node().GetViewArrangement(), setLayout)
