"""Gives PySide6 the spellings of PythonQt that Slicer's own Python relies on.

PythonQt shows a Qt property as an attribute (``button.checked``, ``label.text = "x"``), calls
``objectName`` also ``name``, and connects by signature (``button.connect("clicked()", f)``).
PySide6 has methods instead. :func:`teach` adds the first spelling and keeps the second: a string
or a number that is read as an attribute can still be called, ``label.text`` and ``label.text()``
are the same text. Flags are attributes only where PySide6 has no method of that name.

This is done to PySide6's own classes, once a process: widgets that Qt makes by itself, in
``.ui`` files for one, must answer as well. Nothing but the host imports PySide6.
"""

from __future__ import annotations

import re

from PySide6 import QtCore, QtGui, QtWidgets


class CallableText(str):
    """A text that may be called, for ``label.text`` and ``label.text()``."""

    __slots__ = ()

    def __call__(self):
        return str(self)


class CallableWhole(int):
    """A whole number that may be called."""

    __slots__ = ()

    def __call__(self):
        return int(self)


class CallableReal(float):
    """A real number that may be called."""

    __slots__ = ()

    def __call__(self):
        return float(self)


CALLABLE = {str: CallableText, int: CallableWhole, float: CallableReal}
PLAIN_TYPES = {"QString", "int", "uint", "double", "float"}
# Overridden by Qt itself or by PySide6 in ways that an attribute would break.
LEFT_ALONE = {"objectName"}


class QtProperty:
    """A Qt property as an attribute that can be read, called and written."""

    def __init__(self, name, method, readable_as_value):
        self.name = name
        self.method = method
        self.readable_as_value = readable_as_value

    def __get__(self, instance, owner=None):
        if instance is None:
            return self.method if self.method is not None else self
        if not self.readable_as_value:
            bind = getattr(self.method, "__get__", None)
            return bind(instance, owner) if bind else self.method  # singleShot is static
        value = QtCore.QObject.property(instance, self.name)
        wrapper = CALLABLE.get(type(value)) if self.method is not None else None
        return wrapper(value) if wrapper else value

    def __set__(self, instance, value):
        if not QtCore.QObject.setProperty(instance, self.name, value):
            raise AttributeError(
                f"{type(instance).__name__}.{self.name} does not take {value!r} "
                f"({type(value).__name__})"
            )


class ObjectName:
    """``objectName`` and its second name in PythonQt, ``name``."""

    def __init__(self, read, write):
        self.read, self.write = read, write

    def __get__(self, instance, owner=None):
        return self.read if instance is None else CallableText(self.read(instance))

    def __set__(self, instance, value):
        self.write(instance, value)


def signal_of(sender, signature):
    """The signal that a PythonQt signature means: ``"clicked(bool)"``, ``"clicked()"``.

    Raises
    ------
    ValueError
        The object has no signal of that name; PythonQt prints an error and returns False.
    """
    name = re.sub(r"\(.*", "", signature).strip()
    signal = getattr(sender, name, None)
    if signal is None or not hasattr(signal, "connect"):
        raise ValueError(f"{type(sender).__name__} has no signal {signature!r}")
    arguments = signature[len(name) :].strip("() ")
    if not arguments or not isinstance(signal, QtCore.SignalInstance):
        return signal
    by_type = {"int": int, "bool": bool, "double": float, "QString": str}
    spelled = [re.sub(r"const |[&\s]", "", part) for part in arguments.split(",")]
    try:
        kinds = tuple(by_type[part] for part in spelled)
        return signal[kinds[0] if len(kinds) == 1 else kinds]
    except (KeyError, IndexError, TypeError):
        return signal  # the only overload, of a type that Python has no name for


def connect_by_signature(instance):
    """Give one object ``connect("clicked()", f)`` and ``disconnect("clicked()", f)``.

    PySide6 looks these two up in the instance before anything else, and never on its own classes.
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


def _find_children(native):
    def findChildren(self, kind=QtCore.QObject, name=None, *rest):
        if isinstance(kind, str):  # PythonQt takes the class's name too
            found = [child for child in native(self, QtCore.QObject) if child.inherits(kind)]
            return [c for c in found if name is None or str(c.objectName()) == name]
        return native(self, kind) if name is None else native(self, kind, name, *rest)

    return findChildren


def _class_name(self):
    return self.metaObject().className()


def _teach_properties(kind):
    meta = kind.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        meta_property = meta.property(index)
        name = str(meta_property.name())
        method = getattr(kind, name, None)
        if name in LEFT_ALONE or isinstance(method, QtProperty | QtCore.SignalInstance):
            continue
        plain = method is None or meta_property.typeName() in PLAIN_TYPES
        setattr(kind, name, QtProperty(name, method, plain))


_taught = False


def teach():
    """Teach PySide6 PythonQt's spellings. A second call does nothing."""
    global _taught
    if _taught:
        return
    _taught = True
    kinds = {
        kind
        for module in (QtCore, QtGui, QtWidgets)
        for kind in [getattr(module, name) for name in dir(module)]
        if isinstance(kind, type) and issubclass(kind, QtCore.QObject)
    }
    for kind in sorted(kinds, key=lambda kind: len(kind.__mro__)):  # bases before what derives
        _teach_properties(kind)
        kind.__init__ = _connectable(kind.__init__)
    base = QtCore.QObject
    name = ObjectName(base.objectName, base.setObjectName)
    base.objectName = name
    base.name = name
    base.className = _class_name
    base.findChildren = _find_children(base.findChildren)
    for kind in (QtWidgets.QDialog, QtWidgets.QMenu, QtWidgets.QApplication):
        if not hasattr(kind, "exec_"):
            kind.exec_ = kind.exec
