"""The clinician's whole journey, by clicks and signals, on a real demo exam."""

from __future__ import annotations

import numpy as np
import pytest

from Testing.slicer.clinic import PAIR, read, showing


@pytest.fixture
def opened(clinic):
    """The views of a breast are loaded, and the module is open."""
    clinic.load()
    clinic.open()
    return clinic


@pytest.fixture
def classified(opened):
    """The mass is marked on both views and has been classified."""
    opened.mark()
    opened.classify()
    assert opened.parameters.result is not None, opened.message
    return opened


def record_of(clinic):
    from MammoClassifierLib.scene.result_nodes import readRecord

    return readRecord(clinic.parameters.result)


def chest_wall_column(clinic, view):
    """Which half of a slice view is brighter: 'left' or 'right'."""
    rgba = clinic.host.slice_pixels(view, layer="background").rgba
    grey = rgba[..., 0] * (rgba[..., 3] > 0)
    middle = grey.shape[1] // 2
    return "left" if grey[:, :middle].mean() > grey[:, middle:].mean() else "right"


def test_views_of_a_breast_are_paired_and_hung_chest_wall_to_chest_wall(opened):
    import slicer

    chosen = opened.parameters.volumes()
    assert (chosen["CC"].GetName()[-4:], chosen["MLO"].GetName()[-5:]) == ("L CC", "L MLO")
    assert opened.widget.ui.breastSelector.currentText.startswith("Left breast")
    assert slicer.app.layoutManager().layout == 5713
    assert chest_wall_column(opened, "MammoCC") == "right"
    assert chest_wall_column(opened, "MammoMLO") == "left"
    assert "CC mirrored" in str(opened.widget.ui.hangingLabel.text)


def test_views_that_the_dicom_plug_in_loaded_hang_alike(clinic):
    """It mirrors by the volume's geometry; the module's views turn to what is in the pixels."""
    clinic.load_from_dicom()
    clinic.open()
    assert clinic.widget.ui.breastSelector.currentText.startswith("Left breast")
    assert chest_wall_column(clinic, "MammoCC") == "right"
    assert chest_wall_column(clinic, "MammoMLO") == "left"


def test_the_breast_can_be_switched_and_views_can_be_chosen_by_hand(clinic):
    clinic.load(*PAIR.values(), "sfm-malign-0/1-282.dcm", "sfm-malign-0/1-283.dcm")
    clinic.open()
    selector = clinic.widget.ui.breastSelector
    assert selector.count == 3
    first = clinic.parameters.volumes()

    selector.setCurrentIndex(2)
    clinic.host.process_events()

    second = clinic.parameters.volumes()
    assert not set(first.values()) & set(second.values())
    node = clinic.host.slice_pixels("MammoCC", layer="background")
    assert node.rgba.size
    clinic.widget.ui.mloSelector.setCurrentNode(first["MLO"])
    clinic.host.process_events()
    assert clinic.parameters.mloVolume is first["MLO"]
    assert selector.currentIndex == 0


def test_the_layout_of_the_user_comes_back_on_leaving(clinic):
    import slicer

    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    clinic.load()
    clinic.open()
    assert slicer.app.layoutManager().layout == 5713

    clinic.host.leave_module()

    expected = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert slicer.app.layoutManager().layout == expected


def test_a_layout_that_the_user_chose_meanwhile_stays(opened):
    import slicer

    wanted = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    slicer.app.layoutManager().setLayout(wanted)
    opened.host.leave_module()
    assert slicer.app.layoutManager().layout == wanted


def test_loading_something_else_does_not_disturb_the_hanging(opened, make_volume):
    import slicer

    other = make_volume("CT")
    selection = slicer.app.applicationLogic().GetSelectionNode()
    selection.SetActiveVolumeID(other.GetID())
    slicer.app.applicationLogic().PropagateVolumeSelection()
    opened.host.process_events()

    for projection, view in (("CC", "MammoCC"), ("MLO", "MammoMLO")):
        logic = slicer.app.layoutManager().sliceWidget(view).sliceLogic()
        background = logic.GetSliceCompositeNode().GetBackgroundVolumeID()
        assert background == opened.parameters.volumes()[projection].GetID()


def test_the_mark_buttons_let_the_user_draw_one_roi_a_view(opened):
    import slicer

    opened.widget.ui.ccMarkButton.click()
    opened.host.process_events()
    roi = opened.parameters.ccRoi
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActivePlaceNodeID() == roi.GetID()
    view = slicer.app.layoutManager().sliceWidget("MammoCC").mrmlSliceNode().GetID()
    assert roi.GetDisplayNode().GetViewNodeIDs() == (view,)

    opened.widget.ui.ccMarkButton.click()
    assert opened.parameters.ccRoi is roi, "marking again draws the same ROI anew"
    opened.host.leave_module()
    assert interaction.GetCurrentInteractionMode() != interaction.Place
    assert roi.GetDisplayNode().GetViewNodeIDs() == ()


