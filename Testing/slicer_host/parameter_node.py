"""Stand-in for ``slicer.parameterNodeWrapper``: typed parameters over a MRML script parameter node.

Written from the contract of Slicer 5.12's; the same tests hold for both.
"""

from __future__ import annotations

import qt
import slicer
import vtk

from .parameter_gui import Binding, Decimals, SingleStep, bind
from .parameter_types import (
    Choice,
    Default,
    Exclude,
    FloatRange,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    RangeBounds,
    Validator,
    WithinRange,
    declared_parameters,
    isParameterPack,
    nestedParameterNames,
    parameterPack,
    plain_type,
    split_name,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "FloatRange",
    "IsInstance",
    "Maximum",
    "Minimum",
    "NotNone",
    "RangeBounds",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "Validator",
    "WithinRange",
    "findChildWidgetForParameter",
    "isParameterNodeWrapper",
    "isParameterPack",
    "nestedParameterNames",
    "parameterNodeWrapper",
    "parameterPack",
]

SlicerParameterNamePropertyName = "SlicerParameterName"


class _Wrapped:
    """What every parameter node wrapper can do."""

    _is_parameter_node_wrapper = True

    def __init__(self, parameterNode, prefix=None):
        if parameterNode is None:
            raise AssertionError("a parameter node is needed")
        self.parameterNode = parameterNode
        self._prefix = prefix or ""
        self._bindings = {}
        self._tags = {}
        self._next_tag = 0
        self._writing_to_gui = False
        for parameter in self.allParameters.values():
            name = self._prefix + parameter.name
            if not parameter.store.present(parameterNode, name):
                parameter.store.write(parameterNode, name, parameter.default.value)

    def _read(self, parameter):
        name = self._prefix + parameter.name
        if not parameter.store.present(self.parameterNode, name):
            parameter.store.write(self.parameterNode, name, parameter.default.value)
        return parameter.store.read(self.parameterNode, name)

    def _write(self, parameter, value):
        with slicer.util.NodeModify(self.parameterNode):
            parameter.store.write(self.parameterNode, self._prefix + parameter.name, value)

    def _declared(self, name):
        top, rest = split_name(name)
        if top not in self.allParameters:
            raise ValueError(f"{type(self).__name__} declares no parameter {top!r}")
        return self.allParameters[top], rest

    def default(self, name):
        return self._declared(name)[0].default

    def isCached(self, name):
        return self._declared(name)[0].store.cached

    def getValue(self, name):
        parameter, rest = self._declared(name)
        value = self._read(parameter)
        return value if rest is None else value.getValue(rest)

    def setValue(self, name, value):
        parameter, rest = self._declared(name)
        if rest is None:
            self._write(parameter, value)
        else:
            self._read(parameter).setValue(rest, value)

    # Widgets.

    def connectGui(self, gui):
        if hasattr(gui, "isWidgetType"):
            widgets = gui.findChildren(qt.QWidget)
        else:
            widgets = list(vars(gui).values())
        named = {}
        for widget in widgets:
            name = widget.property(SlicerParameterNamePropertyName)
            if name:
                named[name] = widget
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping):
        for name in mapping:
            self.dataType(name)
        bindings = {
            name: widget if isinstance(widget, Binding) else bind(widget, self.dataType(name))
            for name, widget in mapping.items()
        }
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        self._bindings[tag] = bindings
        for name, binding in bindings.items():
            binding.write(self.getValue(name))
            binding.on_changed(self._from_gui(name, binding))
        self._tags[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, self._to_gui)
        return tag

    def disconnectGui(self, tag):
        for binding in self._bindings.pop(tag, {}).values():
            binding.on_changed(None)
        observer = self._tags.pop(tag, None)
        if observer is not None:
            self.RemoveObserver(observer)

    def _from_gui(self, name, binding):
        def changed():
            if not self._writing_to_gui:
                with slicer.util.NodeModify(self):
                    self.setValue(name, binding.read())

        return changed

    def _to_gui(self, *_):
        if self._writing_to_gui:
            return
        self._writing_to_gui = True
        try:
            for bindings in list(self._bindings.values()):
                for name, binding in bindings.items():
                    binding.write(self.getValue(name))
        finally:
            self._writing_to_gui = False

    # The node itself.

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        return self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        return self.parameterNode.Modified()


def parameterNodeWrapper(owner=None):
    """Make a class of annotated members a typed view of a parameter node."""
    if owner is None:
        return parameterNodeWrapper
    parameters = declared_parameters(owner)
    for name in parameters:
        if name == "allParameters" or hasattr(_Wrapped, name):
            raise ValueError(f"{owner.__name__}.{name}: the name is taken")

    def data_type(name):
        top, rest = split_name(name)
        if top not in parameters:
            raise ValueError(f"{owner.__name__} declares no parameter {top!r}")
        kind = parameters[top].unalteredType
        return kind if rest is None else plain_type(kind).dataType(rest)

    for name, method in vars(_Wrapped).items():
        if name == "__init__" or not name.startswith("__"):
            setattr(owner, name, method)
    owner.allParameters = parameters
    owner.dataType = staticmethod(data_type)
    for parameter in parameters.values():
        setattr(
            owner,
            parameter.name,
            property(
                lambda self, p=parameter: self._read(p),
                lambda self, value, p=parameter: self._write(p, value),
            ),
        )
    return owner


def isParameterNodeWrapper(thing) -> bool:
    """Whether a class, or an instance, wraps a parameter node."""
    return getattr(thing, "_is_parameter_node_wrapper", False)


def findChildWidgetForParameter(widget, parameter):
    """The widget below another that is bound to a parameter, or None."""
    for child in widget.findChildren(qt.QWidget):
        if child.property(SlicerParameterNamePropertyName) == parameter:
            return child
    return None
