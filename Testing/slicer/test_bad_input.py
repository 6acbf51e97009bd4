"""Unusable input is reported in one sentence, and the module can be used afterwards."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from Testing.slicer.module_user import PAIR, is_shown, synthetic_pixels


def contents(scene):
    """The nodes of the scene by ID and name."""
    return {
        (scene.GetNthNode(n).GetID(), scene.GetNthNode(n).GetName())
        for n in range(scene.GetNumberOfNodes())
    }


class Case:
    """Builds a scene with unusable input for the open module."""

    def __init__(self, user, make_volume, make_roi):
        self.user, self.volume, self.roi = user, make_volume, make_roi
        self.parameters = user.parameters

    def choose(self, volume, box=(20, 40, 15, 15), projection="cc"):
        setattr(self.parameters, f"{projection}Volume", volume)
        setattr(self.parameters, f"{projection}Roi", self.roi(volume, box, f"mass {projection}"))


def no_view(case):
    return "Views: none is chosen"


def no_roi(case):
    case.parameters.ccVolume = case.volume("L CC")
    return "Mass: not marked"


def a_ct_slice(case):
    """One slice of a CT, according to its DICOM header."""
    volume = case.volume("L CC")
    case.choose(volume)
    volume.SetAttribute("MammoClassifier.file", str(case.ct_file))
    return "is not a mammogram (has modality CT)"


def a_3d_volume(case):
    case.choose(case.volume("CT", np.arange(60000, dtype=np.int16).reshape(10, 100, 60)))
    return "CT: is a 3-D volume of 10 slices"


def an_rgb_image(case):
    import vtk

    volume = case.volume("photo")
    image = vtk.vtkImageData()
    image.SetDimensions(60, 100, 1)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    case.choose(volume)
    volume.SetAndObserveImageData(image)
    return "photo: is a colour image"


def an_rgb_vector_volume(case):
    pixels = np.zeros((1, 100, 60, 3), dtype=np.uint8)
    case.choose(case.volume("colours", pixels, kind="vtkMRMLVectorVolumeNode"))
    return "colours: is a colour image"


def a_label_map(case):
    case.choose(case.volume("labels", kind="vtkMRMLLabelMapVolumeNode"))
    return "labels: is a label map"


def two_cc_views(case):
    case.choose(case.volume("L CC"))
    case.choose(case.volume("L CC again"), projection="mlo")
    return "L CC again: view is specified as MLO, but is CC in the file"


def left_and_right_breast(case):
    case.choose(case.volume("L CC"))
    case.choose(case.volume("R MLO"), projection="mlo")
    return "R MLO: is R MLO, but L CC is L CC; use two views of one breast"


def the_same_view_twice(case):
    volume = case.volume("L CC")
    case.choose(volume)
    case.choose(volume, projection="mlo")
    return "L CC: is chosen as CC view and as MLO view"


def an_unknown_laterality(case):
    case.choose(case.volume("film"))
    return "film: does not state the laterality"


def a_roi_outside(case):
    case.choose(case.volume("L CC"), box=(500, 40, 15, 15))
    return "mass cc on L CC: box x=500 y=40 width=15 height=15 lies outside the image of"


def a_roi_far_over_the_edge(case):
    case.choose(case.volume("L CC"), box=(60, 40, 50, 15))
    return "mass cc on L CC: box x=60 y=40 width=50 height=15 extends 20 columns beyond the right"


def a_roi_on_the_air(case):
    case.choose(case.volume("L CC"), box=(70, 3, 15, 15))
    return "mass cc on L CC: box x=70 y=3 width=15 height=15 lies on the air beside the breast"


def a_roi_of_no_size(case):
    case.choose(case.volume("L CC"))
    case.parameters.ccRoi.SetSize(0, 0, 0)
    return "mass cc: has no size"


def a_roi_in_another_plane(case):
    volume = case.volume("L CC")
    case.choose(volume)
    case.parameters.ccRoi.SetCenter(-10, -20, 250)
    return "mass cc: does not intersect the image plane of L CC"


def a_roi_drawn_on_another_view(case):
    from MammoClassifierLib.scene.inputs import DRAWN_ON

    other, volume = case.volume("L MLO"), case.volume("L CC")
    case.choose(volume)
    case.parameters.ccRoi.SetNodeReferenceID(DRAWN_ON, other.GetID())
    return "mass cc: was drawn on L MLO, not on L CC"


def one_roi_for_both(case):
    cc, mlo = case.volume("L CC"), case.volume("L MLO")
    case.choose(cc)
    case.parameters.mloVolume, case.parameters.mloRoi = mlo, case.parameters.ccRoi
    return "mass cc: is chosen for both views"


def a_roi_without_its_view(case):
    case.choose(case.volume("L CC"))
    case.parameters.mloRoi = case.roi(case.parameters.ccVolume, (1, 1, 9, 9), "lost")
    return "lost: marks the MLO view, but no MLO view is chosen"


def an_inverted_volume(case):
    pixels = synthetic_pixels()
    case.choose(case.volume("L CC", pixels.max() - pixels))
    return "L CC: has a bright background and is probably inverted"


def no_pixels(case):
    volume = case.volume("L CC")
    case.choose(volume)
    volume.SetAndObserveImageData(None)
    return "L CC: has no pixels"


def a_constant_image(case):
    case.choose(case.volume("L CC", np.full((100, 60), 7, np.int16)))
    return "L CC: has the same value in every pixel"


def values_that_are_not_finite(case):
    pixels = synthetic_pixels().astype(np.float32)
    pixels[3, 3] = np.nan
    case.choose(case.volume("L CC", pixels))
    return "L CC: has pixels that are not finite numbers"


CASES = [
    no_view,
    no_roi,
    a_ct_slice,
    a_3d_volume,
    an_rgb_image,
    an_rgb_vector_volume,
    a_label_map,
    two_cc_views,
    left_and_right_breast,
    the_same_view_twice,
    an_unknown_laterality,
    a_roi_outside,
    a_roi_far_over_the_edge,
    a_roi_on_the_air,
    a_roi_of_no_size,
    a_roi_in_another_plane,
    a_roi_drawn_on_another_view,
    one_roi_for_both,
    a_roi_without_its_view,
    an_inverted_volume,
    no_pixels,
    a_constant_image,
    values_that_are_not_finite,
]


@pytest.fixture
def ct_file(tmp_path, small_exam):
    import pydicom

    dataset = pydicom.dcmread(small_exam / PAIR["CC"])
    dataset.Modality = "CT"
    dataset.SOPClassUID = pydicom.uid.CTImageStorage
    dataset.save_as(tmp_path / "ct.dcm")
    return tmp_path / "ct.dcm"


@pytest.mark.parametrize("wrong", CASES)
def test_unusable_input_is_reported_and_the_scene_is_left_as_it_was(
    user, make_volume, make_roi, ct_file, wrong
):
    user.open()
    case = Case(user, make_volume, make_roi)
    case.ct_file = ct_file
    sentence = wrong(case)
    user.host.process_events()
    before = contents(user.host.scene)

    user.classify()

    assert sentence in user.message
    assert "\n" not in user.message
    assert is_shown(user.widget.ui.messageLabel)
    assert user.host.messages == []
    assert contents(user.host.scene) == before
    assert user.parameters.result is None

    for name in ("ccVolume", "mloVolume", "ccRoi", "mloRoi"):
        setattr(user.parameters, name, None)
    volumes = user.load()
    user.parameters.ccVolume, user.parameters.mloVolume = volumes
    user.mark()
    user.classify()
    assert user.parameters.result is not None, "the module can be used afterwards"


def test_a_volume_without_dicom_origin_is_classified_with_a_warning(user, make_volume, make_roi):
    from MammoClassifierLib.scene.result_nodes import readRecord

    user.open()
    case = Case(user, make_volume, make_roi)
    case.choose(make_volume("L CC"))
    user.classify()

    record = readRecord(user.parameters.result)
    (warning,) = (w for w in record.warnings if w.code == "no-dicom-origin")
    assert warning.message.startswith("L CC has no DICOM file")
    assert record.laterality == "L"


def test_the_chosen_laterality_is_used_if_the_volume_does_not_state_it(user, make_volume, make_roi):
    from MammoClassifierLib.scene.result_nodes import readRecord

    user.open()
    Case(user, make_volume, make_roi).choose(make_volume("film"))
    user.widget.ui.sideSelector.setCurrentIndex(1)
    user.classify()
    assert readRecord(user.parameters.result).laterality == "R"


def test_a_volume_that_slicer_inverted_is_read_from_its_file(user):
    """Slicer's default reader inverts MONOCHROME1."""
    import slicer

    from MammoClassifierLib.scene.volumes import viewFromVolume

    (volume,) = user.load(PAIR["CC"])
    expected = viewFromVolume(volume, "CC").pixels.copy()
    slicer.util.updateVolumeFromArray(volume, 65535 - slicer.util.arrayFromVolume(volume))

    view = viewFromVolume(volume, "CC")

    assert np.array_equal(view.pixels, expected)
    assert "edited-pixels" not in [warning.code for warning in view.warnings]


