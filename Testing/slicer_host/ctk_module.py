"""The module ``ctk``: stand-ins for the CTK widgets that panels of scripted modules use.

What can be called is what PythonQt can call on the real ones: slots and Q_INVOKABLE methods.
Everything else is a Qt property, set in the ``.ui`` file or by assignment. Checked against
CTK's headers of August 2026.
"""

from __future__ import annotations

import types

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QSlider,
    QTextBrowser,
    QWidget,
)

from . import dialogs


def plain_property(kind, name, default):
    """A Qt property that is only kept: the stand-in draws nothing that depends on it."""
    hidden = f"_{name}"

    def read(self):
        return getattr(self, hidden, default)

    def write(self, value):
        setattr(self, hidden, value)

    return Property(kind, read, write)


class ctkCollapsibleButton(QAbstractButton):
    """A button with a title line whose children show while it is not collapsed."""

    TITLE_HEIGHT = 26
    contentsCollapsed = Signal(bool)

    def __init__(self, parent=None):
        if isinstance(parent, str):
            super().__init__(None)
            self.setText(parent)
        else:
            super().__init__(parent)
        self._collapsed = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Minimum, QSizePolicy.Preferred)
        self.setContentsMargins(0, self.TITLE_HEIGHT, 0, 0)
        self.toggled.connect(lambda checked: self._set_collapsed(not checked))

    def _get_collapsed(self):
        return self._collapsed

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

    collapsed = Property(bool, _get_collapsed, _set_collapsed)
    collapsedHeight = plain_property(int, "collapsedHeight", 10)
    flat = plain_property(bool, "flat", False)

    def setLayout(self, layout):
        super().setLayout(layout)

    def sizeHint(self):
        hint = super().sizeHint()
        if self.layout() is not None and not self._collapsed:
            hint = self.layout().totalSizeHint()
        hint.setHeight(max(hint.height(), self.TITLE_HEIGHT))
        return hint

    def hitButton(self, position):
        return position.y() < self.TITLE_HEIGHT

    def paintEvent(self, event):
        from PySide6.QtWidgets import QStyle, QStyleOptionButton, QStylePainter

        painter = QStylePainter(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect.setHeight(self.TITLE_HEIGHT)
        option.text = ""
        painter.drawControl(QStyle.CE_PushButton, option)
        arrow = "\u25b8" if self._collapsed else "\u25be"
        title = self.rect().adjusted(8, 0, 0, 0)
        title.setHeight(self.TITLE_HEIGHT)
        painter.drawText(title, Qt.AlignVCenter | Qt.AlignLeft, f"{arrow}  {self.text()}")


class ctkCollapsibleGroupBox(QGroupBox):
    """A group box whose check box folds it."""

    def __init__(self, parent=None):
        if isinstance(parent, str):
            super().__init__(parent)
        else:
            super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._fold)

    def _fold(self, expanded):
        for child in self.children():
            if isinstance(child, QWidget):
                child.setVisible(expanded)

    collapsed = Property(
        bool, lambda self: not self.isChecked(), lambda self, v: self.setChecked(not v)
    )
    collapsedHeight = plain_property(int, "collapsedHeight", 14)


class _DoubleValue(QWidget):
    """A number with limits: what sliders and spin boxes of CTK have in common."""

    valueChanged = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QDoubleSpinBox(self)
        self._box.setRange(0.0, 100.0)
        self._box.valueChanged.connect(self._changed)

    def _changed(self, value):
        self.valueChanged.emit(value)

    def _set_minimum(self, value):
        self._box.setMinimum(max(value, -1e308))

    def _set_maximum(self, value):
        self._box.setMaximum(min(value, 1e308))

    def setValue(self, value):
        self._box.setValue(value)

    value = Property(float, lambda self: self._box.value(), setValue)
    minimum = Property(float, lambda self: self._box.minimum(), _set_minimum)
    maximum = Property(float, lambda self: self._box.maximum(), _set_maximum)
    singleStep = Property(
        float, lambda self: self._box.singleStep(), lambda self, v: self._box.setSingleStep(v)
    )


