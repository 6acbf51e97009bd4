"""The parameter node's contract: the same for the host's stand-in and for Slicer's own wrapper.

With ``SLICER_PYTHON_DIR`` set these tests run on Slicer's own ``parameterNodeWrapper``.
"""

import enum
import pathlib
import typing
from typing import Annotated

import pytest


class Kind(enum.Enum):
    MASS = "m"
    CALCIFICATION = "c"

    def label(self):
        return self.name.capitalize()


@pytest.fixture
def declared(slicer_host):
    """A wrapper class with a parameter of every type that the module may use."""
    import slicer
    from slicer.parameterNodeWrapper import (
        Choice,
        Default,
        FloatRange,
        RangeBounds,
        WithinRange,
        parameterNodeWrapper,
        parameterPack,
    )

    @parameterPack
    class Display:
        opacity: Annotated[float, WithinRange(0, 1)] = 0.5
        outline: bool = False

    @parameterNodeWrapper
    class Parameters:
        threshold: Annotated[float, WithinRange(-100, 500)] = 100
        count: Annotated[int, WithinRange(0, 9)] = 3
        inverted: bool = True
        title: str = "none"
        side: Annotated[str, Choice(["L", "R"])] = "L"
        folder: pathlib.Path
        kind: Kind
        volume: slicer.vtkMRMLScalarVolumeNode
        target: typing.Union[slicer.vtkMRMLMarkupsROINode, slicer.vtkMRMLModelNode, None]  # noqa: UP007
        later: float | None
        names: list[str]
        pair: tuple[int, str]
        display: Display
        span: Annotated[FloatRange, RangeBounds(0, 10), Default(FloatRange(2, 3))]
        reserve: Annotated[str, Default("kept")]

    return Parameters


@pytest.fixture
def parameters(declared):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    return declared(node)


def test_defaults_are_written_when_the_wrapper_is_made(parameters):
    node = parameters.parameterNode
    assert parameters.threshold == 100
    assert node.GetParameter("threshold") in ("100", "100.0")
    assert node.GetParameter("inverted") == "True"
    assert parameters.kind is Kind.MASS
    assert node.GetParameter("kind") == "MASS"
    assert parameters.volume is None
    assert parameters.target is None
    assert parameters.later is None
    assert list(parameters.names) == []
    assert parameters.pair == (0, "")
    assert parameters.reserve == "kept"
    assert parameters.default("count").value == 3


def test_values_are_stored_under_names_that_slicer_reads(parameters):
    import slicer

    node = parameters.parameterNode
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    parameters.volume = volume
    parameters.target = roi
    parameters.later = 2.5
    parameters.names = ["a", "b"]
    parameters.pair = (4, "d")
    parameters.display.opacity = 0.25
    parameters.folder = pathlib.Path("some/where")
    assert node.GetNodeReference("volume") is volume
    assert node.GetNodeReference("target.0") is roi
    assert node.GetParameter("later.0") == "2.5"
    assert node.GetParameter("names.len") == "2"
    assert node.GetParameter("names.1") == "b"
    assert (node.GetParameter("pair.0"), node.GetParameter("pair.1")) == ("4", "d")
    assert node.GetParameter("display.opacity") == "0.25"
    assert node.GetParameter("folder") == str(pathlib.Path("some/where"))


def test_a_second_wrapper_of_the_node_reads_what_the_first_wrote(parameters, declared):
    parameters.threshold = 7.5
    parameters.kind = Kind.CALCIFICATION
    parameters.names = ["x"]
    parameters.names.append("y")
    parameters.display.outline = True
    again = declared(parameters.parameterNode)
    assert again.threshold == 7.5
    assert again.kind is Kind.CALCIFICATION
    assert list(again.names) == ["x", "y"]
    assert again.display.outline is True
    assert again.display.opacity == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 501),
        ("threshold", None),
        ("count", 2.5),
        ("side", "X"),
        ("title", 3),
        ("inverted", "True"),
        ("volume", "a text"),
        ("target", 3),
        ("later", "soon"),
        ("names", [1]),
    ],
)
def test_a_value_that_the_annotation_forbids_is_refused_and_the_old_one_stays(
    parameters, name, value
):
    before = parameters.getValue(name)
    with pytest.raises((ValueError, TypeError)):
        setattr(parameters, name, value)
    after = parameters.getValue(name)
    assert after == before


def test_a_node_of_another_class_is_refused(parameters):
    import slicer

    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    with pytest.raises((TypeError, ValueError)):
        parameters.volume = model
    parameters.target = model
    assert parameters.target is model


def test_a_removed_node_leaves_none_behind(parameters):
    import slicer

    parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    slicer.mrmlScene.RemoveNode(parameters.volume)
    assert parameters.volume is None


def test_parts_of_a_pack_are_reached_by_dotted_names(parameters):
    assert parameters.getValue("display.opacity") == 0.5
    parameters.setValue("display.opacity", 1.0)
    assert parameters.display.opacity == 1.0
    with pytest.raises(ValueError):
        parameters.setValue("display.opacity", 1.5)
    with pytest.raises(ValueError):
        parameters.getValue("display.colour")
    with pytest.raises(ValueError):
        parameters.getValue("nothing")


def test_simple_values_are_cached_and_dotted_types_are_known(parameters, declared):
    from slicer.parameterNodeWrapper import isParameterNodeWrapper

    assert parameters.isCached("threshold")
    assert parameters.isCached("volume")
    assert isParameterNodeWrapper(parameters)
    assert declared.dataType("inverted") is bool
    assert typing.get_args(declared.dataType("display.opacity"))[0] is float


