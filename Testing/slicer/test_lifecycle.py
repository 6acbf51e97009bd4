"""Cancelling, closing, removing nodes, several panels, and missing packages."""

from __future__ import annotations

import pytest
from test_bad_input import contents

from Testing.slicer.module_user import PAIR, is_shown


@pytest.fixture
def marked(user):
    """The module with both views marked."""
    user.load()
    user.open()
    user.mark()
    return user


def start(user, steps=3):
    """Click Classify and wait for a few steps."""
    seen = user.record_progress()
    user.widget.ui.classifyButton.click()
    user.host.wait_until(lambda: len(seen) >= steps)
    assert user.widget.jobs.isRunning, "the job has not ended"
    return seen


def settle(user, turns=50):
    """Process the events that remain."""
    for _ in range(turns):
        user.host.process_events()


def test_progress_is_shown_and_other_timers_run(marked):
    import qt

    turns = []
    timer = qt.QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: turns.append(1))
    timer.start()
    seen = start(marked, steps=1)
    assert is_shown(marked.widget.ui.progressBar)
    assert marked.widget.ui.cancelButton.isEnabled()
    assert not marked.widget.ui.classifyButton.isEnabled()
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    timer.stop()

    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == 100
    assert len(set(done)) >= 5
    assert len(turns) >= len(seen), "other timers run between the steps"
    assert not is_shown(marked.widget.ui.progressBar)


def test_a_cancelled_job_calls_no_function_and_closes_its_generator(user):
    from MammoClassifierLib.panel.job import Job

    said, closed = [], []

    def work():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    job = Job(work(), said.append, said.append, said.append)
    job.start()
    user.host.wait_until(lambda: len(said) > 2)
    job.cancel()
    before = len(said)
    settle(user)
    assert len(said) == before < 1000
    assert closed == [True]


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_cancel_takes_effect_at_once_and_leaves_the_scene_as_it_was(marked, steps):
    before = contents(marked.host.scene)
    start(marked, steps)

    marked.widget.ui.cancelButton.click()

    assert not marked.widget.jobs.isRunning
    settle(marked)
    assert marked.message == "Cancelled. Nothing was changed."
    assert contents(marked.host.scene) == before
    assert marked.parameters.result is None
    assert marked.widget.ui.classifyButton.isEnabled()
    marked.classify()
    assert marked.parameters.result is not None


def test_closing_the_scene_cancels_the_classification(marked):
    start(marked)

    marked.host.close_scene()
    settle(marked)

    assert not marked.widget.jobs.isRunning
    assert marked.message == "Cancelled: the scene was closed."
    assert marked.parameters.ccVolume is None
    marked.load()
    settle(marked)
    assert marked.parameters.ccVolume is not None, "a volume loaded later is chosen"
    marked.mark()
    marked.classify()
    assert marked.parameters.result is not None


@pytest.mark.parametrize("name", ["ccVolume", "mloRoi"])
def test_removing_an_input_cancels_the_classification(marked, name):
    start(marked)
    node = getattr(marked.parameters, name)

    marked.host.scene.RemoveNode(node)
    settle(marked)

    assert not marked.widget.jobs.isRunning
    assert marked.message == f"Cancelled: {node.GetName()} was removed."
    assert getattr(marked.parameters, name) is None


@pytest.mark.parametrize("name", ["ccVolume", "mloVolume", "ccRoi", "mloRoi"])
def test_removing_a_chosen_node_clears_the_choice(marked, name):
    marked.host.scene.RemoveNode(getattr(marked.parameters, name))
    settle(marked)

    assert getattr(marked.parameters, name) is None, "no other node is chosen"
    marked.classify()
    assert "\n" not in marked.message


def test_a_result_is_stale_if_an_input_changed_during_the_classification(marked):
    start(marked)
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    assert is_shown(marked.widget.ui.staleLabel)


def test_a_result_can_be_removed(marked):
    marked.classify()
    marked.host.scene.RemoveNode(marked.parameters.result)
    settle(marked)
    assert not is_shown(marked.widget.ui.gaugeLabel)
    marked.classify()
    assert is_shown(marked.widget.ui.gaugeLabel)


def test_leaving_the_module_during_the_classification_keeps_the_result(marked):
    start(marked)
    marked.host.leave_module()
    marked.host.wait_until(lambda: not marked.widget.jobs.isRunning, seconds=60)
    marked.host.open_module("MammoClassifier")
    settle(marked)
    assert marked.parameters.result is not None
    assert is_shown(marked.widget.ui.gaugeLabel)
    assert not is_shown(marked.widget.ui.staleLabel)


def test_two_panels_show_the_same_state(marked):
    import slicer

    from MammoClassifier import MammoClassifierWidget

    second = MammoClassifierWidget(logic=marked.widget.logic)
    marked.classify()
    settle(marked)
    assert is_shown(second.ui.gaugeLabel)

    second.ui.opacitySlider.setValue(0.5)
    settle(marked)
    assert marked.parameters.opacity == pytest.approx(0.5)
    second.enter()
    second.exit()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode") == 1
    second.cleanup()
    second.parent.deleteLater()
    settle(marked)
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    settle(marked)
    assert is_shown(marked.widget.ui.staleLabel)


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_the_panel_classifies_without_main_window_and_layout_manager(user):
    user.load()
    user.open()
    user.mark()
    user.classify()
    assert user.parameters.result is not None
    user.host.leave_module()


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_the_logic_classifies_from_a_script(user, make_roi):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from MammoClassifierLib.scene.result_nodes import resultsInScene

    cc, mlo = user.load()
    logic = MammoClassifierLogic()
    rois = [make_roi(cc, user.box("CC")), make_roi(mlo, user.box("MLO"))]

    record = logic.classify(cc, rois[0], mlo, rois[1])

    assert 0 < record.probability < 1
    assert len(resultsInScene()) == 1
    assert logic.classifier.device == "cpu"


