"""Adds PythonQt's spellings, which Slicer's Python relies on, to PySide6's classes.

PythonQt shows a Qt property as an attribute (``button.checked``, ``label.text = "x"``), calls
``objectName`` also ``name``, and connects by signature (``button.connect("clicked()", f)``).
PySide6 has methods instead. Here texts and numbers become attributes, as do all properties without
a method of the same name; ``widget.size()`` and other properties of Qt's classes remain methods.

PySide6's own classes are changed, once a process, because Qt creates widgets itself when it loads
a ``.ui`` file. Nothing but the host imports PySide6.
"""

from __future__ import annotations

import re

from PySide6 import QtCore, QtGui, QtWidgets

PLAIN_TYPES = {"QString", "int", "uint", "double", "float"}


class QtProperty:
    """A Qt property as an attribute that can be read and written."""

    def __init__(self, name, method, is_attribute):
        self.name = name
        self.method = method
        self.is_attribute = is_attribute

    def __get__(self, instance, owner=None):
        if instance is None:
            return self.method if self.method is not None else self
        if self.is_attribute:
            return QtCore.QObject.property(instance, self.name)
        bind = getattr(self.method, "__get__", None)
        return bind(instance, owner) if bind else self.method  # QTimer.singleShot is static

    def __set__(self, instance, value):
        if not QtCore.QObject.setProperty(instance, self.name, value):
            kind = type(value).__name__
            raise AttributeError(
                f"{type(instance).__name__}.{self.name} does not accept {value!r} of type {kind}"
            )


def signal_of(sender, signature):
    """Return the signal of a PythonQt signature such as ``"clicked(bool)"`` or ``"clicked()"``.

    Raises
    ------
    ValueError
        The object has no signal of that name; PythonQt prints an error and returns False.
    """
    name, _, arguments = signature.partition("(")
    signal = getattr(sender, name.strip(), None)
    if signal is None or not hasattr(signal, "connect"):
        raise ValueError(f"{type(sender).__name__} has no signal {signature!r}")
    by_type = {"int": int, "bool": bool, "double": float, "QString": str}
    spelled = [re.sub(r"const |[&\s]", "", part) for part in arguments.strip("() ").split(",")]
    try:
        kinds = tuple(by_type[part] for part in spelled)
        return signal[kinds[0] if len(kinds) == 1 else kinds]
    except (KeyError, IndexError, TypeError):
        return signal  # the only overload, without arguments or of a type of C++


def connect_by_signature(instance):
    """Give an object ``connect("clicked()", f)`` and ``disconnect("clicked()", f)``.

    They are set on the instance because PySide6 does not look them up in its own classes.
    """

    def connect(signature, slot):
        signal_of(instance, signature).connect(slot)
        return True

    def disconnect(signature, slot=None):
        signal = signal_of(instance, signature)
        signal.disconnect() if slot is None else signal.disconnect(slot)
        return True

    instance.connect, instance.disconnect = connect, disconnect


def _connectable(native):
    def __init__(self, *args, **kwargs):
        native(self, *args, **kwargs)
        connect_by_signature(self)

    return __init__


def _add_properties(kind):
    meta = kind.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        meta_property = meta.property(index)
        name = str(meta_property.name())
        method = getattr(kind, name, None)
        if not isinstance(method, QtProperty | QtCore.SignalInstance):
            plain = method is None or meta_property.typeName() in PLAIN_TYPES
            setattr(kind, name, QtProperty(name, method, plain))


def add_spellings():
    """Add PythonQt's spellings to PySide6; called once a process."""
    kinds = {
        kind
        for module in (QtCore, QtGui, QtWidgets)
        for kind in [getattr(module, name) for name in dir(module)]
        if isinstance(kind, type) and issubclass(kind, QtCore.QObject)
    }
    for kind in sorted(kinds, key=lambda kind: len(kind.__mro__)):  # base classes first
        _add_properties(kind)
        kind.__init__ = _connectable(kind.__init__)
    QtCore.QObject.name = QtProperty("objectName", None, True)
    QtCore.QObject.className = lambda self: self.metaObject().className()
