"""Maps and counterfactual images on request."""

from __future__ import annotations

import numpy as np
import pytest
from test_bad_input import contents
from test_evidence_pixels import BOX, peaked, place_of, record_with
from test_geometry import GEOMETRIES

from Testing.slicer.module_user import PAIR, is_shown

SQUARE = (12.0, 42.0, 40.0, 40.0)
"""Left, top, width and height of a lesion's square."""
CELLS = 32


@pytest.fixture
def classified(user):
    """One view of the small exam, marked and classified."""
    user.load(PAIR["CC"])
    user.open()
    user.mark()
    user.classify()
    assert user.parameters.result is not None, user.message
    return user


def choose(user, selector, index, seconds=120):
    """Choose an entry as a user does, and wait for the computation."""
    combo, index = getattr(user.widget.ui, selector), entry(index)
    combo.setCurrentIndex(index)
    combo.activated.emit(index)
    user.host.wait_until(lambda: not user.widget.jobs.isRunning, seconds=seconds)
    user.host.process_events()


def entry(chosen):
    """The index of an entry, which may be given as the method of a map."""
    from MammoClassifierLib.parameters import ShownMap

    return [one.value for one in ShownMap].index(chosen) if isinstance(chosen, str) else chosen


def layer_of(user, layer):
    import slicer

    composite = slicer.app.layoutManager().sliceWidget("MammoCC").mrmlSliceCompositeNode()
    return slicer.mrmlScene.GetNodeByID(getattr(composite, f"Get{layer}VolumeID")() or "")


FINE, OCCLUSION = "fine-evidence", "occlusion"
MALIGNANT, DIFFERENCE = 1, 3


def test_the_fine_map_equals_the_engines_and_covers_the_square(classified):
    import slicer
    import vtk

    from MammoClassifierLib.scene.result_nodes import readRecord
    from mammopair.explain.differentiable_ensemble import make_differentiable
    from mammopair.explain.fine_evidence import fine_evidence
    from mammopair.io.reader import read_view
    from mammopair.lesion import MarkedView, extract_patch
    from mammopair.model.ensemble import load_ensemble
    from mammopair.progress import exhaust
    from mammopair.view import Box

    choose(classified, "mapSelector", FINE)

    levels = layer_of(classified, "Label")
    assert levels.GetName().endswith("fine evidence levels")
    map_ = layer_of(classified, "Foreground")
    found = slicer.util.arrayFromVolume(map_)[0]
    view = read_view(classified.file("CC"))
    patch = extract_patch(MarkedView(view, Box(*classified.box("CC"))))
    reader = make_differentiable(load_ensemble(device="cpu"), "CC", views=1)
    expected = exhaust(fine_evidence(reader, np.array(patch.pixels)[None], [])).maps[0]
    assert np.allclose(found, expected, atol=1e-4)
    volume = classified.parameters.ccVolume
    for column, row in ((0, 0), (found.shape[1] - 1, 3)):
        matrix = vtk.vtkMatrix4x4()
        map_.GetIJKToRASMatrix(matrix)
        ras = matrix.MultiplyPoint((column, row, 0, 1))[:3]
        x, y = patch.square.to_view(column, row, len(found))
        assert ras == pytest.approx(place_of(volume, x, y), abs=1e-4)
    text = str(classified.widget.ui.mapTextLabel.text)
    assert text.startswith("Fine evidence: contribution of a cell of an earlier block to the logit")
    assert "Its cells add up to the view's logit, with an error of at most" in text
    assert readRecord(classified.parameters.result).views[0].explanation is None


def test_the_text_of_the_exact_map_states_its_error(classified):
    text = str(classified.widget.ui.mapTextLabel.text)
    assert text.startswith(
        "Class activation: contribution of a cell of the last block to the logit."
    )
    assert float(text.split("at most ")[1].rstrip(".")) < 1e-3


def test_cancel_restores_the_default_map_and_leaves_the_scene_as_it_was(classified):
    before = contents(classified.host.scene)
    seen = classified.record_progress()
    combo = classified.widget.ui.mapSelector
    combo.setCurrentIndex(entry(OCCLUSION))
    combo.activated.emit(entry(OCCLUSION))
    assert not combo.isEnabled()
    classified.host.wait_until(lambda: len(seen) >= 2, seconds=60)

    classified.widget.ui.cancelButton.click()
    classified.host.process_events()

    assert contents(classified.host.scene) == before
    assert classified.parameters.map.value == ""
    assert combo.currentIndex == 0
    assert combo.isEnabled()
    assert layer_of(classified, "Label").GetName().endswith("evidence levels")