class ctkSliderWidget(_DoubleValue):
    """A slider and a spin box that show one number."""

    STEPS = 1000
    valueIsChanging = Signal(float)
    decimalsChanged = Signal(int)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box.setRange(0.0, 99.0)
        self._slider = QSlider(Qt.Horizontal, self)
        self._slider.setRange(0, self.STEPS)
        self._slider.valueChanged.connect(self._slid)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)

    def _span(self):
        return (self._box.maximum() - self._box.minimum()) or 1.0

    def _slid(self, position):
        self._box.setValue(self._box.minimum() + self._span() * position / self.STEPS)

    def _changed(self, value):
        self._place_slider()
        super()._changed(value)

    def _set_minimum(self, value):
        super()._set_minimum(value)
        self._place_slider()

    def _set_maximum(self, value):
        super()._set_maximum(value)
        self._place_slider()

    def _place_slider(self):
        place = (self._box.value() - self._box.minimum()) / self._span() * self.STEPS
        blocked = self._slider.blockSignals(True)
        self._slider.setValue(round(place))
        self._slider.blockSignals(blocked)

    def reset(self):
        self.setValue(self._box.minimum())

    def setDecimals(self, decimals):
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setSpinBoxVisible(self, visible):
        self._box.setVisible(visible)

    minimum = Property(float, lambda self: self._box.minimum(), _set_minimum)
    maximum = Property(float, lambda self: self._box.maximum(), _set_maximum)
    decimals = Property(int, lambda self: self._box.decimals(), setDecimals)
    pageStep = plain_property(float, "pageStep", 10.0)
    prefix = Property(str, lambda self: self._box.prefix(), lambda self, v: self._box.setPrefix(v))
    suffix = Property(str, lambda self: self._box.suffix(), lambda self, v: self._box.setSuffix(v))
    tickInterval = plain_property(float, "tickInterval", 0.0)
    tracking = plain_property(bool, "tracking", True)
    spinBoxVisible = Property(bool, lambda self: self._box.isVisible(), setSpinBoxVisible)
    popupSlider = plain_property(bool, "popupSlider", False)
    invertedAppearance = plain_property(bool, "invertedAppearance", False)
    invertedControls = plain_property(bool, "invertedControls", False)