def test_writing_tells_observers_once_a_change(parameters):
    import slicer
    import vtk

    calls = []
    tag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: calls.append(1))
    parameters.count = 5
    assert len(calls) == 1
    with slicer.util.NodeModify(parameters):
        parameters.count = 6
        parameters.title = "t"
    assert len(calls) == 2
    parameters.RemoveObserver(tag)
    parameters.count = 7
    assert len(calls) == 2


def test_a_wrapper_cannot_take_a_name_that_the_wrapper_needs(slicer_host):
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    class Bad:
        setValue: int  # noqa: N815

    with pytest.raises(ValueError):
        parameterNodeWrapper(Bad)


@pytest.fixture
def panel(slicer_host):
    """A widget of every kind that parameters can be bound to, named by dynamic property."""
    import ctk
    import qt
    import slicer

    box = qt.QWidget()
    layout = qt.QVBoxLayout(box)
    kinds = {
        "threshold": ctk.ctkSliderWidget,
        "count": qt.QSpinBox,
        "inverted": qt.QCheckBox,
        "title": qt.QLineEdit,
        "side": qt.QComboBox,
        "folder": ctk.ctkPathLineEdit,
        "kind": qt.QComboBox,
        "volume": slicer.qMRMLNodeComboBox,
        "display.opacity": qt.QDoubleSpinBox,
        "display.outline": qt.QPushButton,
        "span": ctk.ctkRangeWidget,
        "reserve": qt.QLabel,
    }
    box.by_name = {}
    for name, kind in kinds.items():
        widget = kind(box)
        widget.setProperty("SlicerParameterName", name)
        layout.addWidget(widget)
        box.by_name[name] = widget
    box.by_name["display.outline"].setCheckable(True)
    selector = box.by_name["volume"]
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    return box


def test_connecting_shows_the_values_in_the_widgets(parameters, panel):
    import slicer

    parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    parameters.kind = Kind.CALCIFICATION
    parameters.connectGui(panel)
    shown = panel.by_name
    assert shown["threshold"].value == 100
    assert (shown["threshold"].minimum, shown["threshold"].maximum) == (-100, 500)
    assert shown["inverted"].isChecked()
    assert shown["kind"].currentText == "Calcification"
    assert shown["side"].count == 2
    assert shown["volume"].currentNode() is parameters.volume
    assert shown["span"].minimumValue == 2
    assert shown["reserve"].text == "kept"
    assert list(shown["volume"].nodeTypes) == ["vtkMRMLScalarVolumeNode"]


def test_what_the_user_does_reaches_the_parameters(parameters, panel):
    import slicer

    parameters.connectGui(panel)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    shown = panel.by_name
    shown["threshold"].setValue(12.5)
    shown["count"].setValue(8)
    shown["inverted"].click()
    shown["title"].setText("hello")
    shown["side"].setCurrentIndex(1)
    shown["kind"].setCurrentIndex(1)
    shown["folder"].setCurrentPath("a/b")
    shown["volume"].setCurrentNode(volume)
    shown["display.opacity"].setValue(0.75)
    shown["display.outline"].click()
    shown["span"].setValues(1, 9)
    assert parameters.threshold == 12.5
    assert parameters.count == 8
    assert parameters.inverted is False
    assert parameters.title == "hello"
    assert parameters.side == "R"
    assert parameters.kind is Kind.CALCIFICATION
    assert parameters.folder == pathlib.Path("a/b")
    assert parameters.volume is volume
    assert parameters.display.opacity == 0.75
    assert parameters.display.outline is True
    assert (parameters.span.minimum, parameters.span.maximum) == (1, 9)


def test_what_code_writes_reaches_the_widgets_until_they_are_disconnected(parameters, panel):
    tag = parameters.connectGui(panel)
    shown = panel.by_name
    parameters.count = 4
    parameters.display.opacity = 0.125
    assert shown["count"].value == 4
    assert shown["display.opacity"].value == pytest.approx(0.125, abs=0.01)
    parameters.disconnectGui(tag)
    parameters.count = 9
    assert shown["count"].value == 4
    shown["count"].setValue(1)
    assert parameters.count == 9


def test_two_panels_of_one_node_follow_each_other(parameters, declared, panel):
    import qt

    other = qt.QSpinBox()
    other.setProperty("SlicerParameterName", "count")
    parameters.connectGui(panel)
    second = declared(parameters.parameterNode)
    tag = second.connectParametersToGui({"count": other})
    panel.by_name["count"].setValue(2)
    assert other.value == 2
    other.setValue(6)
    assert panel.by_name["count"].value == 6
    second.disconnectGui(tag)


def test_a_widget_that_cannot_show_a_value_is_an_error(parameters):
    import qt

    with pytest.raises(RuntimeError):
        parameters.connectParametersToGui({"threshold": qt.QCheckBox()})
    with pytest.raises(ValueError):
        parameters.connectParametersToGui({"nothing": qt.QCheckBox()})


def test_a_range_is_bound_only_with_bounds_and_a_default(slicer_host):
    """Slicer 5.12 fails on a range without Default, whatever its bounds; so must the stand-in."""
    import ctk
    import slicer
    from slicer.parameterNodeWrapper import FloatRange, RangeBounds, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        span: Annotated[FloatRange, RangeBounds(0, 10)]

    parameters = Parameters(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    with pytest.raises((RuntimeError, AttributeError)):
        parameters.connectParametersToGui({"span": ctk.ctkRangeWidget()})
