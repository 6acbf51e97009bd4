"""The test host as a whole: modules run as in Slicer, and nothing remains when it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from Testing.slicer_host import start_host
from Testing.synthetic_mammograms import write_mammogram

REPOSITORY = Path(__file__).resolve().parents[2]

MODULE = """
import slicer, qt
from slicer.ScriptedLoadableModule import *
from slicer.parameterNodeWrapper import parameterNodeWrapper


class Small(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "Small module"


@parameterNodeWrapper
class SmallParameters:
    steps: int = 3


class SmallWidget(ScriptedLoadableModuleWidget, slicer.util.VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        slicer.util.VTKObservationMixin.__init__(self)
        self.calls = []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.calls.append("setup")
        self.button = qt.QPushButton("Apply")
        self.layout.addWidget(self.button)
        self.logic = SmallLogic()
        self.button.connect("clicked(bool)", self.onApply)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onClosed)

    def onApply(self, *_):
        self.logic.getParameterNode().steps += 1

    def onClosed(self, caller, event):
        self.calls.append("closed while " + ("entered" if self.parent.isEntered else "left"))

    def enter(self):
        self.calls.append("enter")

    def exit(self):
        self.calls.append("exit")

    def cleanup(self):
        self.calls.append("cleanup")
        self.removeObservers()


class SmallLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return SmallParameters(super().getParameterNode())
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "Small.py"
    path.write_text(MODULE)
    return path


def test_module_is_set_up_once_and_entered_each_time(slicer_host, small):
    import slicer

    instance = slicer_host.register_module(small)
    assert slicer.modules.small.title == "Small module"
    assert slicer.modules.small.path == str(small)
    assert instance.resourcePath("a.png") == str(small.parent / "Resources" / "a.png")
    widget = slicer_host.open_module("Small")
    assert slicer.modules.SmallWidget is widget
    assert slicer.util.getModuleWidget("Small") is widget
    slicer_host.leave_module()
    slicer.util.selectModule("Small")
    assert widget.calls == ["setup", "enter", "exit", "enter"]


def test_closing_the_scene_notifies_the_module_and_resets_its_parameters(slicer_host, small):
    widget = slicer_host.open_module(small)
    widget.button.click()
    assert widget.logic.getParameterNode().steps == 4
    assert widget.logic.getParameterNode().parameterNode.GetSingletonTag() == "Small"
    slicer_host.close_scene()
    assert widget.calls[-1] == "closed while entered"
    assert widget.logic.getParameterNode().steps == 3
    slicer_host.leave_module()
    slicer_host.close_scene()
    assert widget.calls[-1] == "closed while left"


def test_reloading_cleans_up_and_creates_the_panel_again(slicer_host, small):
    import slicer

    first = slicer_host.open_module(small)
    small.write_text(MODULE.replace('"Apply"', '"Apply again"'))
    slicer.util.reloadScriptedModule("Small")
    second = slicer.modules.SmallWidget
    assert first.calls[-1] == "cleanup"
    assert second is not first
    assert second.button.text == "Apply again"
    assert second.calls == ["setup", "enter"]


def test_ending_the_host_cleans_up_and_removes_the_module_from_the_process(small):
    with start_host() as host:
        widget = host.open_module(small)
        assert "Small" in sys.modules
    assert widget.calls[-1] == "cleanup"
    assert "Small" not in sys.modules
    assert str(small.parent) not in sys.path


def test_process_has_no_slicer_modules_before_and_after_a_host():
    code = (
        "import sys\n"
        "from Testing.slicer_host import start_host\n"
        "names = ('slicer', 'qt', 'ctk', 'SampleData', 'DICOMLib', 'PyTorchUtils')\n"
        "assert not [n for n in names if n in sys.modules]\n"
        "for turn in range(2):\n"
        "    with start_host() as host:\n"
        "        import slicer, qt, ctk, SampleData, DICOMLib\n"
        "        assert slicer.mrmlScene.GetNumberOfNodesByClass('vtkMRMLTextNode') == 0\n"
        "        slicer.mrmlScene.AddNewNodeByClass('vtkMRMLTextNode')\n"
        "    assert not [n for n in sys.modules if n.split('.')[0] in names], sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, timeout=120)


def test_second_host_in_the_same_process_raises(slicer_host):
    with pytest.raises(RuntimeError), start_host():
        pass


# Message boxes.


@pytest.mark.parametrize(("answers", "expected"), [({}, True), ({"Delete": False}, False)])
def test_question_is_recorded_and_gets_the_answer_of_the_test(slicer_host, answers, expected):
    import slicer

    slicer_host.answers.update(answers)
    assert slicer.util.confirmOkCancelDisplay("Delete everything?") is expected
    assert [message.text for message in slicer_host.messages] == ["Delete everything?"]


def test_error_display_is_recorded(slicer_host):
    import slicer

    with pytest.raises(ValueError), slicer.util.tryWithErrorDisplay("It failed.", waitCursor=True):
        raise ValueError("because of this")
    (message,) = slicer_host.messages
    assert "It failed." in message.text
    assert "because of this" in message.text


@pytest.mark.slicer_host(testing=True)
def test_testing_mode_shows_no_message_box(slicer_host):
    import slicer

    slicer.util.errorDisplay("Failed.")
    assert slicer_host.messages == []


# Missing packages.


def test_hidden_package_is_importable_again_after_its_installation():
    import torch
    import torch.nn

    with start_host(torch=False) as host:
        with pytest.raises(ModuleNotFoundError):
            __import__("torch")
        host.hidden.install("torch")
        assert "torch" not in sys.modules, "nothing has imported it yet"
        import torch.nn as again

        assert again is torch.nn
    assert sys.modules["torch"] is torch
    assert torch.__spec__.name == "torch"


@pytest.fixture
def requirements(tmp_path):
    import slicer

    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\nnumpy>=1.26\n\nhypothesis>=6\n--no-cache\n")
    return slicer.packaging.load_requirements(path)


@pytest.mark.slicer_host(missing=("hypothesis",))
def test_missing_package_is_installed_after_one_question(slicer_host, requirements):
    import slicer

    assert not slicer.packaging.pip_check(requirements)
    slicer.packaging.pip_ensure(requirements, requester="Test", show_progress=False)
    (installation,) = slicer_host.installations
    assert "hypothesis>=6" in installation.arguments
    assert not any(argument.startswith("numpy") for argument in installation.arguments)
    assert len([m for m in slicer_host.messages if "to be installed" in m.text]) == 1
    assert slicer.packaging.pip_check(requirements)
    slicer.packaging.pip_ensure(requirements, requester="Test")
    assert len(slicer_host.installations) == 1


@pytest.mark.slicer_host(missing=("hypothesis",), packaging="declines")
def test_declined_installation_raises_and_installs_nothing(slicer_host, requirements):
    import slicer

    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure(requirements, requester="Test")
    assert slicer_host.installations == []


@pytest.mark.slicer_host(missing=("hypothesis",), packaging="offline")
def test_installation_without_network_raises(slicer_host, requirements):
    import slicer

    with pytest.raises(subprocess.CalledProcessError):
        slicer.packaging.pip_ensure(requirements, requester="Test", show_progress=False)


@pytest.mark.slicer_host(missing=("hypothesis",), testing=True)
def test_testing_mode_installs_nothing(slicer_host, requirements):
    import slicer

    slicer.packaging.pip_ensure(requirements, requester="Test")
    assert slicer_host.installations == []


# Subject hierarchy, DICOM plug-ins, sample data.


def test_nodes_have_items_in_the_subject_hierarchy_while_they_exist(slicer_host):
    import slicer

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    item = tree.GetItemByDataNode(node)
    assert tree.GetItemName(item) == "v"
    slicer.mrmlScene.RemoveNode(node)
    assert tree.GetItemDataNode(item) is None


def test_plugin_of_the_highest_confidence_loads_a_series(slicer_host, tmp_path):
    import slicer
    from DICOMLib import DICOMLoadable, DICOMPlugin, DICOMUtils

    class Good(DICOMPlugin):
        confidence = 0.9

        def examineFiles(self, files):  # noqa: N802
            loadable = DICOMLoadable()
            loadable.files, loadable.confidence = files, self.confidence
            return [loadable]

        def load(self, loadable):
            name = type(self).__name__
            return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)

    class Worse(Good):
        confidence = 0.5

    assert not hasattr(slicer.modules, "dicomPlugins"), "the first plug-in creates the table"
    slicer.modules.dicomPlugins = {"Good": Good, "Worse": Worse}
    slicer.dicomDatabase.insert(str(write_mammogram(tmp_path / "a.dcm")))
    found, _ = DICOMUtils.getLoadablesFromFileLists([slicer.dicomDatabase.allFiles()])
    DICOMUtils.selectHighestConfidenceLoadables(found)
    (identifier,) = DICOMUtils.loadLoadables(found)
    assert slicer.mrmlScene.GetNodeByID(identifier).GetName() == "Good"


def test_sample_data_source_needs_uris_even_with_a_downloader_of_its_own(slicer_host):
    from SampleData import SampleDataLogic

    with pytest.raises(TypeError):
        SampleDataLogic.registerCustomSampleDataSource(
            category="T", sampleName="own", customDownloader=lambda source: []
        )
