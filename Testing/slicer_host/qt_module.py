"""The module ``qt``: Qt's classes in one namespace, and a loader of ``.ui`` files.

Unlike Qt's loader, this one raises for an unknown widget class, a property that a stand-in does
not have, and a connection that cannot be made: Slicer would ignore these mistakes silently.
"""

from __future__ import annotations

import types
import xml.etree.ElementTree as ElementTree
from typing import ClassVar

from PySide6 import QtCore, QtGui, QtNetwork, QtSvg, QtUiTools, QtWidgets, QtXml

from . import pythonqt


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a ``.ui`` file that may contain ctk and qMRML widgets."""

    widget_classes: ClassVar[dict[str, type]] = {}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._problems: list[str] = []

    def createWidget(self, className, parent=None, name=""):
        known = self.widget_classes.get(className)
        if known is not None:
            widget = known(parent)
            widget.setObjectName(name)
            return widget
        if className not in super().availableWidgets():
            self._problems.append(f"{className} {name}: the test host has no such widget")
            className = "QWidget"
        widget = super().createWidget(className, parent, name)
        pythonqt.connect_by_signature(widget)
        return widget

    def load(self, device, parentWidget=None):
        """Return the top widget of an open ``QFile``.

        Raises
        ------
        RuntimeError
            The file names a widget class, property, signal or slot that does not exist.
        """
        root = ElementTree.fromstring(bytes(device.readAll().data()))
        self._problems = []
        self._check_properties(root)
        connections = root.findall("connections/connection")
        for element in root.findall("connections"):
            root.remove(element)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        top = super().load(buffer, parentWidget)
        for connection in connections:
            self._connect(top, connection)
        if self._problems:
            raise RuntimeError("; ".join(self._problems))
        return top

    def _check_properties(self, root):
        for widget in root.iter("widget"):
            known = self.widget_classes.get(widget.get("class"))
            for item in widget.findall("property") if known else ():
                unknown = known.staticMetaObject.indexOfProperty(item.get("name")) < 0
                if unknown and item.get("stdset") != "0":
                    self._problems.append(f"{widget.get('name')}: no property {item.get('name')}")

    def _connect(self, top, connection):
        ends = [connection.findtext(end) for end in ("sender", "receiver")]
        signal, slot = connection.findtext("signal"), connection.findtext("slot")
        sender, receiver = (
            top if top.objectName == name else top.findChild(QtCore.QObject, name) for name in ends
        )
        try:
            method = getattr(receiver, slot.partition("(")[0])
            pythonqt.signal_of(sender, signal).connect(method)
        except (AttributeError, ValueError):
            self._problems.append(f"no connection of {ends[0]}.{signal} with {ends[1]}.{slot}")


def make_qt_module() -> types.ModuleType:
    """A module ``qt`` as ``import qt`` gives it in Slicer."""
    module = types.ModuleType("qt", "Qt as PythonQt shows it, over PySide6.")
    for source in (QtXml, QtSvg, QtNetwork, QtUiTools, QtWidgets, QtGui, QtCore):
        for name in dir(source):
            if name.startswith("Q") and name != "QtMsgType":  # unknown to PythonQt
                setattr(module, name, getattr(source, name))
    module.QUiLoader = QUiLoader
    return module