def test_a_counterfactual_image_is_displayed_over_the_mass_with_its_probabilities(classified):
    choose(classified, "massSelector", MALIGNANT)

    moved = layer_of(classified, "Foreground")
    assert moved.GetName().endswith("changed towards malignant")
    assert layer_of(classified, "Label") is None, "the map is that of the original"
    film = classified.parameters.ccVolume
    assert layer_of(classified, "Background") is film
    assert moved.GetDisplayNode().GetWindow() == film.GetDisplayNode().GetWindow()
    ui = classified.widget.ui
    first, last = (
        str(ui.counterfactualLabel.text).removeprefix("CC: ").split(" in ")[0].split(" → ")
    )
    assert int(last.strip("<> %")) > int(first.strip("<> %"))
    assert "No map is displayed over a generated image" in str(ui.mapTextLabel.text)

    choose(classified, "massSelector", DIFFERENCE)
    assert (
        layer_of(classified, "Foreground").GetName().endswith("difference malignant minus benign")
    )
    choose(classified, "massSelector", 0)
    assert layer_of(classified, "Label") is not None
    assert not is_shown(ui.counterfactualLabel)


@pytest.fixture
def show_changed_cell(user, make_volume, make_roi):
    """Adds a counterfactual image with one changed cell to a result, and displays it."""

    def make(matrix, row, column):
        import slicer

        from MammoClassifierLib.scene.counterfactual_volumes import addCounterfactuals
        from MammoClassifierLib.scene.inputs import MarkedVolume
        from MammoClassifierLib.scene.result_nodes import addResult
        from MammoClassifierLib.views.hanging import hangVolume
        from MammoClassifierLib.views.layout import enterLayout
        from MammoClassifierLib.views.overlay import Overlay, showOverlay
        from mammopair.crop import CropSquare, cut_patch
        from mammopair.explain.view_explanation import ViewCounterfactuals
        from mammopair.view import View

        volume = make_volume("L CC", matrix=matrix)
        enterLayout()
        hangVolume("CC", volume)
        inputs = (MarkedVolume("CC", volume, make_roi(volume, BOX)),)
        result = addResult(record_with(peaked(), *SQUARE), inputs, "[]")
        square = CropSquare(*SQUARE)
        stored = slicer.util.arrayFromVolume(volume)[0]
        pixels = (stored / stored.max()).astype(np.float32)
        original = cut_patch(View(pixels=pixels, source="CC"), square, CELLS)
        image = original.copy()
        image[row, column] += 1.0
        mass = ViewCounterfactuals(square, original, {"malignant": image, "benign": original}, {})
        addCounterfactuals(result, {"CC": mass})
        showOverlay(result, {"CC": volume}, Overlay(image="malignant"))
        return volume

    return make


@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_a_changed_cell_is_displayed_at_its_place_on_the_film(
    slicer_host, show_changed_cell, matrix
):
    from mammopair.crop import CropSquare

    volume = show_changed_cell(matrix, 6, 25)
    pixels = slicer_host.slice_pixels("MammoCC")
    film = slicer_host.slice_pixels("MammoCC", layer="background")
    square = CropSquare(*SQUARE)

    change = np.abs(pixels.rgba[..., 0].astype(float) - film.rgba[..., 0])
    found = np.argwhere(change > 0.9 * change.max()).mean(axis=0)
    x, y = square.to_view(25, 6, CELLS)
    place = pixels.pixel_at(place_of(volume, x, y))
    half = np.abs(
        np.subtract(pixels.pixel_at(place_of(volume, *square.to_view(25.5, 6.5, CELLS))), place)
    )
    assert np.all(np.abs(found - place) <= 0.6 * half)


def test_unchanged_cells_look_like_the_film(slicer_host, show_changed_cell):
    """Far from the changed cell, grey values differ only by the averaging."""
    volume = show_changed_cell(np.diag([-0.5, -0.5, 1.0, 1.0]), 3, 3)
    pixels = slicer_host.slice_pixels("MammoCC")
    film = slicer_host.slice_pixels("MammoCC", layer="background")
    for x, y in ((40, 70), (30, 60), (45, 55)):
        row, column = np.rint(pixels.pixel_at(place_of(volume, x, y))).astype(int)
        assert abs(int(pixels.rgba[row, column, 0]) - int(film.rgba[row, column, 0])) <= 8


