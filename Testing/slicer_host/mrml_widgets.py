"""Stand-ins for qMRML widgets, on real MRML scenes and nodes.

What can be called is what PythonQt can call on the real ones: slots and Q_INVOKABLE methods.
Checked against Slicer's ``Libs/MRML/Widgets`` of 5.12.
"""

from __future__ import annotations

import weakref

import vtk
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget
from shiboken6 import isValid
from slicer import vtkMRMLScene

from .ctk_module import ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget, plain_property


class qMRMLWidget(QWidget):
    """A widget that knows a scene and tells its children of it."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


def _lives(widget):
    """Whether a widget is there in Qt too: Python may still hold what Qt has deleted."""
    return widget is not None and isValid(widget)


class qMRMLNodeComboBox(QWidget):
    """Chooses a node of the scene.

    As the real one:

    - it is disabled until it has a scene; nodes that hide from editors are left out;
    - without *noneEnabled* and without any action in its menu, the first node that fits becomes
      the current one by itself; with *noneEnabled* it stays at None;
    - when the current node goes, the next in the list becomes current, the last if there is no
      next, and None only if none is left;
    - ``currentNodeChanged`` comes when another node is current, and when the current one is
      renamed.
    """

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    nodeAboutToBeEdited = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None
        self._tags = []
        self._node_tags = {}
        self._types = []
        self._attributes = {}
        self._flags = {
            "noneEnabled": False,
            "addEnabled": True,
            "removeEnabled": True,
            "editEnabled": False,
            "renameEnabled": False,
            "showHidden": False,
            "showChildNodeTypes": True,
        }
        self._none_display = "None"
        self._hide_child_types = []
        self._base_names = {}
        self._box = QComboBox(self)
        self._box.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.currentTextChanged.connect(self._emit_current)
        self._box.activated.connect(lambda _row: self.nodeActivated.emit(self.currentNode()))
        self.setEnabled(False)

    # The scene.

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._forget_scene()
        self._scene = scene
        if scene is not None:
            me = weakref.ref(self)

            @vtk.calldata_type(vtk.VTK_OBJECT)
            def added(_caller, _event, node):
                if _lives(me()):
                    me()._node_added(node)

            @vtk.calldata_type(vtk.VTK_OBJECT)
            def going(_caller, _event, node):
                if _lives(me()):
                    me()._node_going(node)

            self._tags = [
                scene.AddObserver(vtkMRMLScene.NodeAddedEvent, added),
                scene.AddObserver(vtkMRMLScene.NodeAboutToBeRemovedEvent, going),
            ]
        self._rebuild()
        self.setEnabled(scene is not None)

    def _forget_scene(self):
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []
        for node, tag in self._node_tags.values():
            node.RemoveObserver(tag)
        self._node_tags = {}

    def _fits(self, node):
        if node.GetHideFromEditors() and not self._flags["showHidden"]:
            return False
        for kind in self._types:
            if not node.IsA(kind):
                continue
            if not self._flags["showChildNodeTypes"] and kind != node.GetClassName():
                continue
            if any(node.IsA(hidden) for hidden in self._hide_child_types):
                return False
            if kind in self._attributes:
                name, value = self._attributes[kind]
                found = node.GetAttribute(name)
                return found is not None and (value is None or found == str(value))
            return True
        return not self._types

    def _nodes(self):
        if self._scene is None:
            return []
        nodes = (self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes()))
        return [node for node in nodes if self._fits(node)]

    def _watch(self, node):
        if node.GetID() in self._node_tags:
            return
        me, known = weakref.ref(self), node.GetID()

        def modified(caller, _event):
            if _lives(me()):
                me()._node_modified(caller, known)

        tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, modified)
        self._node_tags[known] = (node, tag)

    def _node_added(self, node):
        self._watch(node)
        if not self._fits(node):
            return
        self._insert(node)
        self.nodeAdded.emit(node)

    def _insert(self, node):
        alone = self._box.count() == 0
        blocked = self._box.blockSignals(True)
        self._box.addItem(node.GetName() or "", node.GetID())
        if alone:
            self._box.setCurrentIndex(-1)
        self._box.blockSignals(blocked)
        if alone and self._chooses_by_itself():
            self._box.setCurrentIndex(0)

    def _chooses_by_itself(self):
        actions = ("noneEnabled", "addEnabled", "removeEnabled", "editEnabled", "renameEnabled")
        return not any(self._flags[name] for name in actions)

    def _node_going(self, node):
        known = self._node_tags.pop(node.GetID(), None)
        if known:
            node.RemoveObserver(known[1])
        row = self._box.findData(node.GetID())
        if row >= 0:
            self.nodeAboutToBeRemoved.emit(node)
            self._box.removeItem(row)

    def _node_modified(self, node, identifier):
        row = self._box.findData(identifier)
        if self._fits(node) != (row >= 0):
            if row >= 0:
                self._box.removeItem(row)
            else:
                self._insert(node)
        elif row >= 0 and self._box.itemText(row) != (node.GetName() or ""):
            self._box.setItemText(row, node.GetName() or "")

    def _rebuild(self):
        before = self.currentNodeID
        blocked = self._box.blockSignals(True)
        self._box.clear()
        if self._flags["noneEnabled"] and self._scene is not None:
            self._box.addItem(self._none_display, None)
        for node in self._nodes():
            self._watch(node)
            self._box.addItem(node.GetName() or "", node.GetID())
        row = self._box.findData(before) if before else -1
        if row < 0:
            none_or_first = self._flags["noneEnabled"] or self._chooses_by_itself()
            row = 0 if none_or_first and self._box.count() else -1
        self._box.setCurrentIndex(row)
        self._box.blockSignals(blocked)
        if self.currentNodeID != before:
            self._emit_current()

    # The choice.

    def _emit_current(self, *_):
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self.currentNodeIDChanged.emit(node.GetID() if node else "")

    def currentNode(self):
        identifier = self._box.currentData()
        if not identifier or self._scene is None:
            return None
        return self._scene.GetNodeByID(identifier)

    def setCurrentNode(self, node):
        self.setCurrentNodeID(node if isinstance(node, str) else node.GetID() if node else "")

    def setCurrentNodeID(self, identifier):
        row = self._box.findData(identifier) if identifier else -1
        if row < 0:
            row = 0 if self._flags["noneEnabled"] and self._box.count() else -1
        self._box.setCurrentIndex(row)

    def setCurrentNodeIndex(self, index):
        index = -1 if index >= self.nodeCount() else index
        self._box.setCurrentIndex(index + (1 if self._flags["noneEnabled"] else 0))

    def nodeCount(self):
        return self._box.count() - (1 if self._flags["noneEnabled"] and self._box.count() else 0)

    def nodeFromIndex(self, index):
        shifted = index + (1 if self._flags["noneEnabled"] else 0)
        identifier = self._box.itemData(shifted)
        return self._scene.GetNodeByID(identifier) if identifier else None

    def addNode(self, node_type=None):
        if node_type is None and not self._types:
            return None
        node_type = node_type or self._types[0]
        if node_type not in self._types or self._scene is None:
            return None
        node = self._scene.CreateNodeByClass(node_type)
        node.UnRegister(None)
        name = self._base_names.get(node_type) or node.GetDefaultNodeNamePrefix()
        node.SetName(self._scene.GetUniqueNameByString(name))
        node = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self):
        self._scene.RemoveNode(self.currentNode())

    def addAttribute(self, node_type, name, value=None):
        if node_type in self._types:
            self._attributes[node_type] = (name, value)
            self._rebuild()

    def removeAttribute(self, node_type, name):
        if self._attributes.get(node_type, ("",))[0] == name:
            del self._attributes[node_type]
            self._rebuild()

    # Qt properties.

    def _set_types(self, types):
        self._types = [kind for kind in types if kind]
        self._rebuild()

    def _set_flag(self, name, value):
        if self._flags[name] != value:
            self._flags[name] = value
            self._rebuild()

    def _set_none_display(self, text):
        self._none_display = text
        if self._flags["noneEnabled"] and self._box.count():
            self._box.setItemText(0, text)

    def _set_base_name(self, name):
        self._base_names = dict.fromkeys(self._types, name)

    def _set_hidden_children(self, types):
        self._hide_child_types = list(types)
        self._rebuild()

    def _flag(name):
        return Property(
            bool, lambda self: self._flags[name], lambda self, value: self._set_flag(name, value)
        )

    nodeTypes = Property("QStringList", lambda self: list(self._types), _set_types)
    hideChildNodeTypes = Property(
        "QStringList", lambda self: list(self._hide_child_types), _set_hidden_children
    )
    noneEnabled = _flag("noneEnabled")
    addEnabled = _flag("addEnabled")
    removeEnabled = _flag("removeEnabled")
    editEnabled = _flag("editEnabled")
    renameEnabled = _flag("renameEnabled")
    showHidden = _flag("showHidden")
    showChildNodeTypes = _flag("showChildNodeTypes")
    noneDisplay = Property(str, lambda self: self._none_display, _set_none_display)
    baseName = Property(str, lambda self: next(iter(self._base_names.values()), ""), _set_base_name)
    selectNodeUponCreation = plain_property(bool, "selectNodeUponCreation", True)
    interactionNodeSingletonTag = plain_property(str, "interactionNodeSingletonTag", "Singleton")
    currentNodeID = Property(str, lambda self: self._box.currentData() or "", setCurrentNodeID)


class _KnowsScene:
    _mrml_scene = None

    def mrmlScene(self):
        return self._mrml_scene

    def setMRMLScene(self, scene):
        self._mrml_scene = scene


class qMRMLSliderWidget(ctkSliderWidget, _KnowsScene):
    """A slider whose number may have a unit."""

    quantity = plain_property(str, "quantity", "")


class qMRMLSpinBox(ctkDoubleSpinBox, _KnowsScene):
    """A spin box whose number may have a unit."""

    quantity = plain_property(str, "quantity", "")


class qMRMLRangeWidget(ctkRangeWidget, _KnowsScene):
    """Two numbers that may have a unit."""

    quantity = plain_property(str, "quantity", "")


class qMRMLColorTableComboBox(qMRMLNodeComboBox):
    """Chooses a colour node."""

    def __init__(self, parent=None):
        super().__init__(parent)
        for flag in ("addEnabled", "removeEnabled"):
            self._flags[flag] = False
        self._types = ["vtkMRMLColorNode"]
        self._flags["showHidden"] = True


WIDGET_CLASSES = {
    kind.__name__: kind
    for kind in (
        qMRMLWidget,
        qMRMLNodeComboBox,
        qMRMLSliderWidget,
        qMRMLSpinBox,
        qMRMLRangeWidget,
        qMRMLColorTableComboBox,
    )
}
