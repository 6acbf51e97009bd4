"""The main path of a user: choose, mark, classify, inspect, save and load, on a demo exam."""

from __future__ import annotations

import numpy as np
import pytest

from Testing.slicer.module_user import PAIR, RIGHT_PAIR, is_shown, read_demo_view


@pytest.fixture
def opened(user):
    """The module, open with the views of one breast."""
    user.load()
    user.open()
    return user


@pytest.fixture
def classified(opened):
    """The mass, marked on both views and classified."""
    opened.mark()
    opened.classify()
    assert opened.parameters.result is not None, opened.message
    return opened


def record_of(user):
    from MammoClassifierLib.scene.result_nodes import readRecord

    return readRecord(user.parameters.result)


def chest_wall_column(user, view):
    """The brighter half of a slice view, ``left`` or ``right``."""
    rgba = user.host.slice_pixels(view, layer="background").rgba
    grey = rgba[..., 0] * (rgba[..., 3] > 0)
    middle = grey.shape[1] // 2
    return "left" if grey[:, :middle].mean() > grey[:, middle:].mean() else "right"


def test_views_of_a_breast_are_paired_and_displayed_chest_wall_to_chest_wall(opened):
    import slicer

    chosen = opened.parameters.volumes()
    assert (chosen["CC"].GetName()[-4:], chosen["MLO"].GetName()[-5:]) == ("L CC", "L MLO")
    assert opened.widget.ui.breastSelector.currentText.startswith("Left breast")
    assert slicer.app.layoutManager().layout == 5713
    assert chest_wall_column(opened, "MammoCC") == "right"
    assert chest_wall_column(opened, "MammoMLO") == "left"
    assert "CC mirrored" in str(opened.widget.ui.hangingLabel.text)


def test_views_loaded_by_the_dicom_plugin_are_displayed_alike(user):
    """The plug-in mirrors the volume's geometry; the module's views mirror the slice plane."""
    user.load_from_dicom()
    user.open()
    assert user.widget.ui.breastSelector.currentText.startswith("Left breast")
    assert chest_wall_column(user, "MammoCC") == "right"
    assert chest_wall_column(user, "MammoMLO") == "left"


def test_another_breast_or_single_views_can_be_chosen(user):
    user.load(*PAIR.values(), "sfm-malign-0/1-282.dcm", "sfm-malign-0/1-283.dcm")
    user.open()
    selector = user.widget.ui.breastSelector
    assert selector.count == 3
    first = user.parameters.volumes()

    selector.setCurrentIndex(2)
    user.host.process_events()

    second = user.parameters.volumes()
    assert not set(first.values()) & set(second.values())
    node = user.host.slice_pixels("MammoCC", layer="background")
    assert node.rgba.size
    user.widget.ui.mloSelector.setCurrentNode(first["MLO"])
    user.host.process_events()
    assert user.parameters.mloVolume is first["MLO"]
    assert selector.currentIndex == 0


def test_leaving_the_module_restores_the_users_layout(user):
    import slicer

    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    user.load()
    user.open()
    assert slicer.app.layoutManager().layout == 5713

    user.host.leave_module()

    expected = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert slicer.app.layoutManager().layout == expected


def test_leaving_the_module_keeps_a_layout_chosen_meanwhile(opened):
    import slicer

    wanted = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    slicer.app.layoutManager().setLayout(wanted)
    opened.host.leave_module()
    assert slicer.app.layoutManager().layout == wanted


def test_a_volume_loaded_later_does_not_replace_the_displayed_views(opened, make_volume):
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


def test_the_mark_buttons_place_one_roi_on_each_view(opened):
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
    assert opened.parameters.ccRoi is roi, "the existing ROI is placed again"
    opened.host.leave_module()
    assert interaction.GetCurrentInteractionMode() != interaction.Place
    assert roi.GetDisplayNode().GetViewNodeIDs() == ()


@pytest.mark.parametrize("load", ["load", "load_from_dicom"])
@pytest.mark.parametrize("size", ["full_size_user", "user"])
def test_the_result_equals_the_engines_result_for_the_files(request, size, load):
    """The engine classifies the same views and boxes, whichever way the study was loaded."""
    user = request.getfixturevalue(size)
    getattr(user, load)()
    user.open()
    user.mark()
    user.classify()
    from mammopair.classification import classify
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import load_ensemble
    from mammopair.view import Box

    marked = tuple(
        MarkedView(read_demo_view(user.file(projection)), Box(*user.box(projection)))
        for projection in PAIR
    )
    expected = classify(Lesion("case", "1", marked), load_ensemble())

    record = record_of(user)
    assert record.probability == pytest.approx(expected.probability, abs=1e-6)
    assert record.interval == expected.interval
    for view, other in zip(record.views, expected.views, strict=True):
        assert view.box == pytest.approx(other.box, abs=1e-6)
        assert np.allclose(view.evidence.cells, other.evidence.cells, atol=1e-5)
    assert [w.code for w in record.warnings] == [w.code for w in expected.warnings]


