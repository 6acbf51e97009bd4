"""What happens around a classification: cancel, close, delete, two panels, no window, no torch."""

from __future__ import annotations

import pytest
from test_bad_input import contents

from Testing.slicer.clinic import PAIR, showing


@pytest.fixture
def marked(clinic):
    """Everything is ready for a click on Classify."""
    clinic.load()
    clinic.open()
    clinic.mark()
    return clinic


def begin(clinic, steps=3):
    """Click Classify and let a few steps run."""
    seen = []
    show = clinic.widget.jobs.onProgress

    def count(progress):
        seen.append(progress)
        show(progress)

    clinic.widget.jobs.onProgress = count
    clinic.widget.ui.classifyButton.click()
    clinic.host.wait_until(lambda: len(seen) >= steps)
    assert clinic.widget.jobs.isRunning, "it is in the middle"
    return seen


def rest(clinic, turns=50):
    """Let whatever might still run do so."""
    for _ in range(turns):
        clinic.host.process_events()


def test_progress_moves_and_the_window_stays_alive(marked):
    import qt

    turns = []
    timer = qt.QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: turns.append(1))
    timer.start()
    seen = begin(marked, steps=1)
    assert showing(marked.widget.ui.progressBar)
    assert marked.widget.ui.cancelButton.isEnabled()
    assert not marked.widget.ui.classifyButton.isEnabled()
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    timer.stop()

    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == 100
    assert len(set(done)) >= 5
    assert len(turns) >= len(seen), "other timers had their turn between the steps"
    assert not showing(marked.widget.ui.progressBar)


def test_a_cancelled_job_calls_nobody_and_closes_its_work(clinic):
    from MammoClassifierLib.panel.job import Job

    said, closed = [], []

    def work():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    job = Job(work(), said.append, said.append, said.append)
    job.start()
    clinic.host.wait_until(lambda: len(said) > 2)
    job.cancel()
    before = len(said)
    rest(clinic)
    assert len(said) == before < 1000
    assert closed == [True]


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_cancel_works_at_once_and_changes_nothing(marked, steps):
    before = contents(marked.host.scene)
    begin(marked, steps)

    marked.widget.ui.cancelButton.click()

    assert not marked.widget.jobs.isRunning
    rest(marked)
    assert marked.message == "Cancelled. Nothing was changed."
    assert contents(marked.host.scene) == before
    assert marked.parameters.result is None
    assert marked.widget.ui.classifyButton.isEnabled()
    marked.classify()
    assert marked.parameters.result is not None


def test_the_scene_may_be_closed_while_it_computes(marked):
    begin(marked)

    marked.host.close_scene()
    rest(marked)

    assert not marked.widget.jobs.isRunning
    assert marked.message == "Cancelled: the scene was closed."
    assert marked.parameters.ccVolume is None
    marked.load()
    rest(marked)
    assert marked.parameters.ccVolume is not None, "the module goes on with what is loaded next"
    marked.mark()
    marked.classify()
    assert marked.parameters.result is not None


@pytest.mark.parametrize("name", ["ccVolume", "mloRoi"])
def test_an_input_may_be_deleted_while_it_computes(marked, name):
    begin(marked)
    node = getattr(marked.parameters, name)

    marked.host.scene.RemoveNode(node)
    rest(marked)

    assert not marked.widget.jobs.isRunning
    assert marked.message == f"Cancelled: {node.GetName()} was removed."
    assert getattr(marked.parameters, name) is None


@pytest.mark.parametrize("name", ["ccVolume", "mloVolume", "ccRoi", "mloRoi"])
def test_a_node_may_be_deleted_while_it_is_selected(marked, name):
    marked.host.scene.RemoveNode(getattr(marked.parameters, name))
    rest(marked)

    assert getattr(marked.parameters, name) is None, "no other node is taken for it"
    marked.classify()
    assert "\n" not in marked.message


def test_an_input_that_changes_meanwhile_makes_the_result_stale_from_the_start(marked):
    begin(marked)
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    assert showing(marked.widget.ui.staleLabel)


def test_the_result_may_be_deleted(marked):
    marked.classify()
    marked.host.scene.RemoveNode(marked.parameters.result)
    rest(marked)
    assert not showing(marked.widget.ui.gaugeLabel)
    marked.classify()
    assert showing(marked.widget.ui.gaugeLabel)


def test_leaving_the_module_meanwhile_does_not_lose_the_result(marked):
    begin(marked)
    marked.host.leave_module()
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    marked.host.open_module("MammoClassifier")
    rest(marked)
    assert marked.parameters.result is not None
    assert showing(marked.widget.ui.gaugeLabel)
    assert not showing(marked.widget.ui.staleLabel)