class ctkDoubleSlider(_DoubleValue):
    """A slider over real numbers."""

    sliderMoved = Signal(float)
    rangeChanged = Signal(float, float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box.setDecimals(6)
        self._box.hide()
        QHBoxLayout(self).addWidget(QSlider(Qt.Horizontal, self))

    orientation = plain_property(int, "orientation", 1)
    pageStep = plain_property(float, "pageStep", 10.0)
    tracking = plain_property(bool, "tracking", True)


class ctkDoubleSpinBox(_DoubleValue):
    """A spin box over real numbers."""

    editingFinished = Signal()
    decimalsChanged = Signal(int)

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.editingFinished.connect(self.editingFinished)

    def setDecimals(self, decimals):
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    decimals = Property(int, lambda self: self._box.decimals(), setDecimals)
    prefix = Property(str, lambda self: self._box.prefix(), lambda self, v: self._box.setPrefix(v))
    suffix = Property(str, lambda self: self._box.suffix(), lambda self, v: self._box.setSuffix(v))


class ctkRangeWidget(QWidget):
    """Two numbers, the lower never above the upper."""

    valuesChanged = Signal(float, float)
    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    rangeChanged = Signal(float, float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._limits = (0.0, 99.0)
        self._values = (0.0, 99.0)
        self._low, self._high = QDoubleSpinBox(self), QDoubleSpinBox(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box in (self._low, self._high):
            layout.addWidget(box)
        self._low.valueChanged.connect(self.setMinimumValue)
        self._high.valueChanged.connect(self.setMaximumValue)
        self.setRange(*self._limits)

    def setRange(self, low, high):
        self._limits = (low, high)
        for box in (self._low, self._high):
            box.setRange(low, high)
        self.rangeChanged.emit(low, high)
        self.setValues(*self._values)

    def setValues(self, low, high):
        bottom, top = self._limits
        low, high = sorted((low, high))
        values = (min(max(low, bottom), top), min(max(high, bottom), top))
        before, self._values = self._values, values
        for box, value in zip((self._low, self._high), values, strict=True):
            blocked = box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(blocked)
        if values[0] != before[0]:
            self.minimumValueChanged.emit(values[0])
        if values[1] != before[1]:
            self.maximumValueChanged.emit(values[1])
        if values != before:
            self.valuesChanged.emit(*values)

    def setMinimumValue(self, value):
        self.setValues(value, max(value, self._values[1]))

    def setMaximumValue(self, value):
        self.setValues(min(value, self._values[0]), value)

    def reset(self):
        self.setValues(*self._limits)

    def setDecimals(self, decimals):
        for box in (self._low, self._high):
            box.setDecimals(decimals)

    minimumValue = Property(float, lambda self: self._values[0], setMinimumValue)
    maximumValue = Property(float, lambda self: self._values[1], setMaximumValue)
    minimum = Property(
        float, lambda self: self._limits[0], lambda self, v: self.setRange(v, self._limits[1])
    )
    maximum = Property(
        float, lambda self: self._limits[1], lambda self, v: self.setRange(self._limits[0], v)
    )
    decimals = Property(int, lambda self: self._low.decimals(), setDecimals)
    singleStep = Property(
        float,
        lambda self: self._low.singleStep(),
        lambda self, v: [box.setSingleStep(v) for box in (self._low, self._high)],
    )


class ctkDoubleRangeSlider(ctkRangeWidget):
    """Two numbers on one slider."""


class ctkPathLineEdit(QWidget):
    """A line with the path of a file or folder, and a button that browses."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._line = QLineEdit(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        layout.addWidget(QPushButton("...", self))
        self._line.textChanged.connect(self.currentPathChanged)

    def setCurrentPath(self, path):
        if str(path) != self._line.text():
            self._line.setText(str(path))

    def addCurrentPathToHistory(self):
        """Nothing is remembered on this host."""

    currentPath = Property(str, lambda self: str(self._line.text()), setCurrentPath)
    label = plain_property(str, "label", "")
    filters = plain_property(int, "filters", 0)
    nameFilters = plain_property("QStringList", "nameFilters", [])
    settingKey = plain_property(str, "settingKey", "")
    showBrowseButton = plain_property(bool, "showBrowseButton", True)
    showHistoryButton = plain_property(bool, "showHistoryButton", True)


class ctkDirectoryButton(QWidget):
    """A button that shows and chooses a folder."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._directory = "."
        self._button = QPushButton(self._directory, self)
        QHBoxLayout(self).addWidget(self._button)

    def _set_directory(self, path):
        if path != self._directory:
            self._directory = path
            self._button.setText(path)
            self.directoryChanged.emit(path)

    directory = Property(str, lambda self: self._directory, _set_directory)
    caption = plain_property(str, "caption", "")
    text = plain_property(str, "text", "")


class ctkCheckBox(QCheckBox):
    """A check box whose indicator may be an icon."""


class ctkPushButton(QPushButton):
    """A push button whose icon and text can be aligned."""

    elideMode = plain_property(int, "elideMode", 3)


class ctkCheckablePushButton(ctkPushButton):
    """A push button with a check box in it."""

    checkBoxToggled = Signal(bool)
    checkBoxControlsButton = plain_property(bool, "checkBoxControlsButton", True)
    checkBoxControlsButtonToggleState = plain_property(
        bool, "checkBoxControlsButtonToggleState", True
    )
    checkBoxUserCheckable = plain_property(bool, "checkBoxUserCheckable", True)


class ctkMenuButton(QPushButton):
    """A push button with a menu beside it."""


class ctkComboBox(QComboBox):
    """A combo box with a default text."""

    defaultText = plain_property(str, "defaultText", "")
    forceDefault = plain_property(bool, "forceDefault", False)


class ctkColorPickerButton(QPushButton):
    """A button that shows and chooses a colour."""

    colorChanged = Signal(QColor)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._color = QColor("black")

    def setColor(self, color):
        if QColor(color) != self._color:
            self._color = QColor(color)
            self.colorChanged.emit(self._color)

    color = Property(QColor, lambda self: self._color, setColor)
    displayColorName = plain_property(bool, "displayColorName", True)


class ctkExpandableWidget(QFrame):
    """A frame with a grip to resize it."""


class ctkFittedTextBrowser(QTextBrowser):
    """A text browser as high as its text."""

    collapsed = plain_property(bool, "collapsed", False)


class ctkMessageBox(QMessageBox):
    """A message box that never waits: the host keeps its text and gives the test's answer."""

    dontShowAgainVisible = plain_property(bool, "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = plain_property(str, "dontShowAgainSettingsKey", "")

    def exec_(self):
        return dialogs.answer_box(self)

    exec = exec_


class ctkWidgetsUtils:
    """Pictures of widgets."""

    @staticmethod
    def grabWidget(widget):
        return widget.grab().toImage()


WIDGET_CLASSES = {
    kind.__name__: kind
    for kind in (
        ctkCollapsibleButton,
        ctkCollapsibleGroupBox,
        ctkSliderWidget,
        ctkDoubleSlider,
        ctkDoubleSpinBox,
        ctkRangeWidget,
        ctkDoubleRangeSlider,
        ctkPathLineEdit,
        ctkDirectoryButton,
        ctkCheckBox,
        ctkPushButton,
        ctkCheckablePushButton,
        ctkMenuButton,
        ctkComboBox,
        ctkColorPickerButton,
        ctkExpandableWidget,
        ctkFittedTextBrowser,
    )
}


def make_ctk_module() -> types.ModuleType:
    """A module ``ctk`` as ``import ctk`` gives it in Slicer."""
    module = types.ModuleType("ctk", "CTK's widgets, stood in for.")
    for name, kind in WIDGET_CLASSES.items():
        setattr(module, name, kind)
    module.ctkMessageBox = ctkMessageBox
    module.ctkWidgetsUtils = ctkWidgetsUtils
    return module
