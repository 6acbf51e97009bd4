"""Stand-in widgets behave as Slicer's and CTK's do, and .ui files are taken at their word."""

from __future__ import annotations

import pytest


@pytest.fixture
def selector(slicer_host):
    """A node selector of an input: no None, no actions of its own."""
    import slicer

    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    for flag in ("addEnabled", "removeEnabled"):
        setattr(box, flag, False)
    box.seen = []
    box.currentNodeChanged.connect(box.seen.append)
    return box


def add(name, kind="vtkMRMLScalarVolumeNode"):
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


def test_a_selector_is_disabled_until_it_has_a_scene(selector):
    import slicer

    assert not selector.enabled
    add("a")
    assert selector.nodeCount() == 0
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.enabled
    assert selector.nodeCount() == 1


def test_an_input_selector_takes_the_first_node_by_itself(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.currentNode() is None
    first = add("first")
    assert selector.currentNode() is first
    add("second")
    assert selector.currentNode() is first
    assert selector.seen == [first]


def test_a_selector_with_none_stays_at_none(selector):
    import slicer

    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    node = add("a")
    assert selector.currentNode() is None
    selector.setCurrentNode(node)
    assert selector.currentNode() is node
    selector.setCurrentNode(None)
    assert selector.currentNode() is None
    assert selector.seen == [node, None]


def test_a_selector_lists_only_what_fits(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    add("model", "vtkMRMLModelNode")
    hidden = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    hidden.UnRegister(None)
    hidden.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(hidden)
    label = add("label", "vtkMRMLLabelMapVolumeNode")  # a child class
    assert [selector.nodeFromIndex(i) for i in range(selector.nodeCount())] == [label]
    selector.showChildNodeTypes = False
    assert selector.nodeCount() == 0
    selector.setCurrentNode(label)
    assert selector.currentNode() is None


def test_when_the_current_node_goes_the_next_one_is_chosen(selector):
    import slicer

    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    nodes = [add(name) for name in "abc"]
    selector.setCurrentNode(nodes[1])
    slicer.mrmlScene.RemoveNode(nodes[1])
    assert selector.currentNode() is nodes[2]
    slicer.mrmlScene.RemoveNode(nodes[2])
    assert selector.currentNode() is nodes[0]
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert selector.currentNode() is None


def test_renaming_the_current_node_is_told(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    node = add("a")
    selector.seen.clear()
    node.SetName("b")
    assert selector.seen == [node]


def test_closing_the_scene_empties_a_selector(selector, slicer_host):
    import slicer

    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    selector.setCurrentNode(add("a"))
    slicer_host.close_scene()
    assert selector.currentNode() is None
    assert selector.nodeCount() == 0
    late = add("b")
    selector.setCurrentNode(late)
    assert selector.currentNode() is late


def test_a_selector_filters_by_attribute(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    selector.addAttribute("vtkMRMLScalarVolumeNode", "Mammo", "CC")
    plain, marked = add("plain"), slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    marked.UnRegister(None)
    marked.SetAttribute("Mammo", "CC")
    slicer.mrmlScene.AddNode(marked)
    assert [selector.nodeFromIndex(i) for i in range(selector.nodeCount())] == [marked]
    plain.SetAttribute("Mammo", "CC")
    assert selector.nodeCount() == 2


def test_a_slider_keeps_its_value_within_its_limits(slicer_host):
    import ctk

    slider = ctk.ctkSliderWidget()
    seen = []
    slider.valueChanged.connect(seen.append)
    slider.minimum, slider.maximum = 0.0, 1.0
    slider.decimals = 2
    slider.setValue(0.5)
    slider.setValue(7)
    assert slider.value == 1.0
    assert seen[-2:] == [0.5, 1.0]


def test_a_folded_button_hides_what_is_in_it(slicer_host):
    import ctk
    import qt

    button = ctk.ctkCollapsibleButton()
    inner = qt.QLabel("inside")
    qt.QVBoxLayout(button).addWidget(inner)
    button.show()
    assert inner.isVisible()
    button.collapsed = True
    assert not inner.isVisible()
    button.click()
    assert not button.collapsed
    assert inner.isVisible()


@pytest.mark.parametrize(("answers", "expected"), [({}, True), ({"Delete": False}, False)])
def test_a_question_is_answered_by_the_test_and_kept(slicer_host, answers, expected):
    import slicer

    slicer_host.answers.update(answers)
    assert slicer.util.confirmOkCancelDisplay("Delete everything?") is expected
    (message,) = slicer_host.messages
    assert message.text == "Delete everything?"
    assert message.kind == "question"


def test_an_error_display_comes_as_a_message(slicer_host):
    import slicer

    with pytest.raises(ValueError), slicer.util.tryWithErrorDisplay("It failed.", waitCursor=True):
        raise ValueError("because of this")
    (message,) = slicer_host.messages
    assert "It failed." in message.text
    assert "because of this" in message.text
    assert message.kind == "critical"


UI = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0"><class>Panel</class>
<widget class="qMRMLWidget" name="Panel"><layout class="QVBoxLayout">
<item><widget class="ctkCollapsibleButton" name="inputs">
  <property name="text"><string>Inputs</string></property>
  <layout class="QFormLayout">
  <item row="0" column="1"><widget class="qMRMLNodeComboBox" name="volume">
    <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist>
    </property>
    <property name="noneEnabled"><bool>true</bool></property>
    <property name="SlicerParameterName" stdset="0"><string>volume</string></property>
  </widget></item>
  <item row="1" column="1"><widget class="ctkSliderWidget" name="opacity">
    <property name="maximum"><double>1.0</double></property>
    <property name="singleStep"><double>0.05</double></property>
  </widget></item></layout></widget></item>
<item><widget class="QPushButton" name="apply"><property name="text"><string>Apply</string>
  </property></widget></item>
</layout></widget>
<customwidgets>
 <customwidget><class>qMRMLWidget</class><extends>QWidget</extends><container>1</container>
 </customwidget>
 <customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget>
 <customwidget><class>ctkSliderWidget</class><extends>QWidget</extends></customwidget>
 <customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends>
 <container>1</container></customwidget>
</customwidgets><resources/>
<connections><connection><sender>Panel</sender>
<signal>mrmlSceneChanged(vtkMRMLScene*)</signal><receiver>volume</receiver>
<slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>
"""


def load(tmp_path, text):
    import slicer

    path = tmp_path / "panel.ui"
    path.write_text(text)
    return slicer.util.loadUI(str(path))


def test_a_ui_file_gives_its_widgets_by_name_with_their_properties(slicer_host, tmp_path):
    import ctk
    import slicer

    top = load(tmp_path, UI)
    ui = slicer.util.childWidgetVariables(top)
    assert type(ui.volume) is slicer.qMRMLNodeComboBox
    assert type(ui.opacity) is ctk.ctkSliderWidget
    assert ui.volume.property("SlicerParameterName") == "volume"
    assert ui.volume.noneEnabled
    assert ui.opacity.maximum == 1.0
    assert ui.inputs.text == "Inputs"
    clicked = []
    ui.apply.connect("clicked(bool)", lambda *_: clicked.append(1))
    ui.apply.click()
    assert clicked == [1]


def test_the_scene_reaches_selectors_through_the_connections_of_the_ui_file(slicer_host, tmp_path):
    import slicer

    top = load(tmp_path, UI)
    top.setMRMLScene(slicer.mrmlScene)
    assert slicer.util.childWidgetVariables(top).volume.mrmlScene() is slicer.mrmlScene


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('class="ctkSliderWidget" name', 'class="ctkSlyderWidget" name'),
        ('name="noneEnabled"', 'name="noneAllowed"'),
        ("<signal>mrmlSceneChanged", "<signal>mrmlSceneSwapped"),
        ("<receiver>volume", "<receiver>nobody"),
    ],
)
def test_a_mistake_in_a_ui_file_is_an_error(slicer_host, tmp_path, old, new):
    assert old in UI
    with pytest.raises(RuntimeError):
        load(tmp_path, UI.replace(old, new))