def test_the_logic_accepts_another_classifier(user, make_roi):
    """The logic uses its classifier through the protocol only."""
    from test_evidence_pixels import peaked, record_with

    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.progress import Progress

    class Always:
        device = "cpu"

        def prepare(self):
            pass

        def classify(self, lesion):
            yield Progress(0, 1, lesion.marked[0].view.name)
            return record_with(peaked(), 10, 10, 70, 70)

        def bestMap(self):  # noqa: N802
            return "evidence"

    (cc,) = user.load(PAIR["CC"])
    record = MammoClassifierLogic(Always()).classify(cc, make_roi(cc, user.box("CC")))
    assert record.probability == 0.7


@pytest.mark.parametrize("when", ["loading", "reading"])
def test_the_cpu_is_used_with_a_warning_if_the_gpu_memory_is_full(marked, monkeypatch, when):
    """A function runs out of memory once, as on a full GPU."""
    import torch

    from MammoClassifierLib.scene.result_nodes import readRecord
    from mammopair.model import ensemble, inference

    room, name = {"loading": (ensemble, "load_member"), "reading": (inference, "to_input")}[when]
    work, calls = getattr(room, name), []

    def fail_once(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return work(*arguments)

    monkeypatch.setattr(room, name, fail_once)
    marked.classify()

    record = readRecord(marked.parameters.result)
    (warning,) = (w for w in record.warnings if w.code == "out-of-gpu-memory")
    assert warning.message in str(marked.widget.ui.warningsLabel.text)
    assert marked.message == "Classification finished; it was computed on the CPU."


without_torch = pytest.mark.slicer_host(torch=False)


@without_torch
def test_the_module_opens_without_torch_and_announces_the_installation(user):
    user.load()
    widget = user.open()
    assert "torch" in user.message
    assert "Classify asks before installing them" in user.message
    assert user.host.installations == []
    assert user.parameters.ccVolume is not None, "the views are displayed without torch"
    assert widget.ui.classifyButton.isEnabled()


@without_torch
def test_classify_asks_once_installs_and_classifies(marked):
    marked.classify()

    questions = [m for m in marked.host.messages if "will be downloaded" in m.text]
    assert len(questions) == 1
    assert "torch>=2.6" in questions[0].text
    assert [one.module for one in marked.host.installations] == ["light_the_torch"]
    assert marked.parameters.result is not None, marked.message
    marked.classify()
    assert len(marked.host.messages) == 1, "asked once"


@pytest.mark.slicer_host(torch=False, packaging="declines")
def test_a_cancelled_installation_is_not_offered_again(marked):
    before = contents(marked.host.scene)
    marked.classify()
    assert "not installed because the installation was cancelled" in marked.message
    marked.classify()
    assert "not installed because the installation was cancelled" in marked.message
    marked.widget.enter()
    assert "not installed because the installation was cancelled" in marked.message
    assert len(marked.host.messages) == 1
    assert marked.host.installations == []
    assert contents(marked.host.scene) == before


@pytest.mark.slicer_host(torch=False, packaging="offline")
def test_a_failed_download_is_reported_with_a_remedy(marked):
    marked.classify()
    assert "HTTPS_PROXY" in marked.message
    asked = len(marked.host.installations)
    marked.classify()
    assert "HTTPS_PROXY" in marked.message
    assert len(marked.host.installations) == asked, "tried once in a session"


@pytest.mark.slicer_host(missing=("msgspec", "safetensors"))
def test_other_packages_are_installed_by_slicers_packaging(user):
    user.open()
    assert "msgspec" in user.message
    user.widget.ui.classifyButton.click()
    user.host.process_events()
    (installation,) = user.host.installations
    assert installation.module == "pip"
    assert {"msgspec>=0.19", "safetensors>=0.5"} <= set(installation.arguments)
    questions = [m for m in user.host.messages if "will be downloaded" in m.text]
    assert len(questions) == 1


@pytest.mark.slicer_host(torch=False, testing=True)
def test_nothing_is_installed_in_testing_mode(marked):
    marked.classify()
    assert marked.host.installations == []
    assert "because Slicer is in testing mode" in marked.message


class FakeInstaller:
    """Installs nothing; a problem, if given, is what :meth:`ensureInstalled` raises."""

    def __init__(self, missing="", problem=""):
        self.missing, self.problem, self.calls = missing, problem, 0

    def ensureInstalled(self):  # noqa: N802
        from mammopair.errors import InputError

        self.calls += 1
        if self.problem:
            raise InputError(self.missing, self.problem)
        return False

    def describeMissing(self):  # noqa: N802
        return self.missing


def test_the_panel_reports_why_nothing_was_installed_and_starts_no_job(user):
    installer = FakeInstaller("torch", "could not be downloaded")
    user.load()
    user.open_with(installer=installer)
    assert user.message == "torch"
    user.mark()
    user.widget.ui.classifyButton.click()
    assert user.message == "torch: could not be downloaded"
    assert not user.widget.jobs.isRunning
    assert user.parameters.result is None


def test_every_action_of_the_panel_needs_the_packages(user):
    installer = FakeInstaller()
    user.load(PAIR["CC"])
    user.open_with(installer=installer)
    user.mark()
    user.classify()
    assert installer.calls == 1
    user.widget.ui.exportButton.click()
    user.wait()
    user.widget.ui.mapSelector.setCurrentIndex(3)
    user.widget.ui.mapSelector.activated.emit(3)
    user.wait()
    assert installer.calls == 3