def test_maps_and_counterfactuals_are_restored_with_a_saved_scene(classified, tmp_path):
    choose(classified, "mapSelector", FINE)
    choose(classified, "massSelector", MALIGNANT)
    text = str(classified.widget.ui.counterfactualLabel.text)
    pixels = classified.host.slice_pixels("MammoCC").rgba.copy()
    classified.host.save_scene(tmp_path / "study.mrb")
    classified.host.close_scene()
    classified.host.load_scene(tmp_path / "study.mrb")
    classified.host.process_events()

    assert str(classified.widget.ui.counterfactualLabel.text) == text
    again = classified.host.slice_pixels("MammoCC").rgba
    assert np.abs(again.astype(int) - pixels).max() <= 2
    choose(classified, "massSelector", 0)
    assert layer_of(classified, "Label").GetName().endswith("fine evidence levels")


def test_classifying_again_removes_maps_and_counterfactuals(classified):
    before = classified.host.scene.GetNumberOfNodes()
    classified.widget.logic.explain(classified.parameters.result, "fine-evidence")
    classified.widget.logic.addCounterfactuals(classified.parameters.result)
    assert classified.host.scene.GetNumberOfNodes() > before
    classified.classify()
    assert classified.host.scene.GetNumberOfNodes() == before


def test_a_stale_result_is_not_explained(classified):
    from mammopair.errors import InputError

    table = classified.parameters.result
    classified.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    choose(classified, "mapSelector", FINE)
    assert "out of date" in classified.message
    assert classified.parameters.map.value == ""
    with pytest.raises(InputError, match="out of date"):
        classified.widget.logic.addCounterfactuals(table)


def test_a_result_of_another_ensemble_is_not_explained(classified):
    import slicer

    from MammoClassifierLib.scene.result_nodes import RECORD
    from mammopair.errors import InputError

    text = classified.parameters.result.GetNodeReference(RECORD)
    text.SetText(text.GetText().replace('"sha256": "', '"sha256": "0'))
    with pytest.raises(InputError, match="is not installed"):
        classified.widget.logic.explain(classified.parameters.result, "fine-evidence")
    assert slicer.mrmlScene.IsNodePresent(classified.parameters.result)


@pytest.mark.slicer_host(main_window=False, layout_manager=False)
def test_a_script_explains_without_a_window(user, make_roi):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from MammoClassifierLib.scene.counterfactual_volumes import hasCounterfactuals
    from MammoClassifierLib.scene.map_nodes import hasMaps
    from MammoClassifierLib.scene.result_nodes import resultsInScene
    from mammopair.errors import InputError

    (cc,) = user.load(PAIR["CC"])
    logic = MammoClassifierLogic()
    logic.classify(cc, make_roi(cc, user.box("CC")))
    (table,) = resultsInScene()
    logic.explain(table, "fine-evidence")
    logic.addCounterfactuals(table)
    assert hasMaps(table, "fine-evidence")
    assert hasCounterfactuals(table)
    with pytest.raises(InputError, match="it must be one of"):
        logic.explain(table, "tea-leaves")


def test_every_map_of_the_engine_can_be_chosen(user):
    from MammoClassifierLib.parameters import ShownMap
    from mammopair.explain.methods import METHODS

    assert {one.value for one in ShownMap} == {"", *METHODS}


@pytest.mark.parametrize(("best", "shown"), [("fine-evidence", "fine"), ("occlusion", "evidence")])
def test_the_best_map_is_computed_with_the_classification_if_it_is_quick(user, best, shown):
    from MammoClassifierLib.ensemble_classifier import EnsembleClassifier
    from MammoClassifierLib.logic import MammoClassifierLogic

    class Classifier(EnsembleClassifier):
        def bestMap(self):  # noqa: N802
            return best

    user.load(PAIR["CC"])
    user.open_with(MammoClassifierLogic(Classifier()))
    user.mark()
    user.classify()
    assert user.parameters.map.value == ""
    assert shown in layer_of(user, "Label").GetName()
    assert ("fine" in layer_of(user, "Label").GetName()) == (best == "fine-evidence")