def test_two_panels_show_the_same_and_do_not_disturb_each_other(marked):
    import slicer

    from MammoClassifier import MammoClassifierWidget

    second = MammoClassifierWidget()
    second.logic.classifier = marked.widget.logic.classifier
    marked.classify()
    rest(marked)
    assert showing(second.ui.gaugeLabel)

    second.ui.opacitySlider.setValue(0.5)
    rest(marked)
    assert marked.parameters.opacity == pytest.approx(0.5)
    second.enter()
    second.exit()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode") == 1
    second.cleanup()
    second.parent.deleteLater()
    rest(marked)
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    rest(marked)
    assert showing(marked.widget.ui.staleLabel)


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_without_a_main_window_and_a_layout_manager_it_classifies(clinic):
    clinic.load()
    clinic.open()
    clinic.mark()
    clinic.classify()
    assert clinic.parameters.result is not None
    clinic.host.leave_module()


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_the_logic_alone_does_it_from_a_script(clinic, make_roi):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from MammoClassifierLib.scene.result_nodes import resultsInScene

    cc, mlo = clinic.load()
    logic = MammoClassifierLogic()
    rois = [make_roi(cc, clinic.box("CC")), make_roi(mlo, clinic.box("MLO"))]

    record = logic.classify(cc, rois[0], mlo, rois[1])

    assert 0 < record.probability < 1
    assert len(resultsInScene()) == 1
    assert logic.classifier.device == "cpu"


def test_another_classifier_can_be_handed_in(clinic, make_roi):
    """The logic knows its classifier by the protocol only."""
    from test_evidence_pixels import peaked, record_with

    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.progress import Progress

    class Always:
        device = "abacus"

        def prepare(self):
            pass

        def classify(self, lesion):
            yield Progress(0, 1, lesion.marked[0].view.name)
            return record_with(peaked(), 10, 10, 70, 70)

        def bestMap(self):  # noqa: N802
            return "evidence"

    (cc,) = clinic.load(PAIR["CC"])
    record = MammoClassifierLogic(Always()).classify(cc, make_roi(cc, clinic.box("CC")))
    assert record.probability == 0.7


@pytest.mark.parametrize("when", ["loading", "reading"])
def test_when_the_gpu_is_full_the_cpu_goes_on_and_it_is_said(marked, monkeypatch, when):
    """Something fails once, as it does when a GPU is full."""
    import torch

    from MammoClassifierLib.scene.result_nodes import readRecord
    from mammopair.model import ensemble, inference

    room, name = {"loading": (ensemble, "load_member"), "reading": (inference, "to_input")}[when]
    work, calls = getattr(room, name), []

    def full_once(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return work(*arguments)

    monkeypatch.setattr(room, name, full_once)
    marked.classify()

    record = readRecord(marked.parameters.result)
    (warning,) = (w for w in record.warnings if w.code == "out-of-gpu-memory")
    assert warning.message in str(marked.widget.ui.warningsLabel.text)
    assert marked.message == "Classification finished; it was computed on the CPU."


without_torch = pytest.mark.slicer_host(torch=False)


@without_torch
def test_the_module_opens_without_torch_and_says_that_it_will_ask(clinic):
    clinic.load()
    widget = clinic.open()
    assert "torch" in clinic.message
    assert "Classify asks before installing them" in clinic.message
    assert clinic.host.installations == []
    assert clinic.parameters.ccVolume is not None, "views hang without torch"
    assert widget.ui.classifyButton.isEnabled()


@without_torch
def test_classify_asks_once_then_installs_and_classifies(marked):
    marked.classify()

    questions = [m for m in marked.host.messages if "will be downloaded" in m.text]
    assert len(questions) == 1
    assert "torch>=2.6" in questions[0].text
    assert [one.module for one in marked.host.installations] == ["light_the_torch"]
    assert marked.parameters.result is not None, marked.message
    marked.classify()
    assert len(marked.host.messages) == 1, "never twice"


@pytest.mark.slicer_host(torch=False, packaging="declines")
def test_a_user_who_declines_is_not_asked_again(marked):
    before = contents(marked.host.scene)
    marked.classify()
    assert "not installed because the installation was cancelled" in marked.message
    marked.classify()
    assert "not installed because the installation was cancelled" in marked.message
    assert len(marked.host.messages) == 1
    assert marked.host.installations == []
    assert contents(marked.host.scene) == before


@pytest.mark.slicer_host(torch=False, packaging="offline")
def test_offline_it_says_what_to_do(marked):
    marked.classify()
    assert "HTTPS_PROXY" in marked.message
    asked = len(marked.host.installations)
    marked.classify()
    assert "HTTPS_PROXY" in marked.message
    assert len(marked.host.installations) == asked, "never twice in a session"


@pytest.mark.slicer_host(missing=("msgspec", "safetensors"))
def test_the_rest_is_installed_through_slicers_packaging(clinic):
    clinic.open()
    assert "msgspec" in clinic.message
    clinic.widget.ui.classifyButton.click()
    clinic.host.process_events()
    (installation,) = clinic.host.installations
    assert installation.module == "pip"
    assert {"msgspec>=0.19", "safetensors>=0.5"} <= set(installation.arguments)
    questions = [m for m in clinic.host.messages if "will be downloaded" in m.text]
    assert len(questions) == 1


@pytest.mark.slicer_host(torch=False, testing=True)
def test_nothing_is_installed_while_slicer_is_being_tested(marked):
    marked.classify()
    assert marked.host.installations == []
    assert "because Slicer is in testing mode" in marked.message
