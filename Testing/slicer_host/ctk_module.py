"""The module ``ctk``: stand-ins for the CTK widgets of the panel.

Scripts can call only slots and Q_INVOKABLE methods of the real classes. Everything else is a Qt
property, set in the ``.ui`` file or by assignment.
"""

from __future__ import annotations

import types

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QDoubleSpinBox,
    QHBoxLayout,
    QMessageBox,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)


def plain_property(kind, name, default):
    """A Qt property that is stored and has no effect on the stand-in."""
    hidden = f"_{name}"
    return Property(
        kind,
        lambda self: getattr(self, hidden, default),
        lambda self, value: setattr(self, hidden, value),
    )


class ctkCollapsibleButton(QAbstractButton):
    """A button with a title line that shows and hides its children."""

    TITLE_HEIGHT = 26
    contentsCollapsed = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(None if isinstance(parent, str) else parent)
        if isinstance(parent, str):
            self.setText(parent)
        self._collapsed = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Minimum, QSizePolicy.Preferred)
        self.setContentsMargins(0, self.TITLE_HEIGHT, 0, 0)
        self.toggled.connect(lambda checked: self._set_collapsed(not checked))

    def _set_collapsed(self, collapsed):
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self.setChecked(not collapsed)
        for child in self.children():
            if isinstance(child, QWidget):
                child.setVisible(not collapsed)
        self.setMaximumHeight(self.TITLE_HEIGHT if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)

    collapsed = Property(bool, lambda self: self._collapsed, _set_collapsed)

    def sizeHint(self):
        hint = super().sizeHint()
        if self.layout() is not None and not self._collapsed:
            hint = self.layout().totalSizeHint()
        hint.setHeight(max(hint.height(), self.TITLE_HEIGHT))
        return hint

    def hitButton(self, position):
        return position.y() < self.TITLE_HEIGHT

    def paintEvent(self, _event):
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect.setHeight(self.TITLE_HEIGHT)
        painter.drawControl(QStyle.CE_PushButton, option)
        arrow = "\u25b8" if self._collapsed else "\u25be"
        title = option.rect.adjusted(8, 0, 0, 0)
        painter.drawText(title, Qt.AlignVCenter | Qt.AlignLeft, f"{arrow}  {self.text}")


class ctkSliderWidget(QWidget):
    """A slider and a spin box that show one number."""

    STEPS = 1000
    valueChanged = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QDoubleSpinBox(self)
        self._box.setRange(0.0, 99.0)
        self._slider = QSlider(Qt.Horizontal, self)
        self._slider.setRange(0, self.STEPS)
        self._slider.valueChanged.connect(self._slider_moved)
        self._box.valueChanged.connect(self._box_changed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)

    def _span(self):
        return (self._box.maximum - self._box.minimum) or 1.0

    def _slider_moved(self, position):
        self._box.setValue(self._box.minimum + self._span() * position / self.STEPS)

    def _box_changed(self, value):
        self._place_slider()
        self.valueChanged.emit(value)

    def _place_slider(self):
        position = (self._box.value - self._box.minimum) / self._span() * self.STEPS
        blocked = self._slider.blockSignals(True)
        self._slider.setValue(round(position))
        self._slider.blockSignals(blocked)

    def _set_minimum(self, value):
        self._box.setMinimum(value)
        self._place_slider()

    def _set_maximum(self, value):
        self._box.setMaximum(value)
        self._place_slider()

    def setValue(self, value):
        self._box.setValue(value)

    def setDecimals(self, decimals):
        self._box.setDecimals(decimals)

    value = Property(float, lambda self: self._box.value, setValue)
    minimum = Property(float, lambda self: self._box.minimum, _set_minimum)
    maximum = Property(float, lambda self: self._box.maximum, _set_maximum)
    decimals = Property(int, lambda self: self._box.decimals, setDecimals)
    singleStep = Property(
        float, lambda self: self._box.singleStep, lambda self, v: self._box.setSingleStep(v)
    )
    pageStep = plain_property(float, "pageStep", 10.0)


class ctkMessageBox(QMessageBox):
    """The message box of ``slicer.util``; ``message_boxes`` answers it."""

    dontShowAgainSettingsKey = plain_property(str, "dontShowAgainSettingsKey", "")


WIDGET_CLASSES = {kind.__name__: kind for kind in (ctkCollapsibleButton, ctkSliderWidget)}
"""The ctk classes that a ``.ui`` file may name."""
NAMED_BY_SLICER = (
    *("ctkCheckBox", "ctkCheckablePushButton", "ctkColorPickerButton", "ctkComboBox"),
    *("ctkDirectoryButton", "ctkDoubleRangeSlider", "ctkDoubleSlider", "ctkDoubleSpinBox"),
    *("ctkPathLineEdit", "ctkRangeWidget"),
)
"""Classes that Slicer's own ``parameterNodeWrapper`` compares with: empty here."""


def make_ctk_module() -> types.ModuleType:
    """A module ``ctk`` as ``import ctk`` gives it in Slicer."""
    module = types.ModuleType("ctk", "Stand-ins for CTK's widgets.")
    vars(module).update(WIDGET_CLASSES, ctkMessageBox=ctkMessageBox)
    vars(module).update((name, type(name, (QWidget,), {})) for name in NAMED_BY_SLICER)
    return module
