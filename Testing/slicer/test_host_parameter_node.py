"""The parameter node wrapper: the same contract for the stand-in and for Slicer's own.

With ``SLICER_PYTHON_DIR`` set these tests run with Slicer's own ``parameterNodeWrapper``.
"""

import enum
from typing import Annotated

import pytest


class Kind(enum.Enum):
    MASS = "m"
    CALCIFICATION = "c"

    def label(self):
        return self.name.capitalize()


@pytest.fixture
def declared(slicer_host):
    """A wrapper class with a parameter of every type that the module uses."""
    import slicer
    from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        threshold: Annotated[float, WithinRange(-100, 500)] = 100
        count: Annotated[int, WithinRange(0, 9)] = 3
        inverted: bool = True
        kind: Kind
        volume: slicer.vtkMRMLScalarVolumeNode

    return Parameters


@pytest.fixture
def parameters(declared):
    import slicer

    return declared(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


def add_volume(name="v"):
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)


def test_defaults_are_written_when_the_wrapper_is_created(parameters):
    node = parameters.parameterNode
    assert parameters.threshold == 100
    assert node.GetParameter("threshold") in ("100", "100.0")
    assert node.GetParameter("inverted") == "True"
    assert parameters.kind is Kind.MASS
    assert node.GetParameter("kind") == "MASS"
    assert parameters.volume is None


def test_values_are_stored_as_slicer_reads_them(parameters, declared):
    node = parameters.parameterNode
    volume = add_volume()
    parameters.threshold, parameters.count, parameters.inverted = 7.5, 4, False
    parameters.kind, parameters.volume = Kind.CALCIFICATION, volume
    stored = [node.GetParameter(n) for n in ("threshold", "count", "inverted", "kind", "volume")]
    assert stored == ["7.5", "4", "False", "CALCIFICATION", ""]
    assert node.GetNodeReference("volume") is volume
    again = declared(node)
    assert (again.threshold, again.count, again.inverted) == (7.5, 4, False)
    assert (again.kind, again.volume) == (Kind.CALCIFICATION, volume)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 501),
        ("threshold", None),
        ("count", 2.5),
        ("inverted", "True"),
        ("kind", "MASS"),
        ("volume", "a text"),
    ],
)
def test_value_that_the_annotation_forbids_raises_and_the_old_one_stays(parameters, name, value):
    before = getattr(parameters, name)
    with pytest.raises((ValueError, TypeError)):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_node_of_another_class_raises(parameters):
    import slicer

    with pytest.raises((TypeError, ValueError)):
        parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")


def test_parameter_of_a_removed_node_is_none(parameters):
    import slicer

    parameters.volume = add_volume()
    slicer.mrmlScene.RemoveNode(parameters.volume)
    assert parameters.volume is None


def test_observers_are_called_once_per_change_or_batch(parameters):
    import slicer
    import vtk

    calls = []
    tag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: calls.append(1))
    parameters.count = 5
    assert len(calls) == 1
    with slicer.util.NodeModify(parameters):
        parameters.count = 6
        parameters.inverted = False
    assert len(calls) == 2
    parameters.RemoveObserver(tag)
    parameters.count = 7
    assert len(calls) == 2


@pytest.fixture
def ui(slicer_host):
    """A widget of every class that the module binds, with the property of its parameter."""
    import ctk
    import qt
    import slicer

    box = qt.QWidget()
    layout = qt.QVBoxLayout(box)
    kinds = {
        "threshold": ctk.ctkSliderWidget,
        "count": qt.QDoubleSpinBox,
        "inverted": qt.QCheckBox,
        "kind": qt.QComboBox,
        "volume": slicer.qMRMLNodeComboBox,
    }
    for name, kind in kinds.items():
        widget = kind(box)
        widget.setObjectName(name)
        widget.setProperty("SlicerParameterName", name)
        layout.addWidget(widget)
    found = slicer.util.childWidgetVariables(box)
    found.box = box
    found.volume.noneEnabled = True
    found.volume.setMRMLScene(slicer.mrmlScene)
    return found


def test_connected_widgets_show_the_values(parameters, ui):
    parameters.volume = add_volume()
    parameters.kind = Kind.CALCIFICATION
    parameters.connectGui(ui)
    assert ui.threshold.value == 100
    assert (ui.threshold.minimum, ui.threshold.maximum) == (-100, 500)
    assert (ui.count.decimals, ui.count.value) == (0, 3)
    assert ui.inverted.isChecked()
    assert ui.kind.currentText == "Calcification"
    assert ui.volume.currentNode() is parameters.volume
    assert list(ui.volume.nodeTypes) == ["vtkMRMLScalarVolumeNode"]


def test_user_input_reaches_the_parameters(parameters, ui):
    parameters.connectGui(ui)
    volume = add_volume()
    ui.threshold.setValue(12.5)
    ui.count.setValue(8)
    ui.inverted.click()
    ui.kind.setCurrentIndex(1)
    ui.volume.setCurrentNode(volume)
    assert (parameters.threshold, parameters.count, parameters.inverted) == (12.5, 8, False)
    assert (parameters.kind, parameters.volume) == (Kind.CALCIFICATION, volume)


def test_disconnected_widgets_no_longer_follow(parameters, ui):
    tag = parameters.connectGui(ui)
    parameters.count = 4
    assert ui.count.value == 4
    parameters.disconnectGui(tag)
    parameters.count = 9
    assert ui.count.value == 4
    ui.count.setValue(1)
    assert parameters.count == 9


def test_two_wrappers_of_one_node_follow_each_other(parameters, declared, ui):
    from types import SimpleNamespace

    import qt

    other = qt.QDoubleSpinBox()
    other.setProperty("SlicerParameterName", "count")
    parameters.connectGui(ui)
    second = declared(parameters.parameterNode)
    tag = second.connectGui(SimpleNamespace(count=other))
    ui.count.setValue(2)
    assert other.value == 2
    other.setValue(6)
    assert ui.count.value == 6
    second.disconnectGui(tag)


@pytest.mark.parametrize(("name", "error"), [("threshold", RuntimeError), ("nothing", ValueError)])
def test_widget_that_cannot_show_the_parameter_raises(parameters, ui, name, error):
    ui.inverted.setProperty("SlicerParameterName", name)
    ui.threshold.setProperty("SlicerParameterName", None)
    with pytest.raises(error):
        parameters.connectGui(ui)
