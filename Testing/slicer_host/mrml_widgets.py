"""Stand-ins for the qMRML widgets of the panel, on real MRML scenes and nodes.

Scripts can call only slots and Q_INVOKABLE methods of the real classes.
"""

from __future__ import annotations

import weakref

import vtk
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget
from shiboken6 import isValid
from slicer import vtkMRMLScene


class qMRMLWidget(QWidget):
    """A widget that passes its scene to its children."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(QWidget):
    """Selects a node of the scene.

    As the real class:

    - it is disabled until it has a scene, and leaves out nodes that hide from editors;
    - without *noneEnabled* and without any action in its menu, the first node that fits becomes
      the current one; with *noneEnabled* the selection stays None;
    - when the current node is removed, the next in the list becomes current, the last if there is
      no next, and None only if no node is left;
    - ``currentNodeChanged`` is emitted when another node becomes current and when the current one
      is renamed.
    """

    currentNodeChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None
        self._observers = {}
        self._types = []
        self._flags = {"addEnabled": True, "removeEnabled": True, "showChildNodeTypes": True}
        self._box = QComboBox(self)
        self._box.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._emitted = (None, None)
        self._box.currentIndexChanged.connect(self._emit_if_changed)
        self._box.currentTextChanged.connect(self._emit_if_changed)
        self.setEnabled(False)

    # The scene.

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        for observed, tag in self._observers.values():
            observed.RemoveObserver(tag)
        self._scene, self._observers = scene, {}
        if scene is not None:
            self._observe("added", scene, vtkMRMLScene.NodeAddedEvent, "_node_added")
            self._observe("removed", scene, vtkMRMLScene.NodeAboutToBeRemovedEvent, "_node_removed")
        self._rebuild()
        self.setEnabled(scene is not None)

    def _observe(self, key, observed, event, method):
        """Observe without keeping the widget alive, and not after Qt has deleted it."""
        reference = weakref.ref(self)

        def called(caller, _event, node=None):
            widget = reference()
            if widget is not None and isValid(widget):
                getattr(widget, method)(node or caller)

        if observed is self._scene:
            called = vtk.calldata_type(vtk.VTK_OBJECT)(called)
        if key not in self._observers:
            self._observers[key] = (observed, observed.AddObserver(event, called))

    def _observe_node(self, node):
        self._observe(node.GetID(), node, vtk.vtkCommand.ModifiedEvent, "_node_modified")

    def _fits(self, node):
        if node.GetHideFromEditors():
            return False
        if self._flags["showChildNodeTypes"]:
            return not self._types or any(node.IsA(kind) for kind in self._types)
        return node.GetClassName() in self._types

    def _node_added(self, node):
        self._observe_node(node)
        if self._fits(node):
            self._insert(node)

    def _insert(self, node):
        first = self._box.count == 0
        blocked = self._box.blockSignals(True)
        self._box.addItem(node.GetName() or "", node.GetID())
        if first:
            self._box.setCurrentIndex(-1)
        self._box.blockSignals(blocked)
        if first and self._selects_first_node():
            self._box.setCurrentIndex(0)

    def _selects_first_node(self):
        actions = ("noneEnabled", "addEnabled", "removeEnabled", "editEnabled", "renameEnabled")
        return not any(self._flags.get(name) for name in actions)

    def _node_removed(self, node):
        _node, tag = self._observers.pop(node.GetID(), (None, None))
        if tag is not None:
            node.RemoveObserver(tag)
        row = self._box.findData(node.GetID())
        if row >= 0:
            self._box.removeItem(row)

    def _node_modified(self, node):
        row = self._box.findData(node.GetID())
        if row < 0:
            if self._fits(node):
                self._insert(node)
        elif not self._fits(node):
            self._box.removeItem(row)
        elif self._box.itemText(row) != (node.GetName() or ""):
            self._box.setItemText(row, node.GetName() or "")

    def _rebuild(self):
        before = self.currentNodeID
        blocked = self._box.blockSignals(True)
        self._box.clear()
        if self._scene is not None:
            if self._flags.get("noneEnabled"):
                self._box.addItem("None", None)
            for index in range(self._scene.GetNumberOfNodes()):
                node = self._scene.GetNthNode(index)
                self._observe_node(node)
                if self._fits(node):
                    self._box.addItem(node.GetName() or "", node.GetID())
        row = self._box.findData(before) if before else -1
        if row < 0 and (self._flags.get("noneEnabled") or self._selects_first_node()):
            row = min(0, self._box.count - 1)
        self._box.setCurrentIndex(row)
        self._box.blockSignals(blocked)
        self._emit_if_changed()

    # The selection.

    def _emit_if_changed(self, *_):
        node = self.currentNode()
        current = (node and node.GetID(), node and node.GetName())
        if current != self._emitted:
            self._emitted = current
            self.currentNodeChanged.emit(node)

    def currentNode(self):
        identifier = self._box.currentData()
        return self._scene.GetNodeByID(identifier) if identifier and self._scene else None

    def setCurrentNode(self, node):
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, identifier):
        row = self._box.findData(identifier) if identifier else -1
        if row < 0 and self._flags.get("noneEnabled"):
            row = min(0, self._box.count - 1)
        self._box.setCurrentIndex(row)

    # Qt properties.

    def _set_types(self, types):
        self._types = list(types)
        self._rebuild()

    def _set_flag(self, name, value):
        self._flags[name] = value
        self._rebuild()

    def _flag(name):
        return Property(
            bool,
            lambda self: self._flags.get(name, False),
            lambda self, value: self._set_flag(name, value),
        )

    nodeTypes = Property("QStringList", lambda self: list(self._types), _set_types)
    noneEnabled = _flag("noneEnabled")
    addEnabled = _flag("addEnabled")
    removeEnabled = _flag("removeEnabled")
    editEnabled = _flag("editEnabled")
    renameEnabled = _flag("renameEnabled")
    showChildNodeTypes = _flag("showChildNodeTypes")
    currentNodeID = Property(str, lambda self: self._box.currentData() or "", setCurrentNodeID)


WIDGET_CLASSES = {kind.__name__: kind for kind in (qMRMLWidget, qMRMLNodeComboBox)}
"""The qMRML classes that a ``.ui`` file may name."""
NAMED_BY_SLICER = ("qMRMLSliderWidget", "qMRMLSpinBox", "qMRMLRangeWidget")
"""Classes that Slicer's own ``parameterNodeWrapper`` compares with: empty here."""
