"""Stand-in widgets behave as Slicer's and CTK's do, and mistakes in ``.ui`` files are errors."""

from __future__ import annotations

import pytest


@pytest.fixture
def selector(slicer_host):
    """A node selector of volumes, without None and without actions in its menu."""
    import slicer

    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    for flag in ("addEnabled", "removeEnabled"):
        setattr(box, flag, False)
    box.seen = []
    box.currentNodeChanged.connect(box.seen.append)
    return box


@pytest.fixture
def none_selector(selector):
    """The same with None, on the scene."""
    import slicer

    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    return selector


def add(name, kind="vtkMRMLScalarVolumeNode"):
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


def test_selector_is_disabled_without_a_scene(selector):
    import slicer

    assert not selector.enabled
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.enabled


def test_selector_without_none_selects_the_first_node(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.currentNode() is None
    first = add("first")
    add("second")
    assert selector.currentNode() is first
    assert selector.seen == [first]


def test_selector_with_none_stays_at_none(none_selector):
    node = add("a")
    assert none_selector.currentNode() is None
    none_selector.setCurrentNode(node)
    assert none_selector.currentNode() is node
    none_selector.setCurrentNode(None)
    assert none_selector.currentNode() is None
    assert none_selector.seen == [node, None]


def test_selector_lists_only_nodes_that_fit(none_selector):
    model = add("model", "vtkMRMLModelNode")
    hidden = add("hidden")
    hidden.SetHideFromEditors(True)
    for node in (model, hidden):
        none_selector.setCurrentNode(node)
        assert none_selector.currentNode() is None
    label = add("label", "vtkMRMLLabelMapVolumeNode")  # a derived class
    none_selector.setCurrentNode(label)
    assert none_selector.currentNode() is label
    none_selector.showChildNodeTypes = False
    assert none_selector.currentNode() is None


def test_removing_the_current_node_selects_the_next(none_selector):
    import slicer

    nodes = [add(name) for name in "abc"]
    none_selector.setCurrentNode(nodes[1])
    for removed, current in ((nodes[1], nodes[2]), (nodes[2], nodes[0]), (nodes[0], None)):
        slicer.mrmlScene.RemoveNode(removed)
        assert none_selector.currentNode() is current


def test_selecting_another_node_of_the_same_name_emits_the_signal(none_selector):
    nodes = [add("same"), add("same")]
    for node in nodes:
        none_selector.setCurrentNode(node)
    assert none_selector.seen == nodes


def test_renaming_the_current_node_emits_the_signal(selector):
    import slicer

    selector.setMRMLScene(slicer.mrmlScene)
    node = add("a")
    selector.seen.clear()
    node.SetName("b")
    assert selector.seen == [node]


def test_closing_the_scene_empties_a_selector(none_selector, slicer_host):
    none_selector.setCurrentNode(add("a"))
    slicer_host.close_scene()
    assert none_selector.currentNode() is None
    late = add("b")
    none_selector.setCurrentNode(late)
    assert none_selector.currentNode() is late


def test_slider_keeps_its_value_within_its_limits(slicer_host):
    import ctk

    slider = ctk.ctkSliderWidget()
    seen = []
    slider.valueChanged.connect(seen.append)
    slider.minimum, slider.maximum = 0.0, 1.0
    slider.decimals = 2
    slider.setValue(0.5)
    slider.setValue(7)
    assert slider.value == 1.0
    assert seen == [0.5, 1.0]


def test_collapsed_button_hides_its_children(slicer_host):
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
  </widget></item></layout></widget></item>
<item><widget class="QPushButton" name="apply"/></item>
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


def test_widgets_of_a_ui_file_have_their_properties_and_connections(slicer_host, tmp_path):
    import slicer

    top = load(tmp_path, UI)
    ui = slicer.util.childWidgetVariables(top)
    assert ui.volume.property("SlicerParameterName") == "volume"
    assert ui.volume.noneEnabled
    assert ui.opacity.maximum == 1.0
    assert ui.inputs.text == "Inputs"
    clicked = []
    ui.apply.connect("clicked(bool)", lambda *_: clicked.append(1))
    ui.apply.click()
    assert clicked == [1]
    top.setMRMLScene(slicer.mrmlScene)
    assert ui.volume.mrmlScene() is slicer.mrmlScene


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('class="ctkSliderWidget" name', 'class="ctkSlyderWidget" name'),
        ('name="noneEnabled"', 'name="noneAllowed"'),
        ("<signal>mrmlSceneChanged", "<signal>mrmlSceneSwapped"),
        ("<receiver>volume", "<receiver>nobody"),
    ],
)
def test_mistake_in_a_ui_file_is_an_error(slicer_host, tmp_path, old, new):
    assert old in UI
    with pytest.raises(RuntimeError):
        load(tmp_path, UI.replace(old, new))
