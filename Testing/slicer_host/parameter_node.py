"""Stand-in for ``slicer.parameterNodeWrapper``: typed parameters of a script parameter node.

Supports the types that ``MammoClassifierLib/parameters.py`` declares and the widgets that the
panel binds to them: add a type to ``Parameter`` and a widget to ``BINDINGS`` when they need more.
Parameter names and texts are those of Slicer 5.12, so that each can read the other's scenes.
"""

from __future__ import annotations

import enum
import typing

import ctk
import qt
import slicer
import vtk

__all__ = ["WithinRange", "parameterNodeWrapper"]

NUMBERS = {bool: "True".__eq__, int: int, float: float}
"""The types stored as text, and the functions that parse the text."""


class WithinRange(typing.NamedTuple):
    """Annotation of a number: the limits, both included."""

    minimum: float
    maximum: float


class Parameter:
    """One declared parameter.

    Raises
    ------
    TypeError
        The stand-in does not support the type.
    """

    def __init__(self, owner, name, annotated):
        self.name = name
        self.kind, annotations = annotated, ()
        if typing.get_origin(annotated) is typing.Annotated:
            self.kind, *annotations = typing.get_args(annotated)
        self.limits = next((a for a in annotations if isinstance(a, WithinRange)), None)
        self.is_node = issubclass(self.kind, slicer.vtkMRMLNode)
        self.is_enum = issubclass(self.kind, enum.Enum)
        if not (self.is_node or self.is_enum or self.kind in NUMBERS):
            raise TypeError(f"{owner.__name__}.{name}: the test host does not support {self.kind}")
        first = None if self.is_node else next(iter(self.kind)) if self.is_enum else self.kind()
        self.default = getattr(owner, name, first)

    def write(self, node, value):
        allowed = (int, float) if self.kind is float else self.kind
        if not isinstance(value, allowed) and not (self.is_node and value is None):
            raise TypeError(f"{self.name}: {value!r} is not of the type {self.kind}")
        if self.limits and not self.limits.minimum <= value <= self.limits.maximum:
            raise ValueError(f"{self.name}: {value} is not within {tuple(self.limits)}")
        with slicer.util.NodeModify(node):
            if self.is_node:
                node.SetParameter(self.name, "")  # marks the parameter as set, None included
                node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            else:
                node.SetParameter(self.name, value.name if self.is_enum else str(value))

    def read(self, node):
        if not node.HasParameter(self.name):
            self.write(node, self.default)
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        return self.kind[text] if self.is_enum else NUMBERS[self.kind](text)


class Binding(typing.NamedTuple):
    """A widget that shows one parameter and lets the user change it."""

    changed: object
    read: typing.Callable
    write: typing.Callable


def _bind_flag(widget, _parameter):
    return Binding(widget.toggled, lambda: widget.checked, widget.setChecked)


def _bind_number(widget, parameter):
    if parameter.limits is None and isinstance(widget, ctk.ctkSliderWidget):
        raise RuntimeError(f"{widget.name}: a ctkSliderWidget needs a parameter with WithinRange")
    if parameter.kind is int:
        widget.decimals = 0
    low, high = parameter.limits or (float("-inf"), float("inf"))
    widget.minimum, widget.maximum = float(low), float(high)
    return Binding(widget.valueChanged, lambda: parameter.kind(widget.value), widget.setValue)


def _bind_enum(widget, parameter):
    members = list(parameter.kind)
    widget.clear()
    for member in members:
        widget.addItem(getattr(parameter.kind, "label", lambda one: one.name)(member))
    return Binding(
        widget.currentIndexChanged,
        lambda: members[int(widget.currentIndex)],
        lambda value: widget.setCurrentIndex(members.index(value)),
    )


def _bind_node(widget, parameter):
    widget.nodeTypes = [parameter.kind().GetClassName()]
    return Binding(widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode)


BINDINGS = {
    qt.QCheckBox: (lambda parameter: parameter.kind is bool, _bind_flag),
    qt.QDoubleSpinBox: (lambda parameter: parameter.kind in (int, float), _bind_number),
    ctk.ctkSliderWidget: (lambda parameter: parameter.kind in (int, float), _bind_number),
    qt.QComboBox: (lambda parameter: parameter.is_enum, _bind_enum),
    slicer.qMRMLNodeComboBox: (lambda parameter: parameter.is_node, _bind_node),
}
"""For each widget class, as in Slicer's ``guiConnectors.py``: what it can show, and how."""


class Wrapper:
    """The methods of every parameter node wrapper."""

    def __init__(self, parameterNode, _prefix=None):
        self.parameterNode = parameterNode
        self._connected = {}
        self._updating_gui = False
        for parameter in self.allParameters.values():
            parameter.read(parameterNode)  # writes the default where there is no value yet

    def connectGui(self, gui):
        """Bind every widget that has the property ``SlicerParameterName``; returns a tag."""
        bindings = {}
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if not name:
                continue
            if name not in self.allParameters:
                raise ValueError(f"{widget.name}: there is no parameter {name!r}")
            parameter = self.allParameters[name]
            can_show, bind = BINDINGS.get(type(widget), (lambda _parameter: False, None))
            if not can_show(parameter):
                raise RuntimeError(
                    f"a {type(widget).__name__} cannot be bound to {name}, of {parameter.kind}"
                )
            bindings[name] = bind(widget, parameter)
        slots = {}
        for name, binding in bindings.items():
            binding.write(getattr(self, name))
            slots[name] = self._make_slot(name, binding)
            binding.changed.connect(slots[name])
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update_gui)
        tag = max(self._connected, default=-1) + 1
        self._connected[tag] = (bindings, slots, observer)
        return tag

    def disconnectGui(self, tag):
        bindings, slots, observer = self._connected.pop(tag)
        for name, binding in bindings.items():
            binding.changed.disconnect(slots[name])
        self.RemoveObserver(observer)

    def _make_slot(self, name, binding):
        def changed(*_):
            if not self._updating_gui:
                setattr(self, name, binding.read())

        return changed

    def _update_gui(self, *_):
        if self._updating_gui:
            return
        self._updating_gui = True
        try:
            for bindings, _slots, _observer in list(self._connected.values()):
                for name, binding in bindings.items():
                    binding.write(getattr(self, name))
        finally:
            self._updating_gui = False


def _method_of_node(name):
    return lambda self, *arguments: getattr(self.parameterNode, name)(*arguments)


for _name in ("StartModify", "EndModify", "AddObserver", "RemoveObserver", "Modified"):
    setattr(Wrapper, _name, _method_of_node(_name))


def _property(parameter):
    return property(
        lambda self: parameter.read(self.parameterNode),
        lambda self, value: parameter.write(self.parameterNode, value),
    )


def parameterNodeWrapper(owner):
    """Turn a class of annotated members into a typed view of a parameter node."""
    hints = typing.get_type_hints(owner, include_extras=True)
    parameters = {name: Parameter(owner, name, hint) for name, hint in hints.items()}
    for name, method in vars(Wrapper).items():
        if name in parameters:
            raise ValueError(f"{owner.__name__}.{name}: the name is a method of the wrapper")
        if name == "__init__" or not name.startswith("__"):
            setattr(owner, name, method)
    owner.allParameters = parameters
    for name, parameter in parameters.items():
        setattr(owner, name, _property(parameter))
    return owner
