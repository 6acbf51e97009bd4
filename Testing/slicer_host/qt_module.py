"""The module ``qt``: Qt's classes in one flat namespace, and a loader of ``.ui`` files.

The loader knows the widgets that the host stands in for. It differs from Qt's in that it does not
shrug: an unknown class, a property that a stand-in does not have, or a connection to nothing is
an error here, since in Slicer it would be a silent fault.
"""

from __future__ import annotations

import types
import xml.etree.ElementTree as ElementTree
from typing import ClassVar

from PySide6 import QtCore, QtGui, QtNetwork, QtSvg, QtUiTools, QtWidgets, QtXml

from . import pythonqt

# What PythonQt calls otherwise, or does not have at all.
NOT_IN_PYTHONQT = {"QtMsgType"}


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a ``.ui`` file, with ctk and qMRML widgets in it."""

    widget_classes: ClassVar[dict[str, type]] = {}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._problems: list[str] = []

    def availableWidgets(self):
        return [*super().availableWidgets(), *self.widget_classes]

    def createWidget(self, className, parent=None, name=""):
        known = self.widget_classes.get(className)
        if known is not None:
            widget = known(parent)
            widget.setObjectName(name)
            return widget
        if className not in super().availableWidgets():
            self._problems.append(f"{className} {name}: no such widget on this host")
            className = "QWidget"
        widget = super().createWidget(className, parent, name)
        pythonqt.connect_by_signature(widget)
        return widget

    def load(self, device, parentWidget=None):
        """The top widget of an open ``QFile``.

        Raises
        ------
        RuntimeError
            The file names a widget class, property, signal or slot that does not exist.
        """
        root = ElementTree.fromstring(bytes(device.readAll().data()))
        self._problems = []
        self._check_properties(root)
        connections = root.find("connections")
        if connections is not None:
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        top = super().load(buffer, parentWidget)
        for connection in connections if connections is not None else ():
            self._connect(top, connection)
        if self._problems:
            raise RuntimeError("; ".join(self._problems))
        return top

    def _check_properties(self, root):
        for widget in root.iter("widget"):
            known = self.widget_classes.get(widget.get("class"))
            if known is None:
                continue
            meta = known.staticMetaObject
            for item in widget.findall("property"):
                name = item.get("name")
                if item.get("stdset") != "0" and meta.indexOfProperty(name) < 0:
                    where = f"{widget.get('class')} {widget.get('name')}"
                    self._problems.append(f"{where}: no property {name}")

    def _connect(self, top, connection):
        sender, receiver = (
            self._named(top, connection.findtext(end)) for end in ("sender", "receiver")
        )
        signature, slot_signature = connection.findtext("signal"), connection.findtext("slot")
        if sender is None or receiver is None:
            self._problems.append(f"connection of {signature}: an end of it is missing")
            return
        slot = getattr(receiver, slot_signature.split("(")[0], None)
        try:
            pythonqt.signal_of(sender, signature).connect(slot)
        except (ValueError, TypeError):
            self._problems.append(f"no connection from {signature} to {slot_signature}")

    @staticmethod
    def _named(top, name):
        return top if str(top.objectName()) == name else top.findChild(QtCore.QObject, name)


def make_qt_module() -> types.ModuleType:
    """A module ``qt`` as ``import qt`` gives it in Slicer."""
    module = types.ModuleType("qt", "Qt as PythonQt shows it, over PySide6.")
    for source in (QtXml, QtSvg, QtNetwork, QtUiTools, QtWidgets, QtGui, QtCore):
        for name in dir(source):
            if name.startswith("Q") and name not in NOT_IN_PYTHONQT:
                setattr(module, name, getattr(source, name))
    module.QUiLoader = QUiLoader
    return module