@pytest.mark.parametrize("load", ["load", "load_from_dicom"])
@pytest.mark.parametrize("size", ["real_clinic", "clinic"])
def test_the_result_is_what_the_engine_says_of_the_files(request, size, load):
    """The same views and boxes, straight through the engine, however the study was loaded."""
    clinic = request.getfixturevalue(size)
    getattr(clinic, load)()
    clinic.open()
    clinic.mark()
    clinic.classify()
    from mammopair.classification import classify
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import load_ensemble
    from mammopair.view import Box

    marked = tuple(
        MarkedView(read(clinic.file(projection)), Box(*clinic.box(projection)))
        for projection in PAIR
    )
    expected = classify(Lesion("case", "1", marked), load_ensemble())

    record = record_of(clinic)
    assert record.probability == pytest.approx(expected.probability, abs=1e-6)
    assert record.interval == expected.interval
    for view, other in zip(record.views, expected.views, strict=True):
        assert view.box == pytest.approx(other.box, abs=1e-6)
        assert np.allclose(view.evidence.cells, other.evidence.cells, atol=1e-5)
    assert [w.code for w in record.warnings] == [w.code for w in expected.warnings]


def test_the_panel_shows_probability_shares_warnings_and_what_it_is_not_for(classified):
    from mammopair.results.text import percent

    record, ui = record_of(classified), classified.widget.ui
    table = ui.probabilityTable
    assert table.rowCount == 3
    assert table.columnCount == 1 + len(record.views[0].member_scores)
    assert str(table.item(2, 0).text()) == percent(record.probability)
    assert str(table.item(0, 1).text()) == percent(record.views[0].member_scores[0].probability)
    for warning in record.warnings:
        assert warning.message in str(ui.warningsLabel.text)
    assert "Research use only" in str(ui.researchLabel.text)
    assert showing(ui.researchLabel)
    assert not showing(ui.staleLabel)
    assert classified.message == "Classification finished; it was computed on the CPU."
    assert classified.host.messages == [], "nothing pops up"


def test_the_gauge_is_drawn_where_the_probability_is(classified):
    from MammoClassifierLib.panel.gauge import HEIGHT, WIDTH, drawGauge, gaugePosition

    record = record_of(classified)
    image = drawGauge(record, stale=False).toImage()
    assert (image.width(), image.height()) == (WIDTH, HEIGHT)

    def dark(x):
        return image.pixelColor(x, 60).lightness() < 60

    mark = gaugePosition(record.probability)
    assert dark(mark)
    assert not dark(mark - 6)
    assert not dark(mark + 6)


def test_the_evidence_lies_over_both_views_with_sliders_and_a_switch(classified):
    host, ui = classified.host, classified.widget.ui

    def opacity(view, layer):
        return host.slice_pixels(view, layer=layer).rgba[..., 3].max()

    import slicer

    def composite(view):
        return slicer.app.layoutManager().sliceWidget(view).mrmlSliceCompositeNode()

    for view in ("MammoCC", "MammoMLO"):
        assert composite(view).GetLabelOpacity() == 1.0
        assert composite(view).GetForegroundOpacity() == 0.0
        assert opacity(view, "label") > 0
    ui.opacitySlider.setValue(0.4)
    host.process_events()
    assert composite("MammoCC").GetLabelOpacity() == pytest.approx(0.4)
    ui.continuousCheckBox.click()
    host.process_events()
    assert composite("MammoMLO").GetLabelOpacity() == 0.0
    assert composite("MammoMLO").GetForegroundOpacity() == pytest.approx(0.4 * 0.6)
    assert classified.parameters.continuous is True


def test_level_slider_hides_the_weaker_evidence(classified):
    host = classified.host

    def covered():
        return sum(
            (host.slice_pixels(view, layer="label").rgba[..., 3] > 0).sum()
            for view in ("MammoCC", "MammoMLO")
        )

    from mammopair.results.evidence_levels import levels_of

    before = covered()
    classified.widget.ui.levelSlider.setValue(3)
    host.process_events()
    assert classified.parameters.level == 3
    cells = [view.evidence.cells for view in record_of(classified).views]
    weak = sum(np.isin(levels_of(cell), (3, 4, 5, 6)).sum() for cell in cells)
    assert weak > 0, "the exam has weak evidence, or this test says nothing"
    assert covered() < before


@pytest.mark.parametrize("projection", ["CC", "MLO"])
def test_one_view_alone_is_classified_with_a_warning(opened, projection):
    opened.mark()
    setattr(opened.parameters, "mloRoi" if projection == "CC" else "ccRoi", None)

    opened.classify()

    record = record_of(opened)
    assert [view.projection for view in record.views] == [projection]
    assert "one-view" in [warning.code for warning in record.warnings]


def test_everything_of_a_result_lies_in_one_folder(classified):
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(classified.parameters.result))
    assert hierarchy.GetItemName(folder) == "MammoClassifier left breast"
    children = []
    hierarchy.GetItemChildren(folder, children)
    classes = sorted(hierarchy.GetItemDataNode(child).GetClassName() for child in children)
    assert classes == [
        "vtkMRMLLabelMapVolumeNode",
        "vtkMRMLLabelMapVolumeNode",
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLTableNode",
        "vtkMRMLTextNode",
    ]