def test_the_panel_shows_probabilities_warnings_and_research_use_only(classified):
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
    assert is_shown(ui.researchLabel)
    assert not is_shown(ui.staleLabel)
    assert classified.message == "Classification finished; it was computed on the CPU."
    assert classified.host.messages == [], "no dialog is opened"


def test_the_gauge_has_its_mark_at_the_probability(classified):
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


def test_opacity_and_form_of_the_evidence_follow_the_panel(classified):
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


def test_the_level_slider_hides_weaker_evidence(classified):
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
    assert weak > 0, "the exam has weak evidence"
    assert covered() < before


@pytest.mark.parametrize("projection", ["CC", "MLO"])
def test_one_view_alone_is_classified_with_a_warning(opened, projection):
    opened.mark()
    setattr(opened.parameters, "mloRoi" if projection == "CC" else "ccRoi", None)

    opened.classify()

    record = record_of(opened)
    assert [view.projection for view in record.views] == [projection]
    assert "one-view" in [warning.code for warning in record.warnings]


def test_all_nodes_of_a_result_are_in_one_folder(classified):
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


def test_the_table_node_has_the_unrounded_numbers(classified):
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
def test_a_changed_input_makes_the_result_stale(classified, change):
    ui = classified.widget.ui
    assert not is_shown(ui.staleLabel)

    change(classified)
    classified.host.process_events()

    assert is_shown(ui.staleLabel)
    assert not ui.probabilityTable.isEnabled()


def test_a_stale_result_stays_stale_until_it_is_classified_again(classified):
    roi = classified.parameters.ccRoi
    before = roi.GetCenter()
    roi.SetCenter(*np.add(before, (0.0, 3.0, 0.0)))
    classified.host.process_events()
    roi.SetCenter(*before)
    classified.host.leave_module()
    classified.host.open_module("MammoClassifier")
    assert is_shown(classified.widget.ui.staleLabel), "restored inputs do not clear the mark"

    classified.classify()
    assert not is_shown(classified.widget.ui.staleLabel)


def test_each_breast_keeps_its_own_result(user):
    """After both were classified, choosing the first breast shows its result, not stale."""
    user.load(*PAIR.values(), *RIGHT_PAIR.values())
    user.open()
    selector = user.widget.ui.breastSelector
    places = {}
    for index, pair in ((1, RIGHT_PAIR), (2, PAIR)):
        selector.setCurrentIndex(index)
        user.host.process_events()
        stale = is_shown(user.widget.ui.staleLabel)
        assert stale == (index == 2), "the result of the first breast is not that of the second"
        user.mark(pair)
        user.classify()
        places[index] = user.parameters.result

    selector.setCurrentIndex(1)
    user.host.process_events()
    assert user.parameters.result is places[1] is not places[2]
    assert not is_shown(user.widget.ui.staleLabel)


def test_display_settings_do_not_make_the_result_stale(classified):
    ui = classified.widget.ui
    ui.opacitySlider.setValue(0.3)
    ui.levelSlider.setValue(2)
    ui.continuousCheckBox.click()
    classified.parameters.ccVolume.GetDisplayNode().SetWindow(1234)
    classified.host.leave_module()
    classified.host.open_module("MammoClassifier")
    assert not is_shown(ui.staleLabel)


@pytest.mark.parametrize("suffix", [".mrb", ""])
def test_a_loaded_scene_shows_its_result(classified, tmp_path, suffix):
    from MammoClassifierLib.scene.result_nodes import hasStaleMark

    host, before = classified.host, record_of(classified)
    pixels = host.slice_pixels("MammoCC").rgba.copy()
    path = tmp_path / f"study{suffix}"
    host.save_scene(path)
    host.close_scene()
    assert not is_shown(classified.widget.ui.gaugeLabel)

    host.load_scene(path)
    host.process_events()

    assert record_of(classified) == before
    assert not hasStaleMark(classified.parameters.result)
    ui = classified.widget.ui
    assert is_shown(ui.gaugeLabel)
    assert not is_shown(ui.staleLabel)
    again = host.slice_pixels("MammoCC").rgba
    assert np.abs(again.astype(int) - pixels).max() <= 1
    classified.classify()
    assert record_of(classified).probability == pytest.approx(before.probability, abs=1e-6)