def test_edited_pixels_are_classified_with_a_warning(user):
    import slicer

    from MammoClassifierLib.scene.volumes import viewFromVolume

    (volume,) = user.load(PAIR["CC"])
    slicer.util.arrayFromVolume(volume)[0, 300:320, 100:120] = 0

    view = viewFromVolume(volume, "CC")

    assert view.pixels[300:320, 100:120].max() == 0
    assert "edited-pixels" in [warning.code for warning in view.warnings]
    assert view.laterality == "L"


@pytest.mark.parametrize("damage", ["missing", "tampered"])
def test_missing_or_modified_weights_are_named(user, tmp_path, damage):
    from MammoClassifierLib.ensemble_classifier import EnsembleClassifier
    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.model.ensemble_folder import find_ensemble

    folder = tmp_path / "ensemble"
    shutil.copytree(find_ensemble(None), folder)
    weights = folder / "member-1.safetensors"
    intact = weights.read_bytes()
    if damage == "missing":
        weights.unlink()
    else:
        weights.write_bytes(intact[:-1] + bytes([intact[-1] ^ 1]))
    user.load()
    user.open_with(MammoClassifierLogic(EnsembleClassifier(folder)))
    user.mark()
    before = contents(user.host.scene)

    user.classify()

    assert "member-1.safetensors" in user.message
    assert contents(user.host.scene) == before
    weights.write_bytes(intact)
    user.classify()
    assert user.parameters.result is not None, user.message


def test_an_unexpected_error_is_reported_in_the_message_area(user):
    from MammoClassifierLib.logic import MammoClassifierLogic

    class Broken:
        device = ""

        def prepare(self):
            raise ZeroDivisionError("deep inside")

    user.load()
    user.open_with(MammoClassifierLogic(Broken()))
    user.mark()
    user.classify()
    assert user.message.startswith("Unexpected error (ZeroDivisionError)")


def test_the_logic_raises_an_input_error_and_opens_no_dialog(user, make_volume):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.errors import InputError

    with pytest.raises(InputError, match="Mass: not marked"):
        MammoClassifierLogic().classify(make_volume("L CC"))
    assert user.host.messages == []