def test_classifying_again_replaces_the_result(classified):
    import slicer

    before = slicer.mrmlScene.GetNumberOfNodes()
    first = classified.parameters.result.GetID()

    classified.classify()

    assert classified.parameters.result.GetID() != first
    assert slicer.mrmlScene.GetNodeByID(first) is None
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_the_table_node_keeps_the_numbers(classified):
    import slicer

    record = record_of(classified)
    table = classified.parameters.result
    column = slicer.util.arrayFromTableColumn(table, "Probability of malignancy")
    expected = [*(view.probability for view in record.views), record.probability]
    assert column == pytest.approx(expected)
    assert slicer.util.arrayFromTableColumn(table, "Interval low")[-1] == record.interval.low


CHANGES = {
    "a ROI is moved": lambda c: c.parameters.ccRoi.SetCenter(
        *np.add(c.parameters.ccRoi.GetCenter(), (0.0, 3.0, 0.0))
    ),
    "a ROI is resized": lambda c: c.parameters.mloRoi.SetSize(30.0, 30.0, 1.0),
    "a ROI is taken away": lambda c: setattr(c.parameters, "mloRoi", None),
    "a ROI is deleted": lambda c: c.host.scene.RemoveNode(c.parameters.mloRoi),
    "pixels are edited": lambda c: edit_pixels(c.parameters.ccVolume),
    "another view is chosen": lambda c: setattr(c.parameters, "mloVolume", None),
    "the breast is stated": lambda c: c.widget.ui.sideSelector.setCurrentIndex(2),
}


def edit_pixels(volume):
    import slicer

    slicer.util.arrayFromVolume(volume)[0, 200:240, 200:240] = 60000
    slicer.util.arrayFromVolumeModified(volume)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_input_makes_the_result_plainly_stale(classified, change):
    ui = classified.widget.ui
    assert not showing(ui.staleLabel)

    change(classified)
    classified.host.process_events()

    assert showing(ui.staleLabel)
    assert not ui.probabilityTable.isEnabled()


def test_only_classifying_again_makes_a_stale_result_fresh(classified):
    roi = classified.parameters.ccRoi
    before = roi.GetCenter()
    roi.SetCenter(*np.add(before, (0.0, 3.0, 0.0)))
    classified.host.process_events()
    roi.SetCenter(*before)
    classified.host.leave_module()
    classified.host.open_module("MammoClassifier")
    assert showing(classified.widget.ui.staleLabel), "moving it back does not help"

    classified.classify()
    assert not showing(classified.widget.ui.staleLabel)


def test_each_breast_keeps_its_own_result(clinic):
    """One is classified, then the other: going back shows the first again, and it is fresh."""
    clinic.load(*PAIR.values(), "sfm-malign-0/1-282.dcm", "sfm-malign-0/1-283.dcm")
    clinic.open()
    selector = clinic.widget.ui.breastSelector
    places = {}
    for index in (1, 2):
        selector.setCurrentIndex(index)
        clinic.host.process_events()
        stale = showing(clinic.widget.ui.staleLabel)
        assert stale == (index == 2), "the first one's result is not the second one's"
        clinic.mark()
        clinic.classify()
        places[index] = clinic.parameters.result

    selector.setCurrentIndex(1)
    clinic.host.process_events()
    assert clinic.parameters.result is places[1] is not places[2]
    assert not showing(clinic.widget.ui.staleLabel)


def test_looking_does_not_make_the_result_stale(classified):
    ui = classified.widget.ui
    ui.opacitySlider.setValue(0.3)
    ui.levelSlider.setValue(2)
    ui.continuousCheckBox.click()
    classified.parameters.ccVolume.GetDisplayNode().SetWindow(1234)
    classified.host.leave_module()
    classified.host.open_module("MammoClassifier")
    assert not showing(ui.staleLabel)


@pytest.mark.parametrize("suffix", [".mrb", ""])
def test_a_saved_scene_comes_back_with_its_result(classified, tmp_path, suffix):
    from MammoClassifierLib.scene.result_nodes import hasStaleMark

    host, before = classified.host, record_of(classified)
    pixels = host.slice_pixels("MammoCC").rgba.copy()
    path = tmp_path / f"study{suffix}"
    host.save_scene(path)
    host.close_scene()
    assert not showing(classified.widget.ui.gaugeLabel)

    host.load_scene(path)
    host.process_events()

    assert record_of(classified) == before
    assert not hasStaleMark(classified.parameters.result)
    ui = classified.widget.ui
    assert showing(ui.gaugeLabel)
    assert not showing(ui.staleLabel)
    again = host.slice_pixels("MammoCC").rgba
    assert np.abs(again.astype(int) - pixels).max() <= 1
    classified.classify()
    assert record_of(classified).probability == pytest.approx(before.probability, abs=1e-6)
