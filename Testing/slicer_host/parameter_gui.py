"""Binds a value to a widget, both ways; which pairs there are is Slicer 5.12's list."""

from __future__ import annotations

import dataclasses
import enum
import typing

import ctk
import qt
import slicer

from . import parameter_types as kinds


@dataclasses.dataclass
class Decimals:
    """How many digits a widget shows."""

    value: int


@dataclasses.dataclass
class SingleStep:
    """How far a widget goes in one step."""

    value: float


@dataclasses.dataclass
class Binding:
    """A widget as a holder of one value."""

    widget: object
    changed: object
    """The signal that says so, or None for a widget that only shows."""
    read: typing.Callable
    write: typing.Callable
    slot: object = None

    def on_changed(self, callback):
        """Call back when the user changes the widget; None stops it."""
        if self.changed is None:
            return
        if self.slot is not None:
            self.changed.disconnect(self.slot)
            self.slot = None
        if callback is not None:
            self.slot = lambda *_: callback()
            self.changed.connect(self.slot)


def _flag(widget, _annotated):
    return Binding(widget, widget.toggled, lambda: widget.checked, widget.setChecked)


def _push_button(widget, annotated):
    if not widget.checkable:
        widget.checkable = True
    return _flag(widget, annotated)


def _limits(annotated):
    within = kinds.first_annotation(annotated, kinds.WithinRange)
    if within is not None:
        return within.minimum, within.maximum
    low = kinds.first_annotation(annotated, kinds.Minimum)
    high = kinds.first_annotation(annotated, kinds.Maximum)
    return low.minimum if low else None, high.maximum if high else None


def _set_steps(widget, annotated, with_decimals=True):
    decimals = kinds.first_annotation(annotated, Decimals)
    if decimals is not None and with_decimals:
        widget.decimals = decimals.value
    step = kinds.first_annotation(annotated, SingleStep)
    if step is not None:
        widget.singleStep = step.value


def _whole_number(widget, annotated):
    low, high = _limits(annotated)
    if isinstance(widget, qt.QSlider) and None in (low, high):
        raise RuntimeError(f"{widget.name}: a QSlider needs a number with limits")
    widget.setMinimum(-(2**31) if low is None else low)
    widget.setMaximum(2**31 - 1 if high is None else high)
    _set_steps(widget, annotated, with_decimals=False)
    return Binding(widget, widget.valueChanged, lambda: int(widget.value), widget.setValue)


def _number(widget, annotated):
    whole = kinds.plain_type(annotated) is int
    low, high = _limits(annotated)
    if isinstance(widget, ctk.ctkSliderWidget) and None in (low, high):
        raise RuntimeError(f"{widget.name}: a ctkSliderWidget needs a number with limits")
    _set_steps(widget, annotated, with_decimals=not isinstance(widget, ctk.ctkDoubleSlider))
    if whole and not isinstance(widget, ctk.ctkDoubleSlider):
        widget.decimals = 0
    widget.minimum = float("-inf") if low is None else float(low)
    widget.maximum = float("inf") if high is None else float(high)
    kind = int if whole else float
    return Binding(widget, widget.valueChanged, lambda: kind(widget.value), widget.setValue)


def _list_box(widget, labels, values):
    saved = int(widget.currentIndex)
    widget.clear()
    for label in labels:
        widget.addItem(label)
    widget.setCurrentIndex(max(saved, 0))

    def write(value):
        if value not in values:
            raise ValueError(f"{widget.name}: {value!r} is none of {values}")
        widget.setCurrentIndex(values.index(value))

    return Binding(
        widget, widget.currentIndexChanged, lambda: values[int(widget.currentIndex)], write
    )


def _choice(widget, annotated):
    choice = kinds.first_annotation(annotated, kinds.Choice)
    if choice is None:
        raise RuntimeError(f"{widget.name}: a combo box needs the annotation Choice")
    values = list(choice.choices)
    return _list_box(widget, [str(value) for value in values], values)


def _enumeration(widget, annotated):
    kind = kinds.plain_type(annotated)
    label = getattr(kind, "label", lambda member: member.name)
    return _list_box(widget, [label(member) for member in kind], list(kind))


def _line(widget, _annotated):
    def write(value):
        if value != str(widget.text):  # setting it would move the user's cursor
            widget.setText(value)

    return Binding(widget, widget.textChanged, lambda: str(widget.text), write)


