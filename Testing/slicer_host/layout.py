"""The layout manager: views as the scene's layout node asks for them.

The layout node, its logic, the view nodes that a layout's XML makes, and one slice logic a slice
view are real; the widgets are stood in for.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from .slices import SliceWidget


class ThreeDWidget(QWidget):
    """A three-dimensional view, as far as a script can tell: a node, and nothing to see."""

    def __init__(self, view_node, parent=None):
        super().__init__(parent)
        self._view_node = view_node

    def mrmlViewNode(self):
        return self._view_node

    def threeDView(self):
        return self

    def threeDController(self):
        return self

    def resetFocalPoint(self):
        """Nothing is drawn."""

    def forceRender(self):
        """Nothing is drawn."""


class LayoutManager(QObject):
    """What qSlicerLayoutManager is to scripts."""

    layoutChanged = Signal(int)

    def __init__(self, scene, application_logic, viewport):
        super().__init__(viewport)
        self._scene = scene
        self._application_logic = application_logic
        self._viewport = viewport
        if viewport.layout() is None:
            QVBoxLayout(viewport).setContentsMargins(0, 0, 0, 0)
        self._slice_widgets: dict[str, SliceWidget] = {}
        self._view_widgets: dict[str, ThreeDWidget] = {}
        self._slice_logics = vtk.vtkCollection()
        self._view_logics = vtk.vtkCollection()
        application_logic.SetSliceLogics(self._slice_logics)
        application_logic.SetViewLogics(self._view_logics)
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLApplicationLogic(application_logic)
        self._layout_logic.SetMRMLScene(scene)
        self._arrangement = None
        self._description = None
        self._layout_tag = self._layout_node().AddObserver(
            vtk.vtkCommand.ModifiedEvent, self._on_layout_modified
        )

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def added(_caller, _event, node):
            self._make_view(node)

        self._scene_tags = [
            scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, added),
            scene.AddObserver(slicer.vtkMRMLScene.EndCloseEvent, self._on_layout_modified),
            scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, self._on_layout_modified),
            scene.AddObserver(slicer.vtkMRMLScene.EndRestoreEvent, self._on_layout_modified),
        ]
        for index in range(scene.GetNumberOfNodes()):
            self._make_view(scene.GetNthNode(index))
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def close_down(self):
        """Take every observer off; the scene may go on without views."""
        self._layout_node().RemoveObserver(self._layout_tag)
        for tag in self._scene_tags:
            self._scene.RemoveObserver(tag)
        for widget in self._slice_widgets.values():
            widget.close_down()
        self._layout_logic.SetMRMLScene(None)

    def _layout_node(self):
        return self._layout_logic.GetLayoutNode()

    def _make_view(self, node):
        if isinstance(node, slicer.vtkMRMLSliceNode):
            name = node.GetLayoutName()
            if name not in self._slice_widgets:
                widget = SliceWidget(node, self._application_logic, self._viewport)
                widget.hide()
                self._slice_widgets[name] = widget
                self._slice_logics.AddItem(widget.sliceLogic())
        elif isinstance(node, slicer.vtkMRMLViewNode):
            name = node.GetLayoutName()
            if name not in self._view_widgets:
                self._view_widgets[name] = ThreeDWidget(node, self._viewport)
                self._view_widgets[name].hide()

    def _on_layout_modified(self, *_):
        node = self._layout_node()
        if node is None:
            return
        arrangement, description = node.GetViewArrangement(), node.GetCurrentLayoutDescription()
        if (arrangement, description) == (self._arrangement, self._description):
            return
        self._arrangement, self._description = arrangement, description
        self._arrange(description)
        self.layoutChanged.emit(arrangement)

    # The widgets of the current layout.

    def _arrange(self, description):
        for widget in [*self._slice_widgets.values(), *self._view_widgets.values()]:
            widget.setParent(self._viewport)
            widget.hide()
        old = self._viewport.layout().takeAt(0)
        if old is not None and old.widget() is not None:
            old.widget().deleteLater()
        if not description:
            return
        built = self._build(ElementTree.fromstring(description))
        if built is not None:
            self._viewport.layout().addWidget(built)
            built.show()

    def _build(self, element):
        if element.tag == "view":
            return self._view_of(element)
        if element.tag != "layout":
            return None
        kind = element.get("type", "horizontal")
        if kind == "tab":
            box = QTabWidget()
        elif kind in ("vertical", "horizontal"):
            box = QSplitter(Qt.Vertical if kind == "vertical" else Qt.Horizontal)
            box.setChildrenCollapsible(False)
        else:
            box = QSplitter(Qt.Horizontal)
        sizes = []
        for item in element.findall("item"):
            for child in item:
                widget = self._build(child)
                if widget is None:
                    continue
                if kind == "tab":
                    box.addTab(widget, item.get("name", ""))
                else:
                    box.addWidget(widget)
                    sizes.append(int(item.get("splitSize", element.get("splitSize", 0)) or 0))
        if sizes and all(sizes):
            box.setSizes(sizes)
        return box

    def _view_of(self, element):
        name = element.get("singletontag")
        widget = {**self._view_widgets, **self._slice_widgets}.get(name)
        if widget is None:
            return QStackedWidget()  # tables and plots, which this host does not draw
        widget.show()
        return widget

    # What scripts call.

    def mrmlScene(self):
        return self._scene

    def layoutLogic(self):
        return self._layout_logic

    def setLayout(self, layout):
        self._layout_node().SetViewArrangement(layout)

    def _get_layout(self):
        return self._layout_node().GetViewArrangement()

    def sliceViewNames(self):
        return list(self._slice_widgets)

    def sliceWidget(self, name):
        return self._slice_widgets.get(name)

    def mrmlSliceLogics(self):
        return self._slice_logics

    def mrmlViewLogics(self):
        return self._view_logics

    def mrmlColorLogic(self):
        return self._application_logic.GetColorLogic()

    def threeDWidget(self, which):
        if isinstance(which, str):
            return self._view_widgets.get(which)
        widgets = list(self._view_widgets.values())
        return widgets[which] if which < len(widgets) else None

    def viewWidget(self, node):
        name = node.GetLayoutName()
        return self._slice_widgets.get(name) or self._view_widgets.get(name)

    def viewport(self):
        return self._viewport

    def resetSliceViews(self):
        for widget in self._slice_widgets.values():
            widget.fitSliceToBackground()

    def resetThreeDViews(self):
        """Nothing is drawn."""

    def pauseRender(self):
        """Nothing is drawn."""

    def resumeRender(self):
        """Nothing is drawn."""

    layout = Property(int, _get_layout, setLayout)
    threeDViewCount = Property(int, lambda self: len(self._view_widgets))
    tableViewCount = Property(int, lambda self: 0)
    plotViewCount = Property(int, lambda self: 0)