def _label(widget, _annotated):
    return Binding(widget, None, lambda: str(widget.text), widget.setText)


def _text(widget, _annotated):
    return Binding(widget, widget.textChanged, widget.toPlainText, widget.setPlainText)


def _range(widget, annotated):
    bounds = kinds.first_annotation(annotated, kinds.RangeBounds)
    if bounds is None:
        raise RuntimeError(f"{widget.name}: a range widget needs the annotation RangeBounds")
    if kinds.first_annotation(annotated, kinds.Default) is None:
        # Slicer 5.12 means to ask for it only where the bounds exclude 0, and fails always.
        raise RuntimeError(f"{widget.name}: a range widget needs the annotation Default")
    _set_steps(widget, annotated)
    widget.setRange(bounds.minimum, bounds.maximum)
    return Binding(
        widget,
        widget.valuesChanged,
        lambda: kinds.FloatRange(widget.minimumValue, widget.maximumValue),
        lambda value: widget.setValues(value.minimum, value.maximum),
    )


def _path(widget, annotated):
    kind = kinds.plain_type(annotated)
    return Binding(
        widget,
        widget.currentPathChanged,
        lambda: kind(widget.currentPath),
        lambda value: widget.setCurrentPath(str(value)),
    )


def _folder(widget, annotated):
    kind = kinds.plain_type(annotated)

    def write(value):
        widget.directory = str(value)

    return Binding(widget, widget.directoryChanged, lambda: kind(widget.directory), write)


def _node(widget, annotated):
    widget.nodeTypes = [kind().GetClassName() for kind in node_classes(annotated)]
    return Binding(widget, widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode)


def node_classes(annotated):
    """The node classes of an annotation: one, or those of a union; empty if it is about others."""
    kind = kinds.plain_type(annotated)
    members = typing.get_args(kind) or (kind,)
    classes = [
        plain
        for plain in (kinds.plain_type(member) for member in members)
        if isinstance(plain, type) and issubclass(plain, slicer.vtkMRMLNode)
    ]
    others = [m for m in members if kinds.plain_type(m) is not type(None)]
    return classes if len(classes) == len(others) else []


def _is_enum(kind):
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


# Classes of widgets, a test of the value's type, and what binds them. The first that fits is used;
# classes are compared exactly, as Slicer does.
PAIRS = [
    ((qt.QCheckBox, ctk.ctkCheckBox), lambda k: k is bool, _flag),
    ((qt.QPushButton, ctk.ctkCheckablePushButton), lambda k: k is bool, _push_button),
    ((qt.QSlider, qt.QSpinBox), lambda k: k is int, _whole_number),
    (
        (
            qt.QDoubleSpinBox,
            ctk.ctkSliderWidget,
            slicer.qMRMLSliderWidget,
            ctk.ctkDoubleSlider,
            ctk.ctkDoubleSpinBox,
            slicer.qMRMLSpinBox,
        ),
        lambda k: k in (float, int),
        _number,
    ),
    ((qt.QComboBox, ctk.ctkComboBox), lambda k: k in (int, float, str, bool), _choice),
    ((qt.QComboBox, ctk.ctkComboBox), _is_enum, _enumeration),
    ((qt.QLineEdit,), lambda k: k is str, _line),
    ((qt.QLabel,), lambda k: k is str, _label),
    ((qt.QTextEdit,), lambda k: k is str, _text),
    (
        (ctk.ctkRangeWidget, ctk.ctkDoubleRangeSlider, slicer.qMRMLRangeWidget),
        lambda k: k is kinds.FloatRange,
        _range,
    ),
    ((ctk.ctkPathLineEdit,), lambda k: k in kinds.PATHS, _path),
    ((ctk.ctkDirectoryButton,), lambda k: k in kinds.PATHS, _folder),
    ((slicer.qMRMLNodeComboBox,), lambda k: bool(node_classes(k)), _node),
]


def bind(widget, annotated) -> Binding:
    """Bind a value of an annotated type to a widget.

    Raises
    ------
    RuntimeError
        No widget of this class can show such a value, or an annotation that it needs is missing.
    """
    kind = kinds.plain_type(annotated)
    for classes, fits, make in PAIRS:
        if type(widget) in classes and fits(kind):
            return make(widget, annotated)
    raise RuntimeError(f"a {type(widget).__name__} cannot be bound to a value of {annotated}")
