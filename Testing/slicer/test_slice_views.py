"""Views hang upright, chest wall to chest wall, whatever the volume's geometry."""

from __future__ import annotations

import numpy as np
import pytest
from test_geometry import GEOMETRIES, put_under_transform, shifted, turned

from Testing.slicer.clinic import PAIR, add_as_stored, synthetic_pixels


def brighter_half(pixels):
    grey = pixels.rgba[..., 0].astype(float)
    inside = np.flatnonzero(pixels.rgba[..., 3].any(axis=0))
    middle = (inside[0] + inside[-1]) // 2
    return "left" if grey[:, : middle + 1].mean() > grey[:, middle + 1 :].mean() else "right"


@pytest.mark.parametrize("stored", ["left", "right"])
@pytest.mark.parametrize(("projection", "wanted"), [("CC", "right"), ("MLO", "left")])
@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_the_chest_wall_is_at_the_inner_side(
    clinic, make_volume, matrix, projection, wanted, stored
):
    from MammoClassifierLib.views.hanging import hangVolume
    from MammoClassifierLib.views.layout import enterLayout

    pixels = synthetic_pixels() if stored == "left" else synthetic_pixels()[:, ::-1]
    enterLayout()
    mirrored = hangVolume(projection, make_volume(f"L {projection}", pixels, matrix))

    assert brighter_half(clinic.host.slice_pixels(f"Mammo{projection}")) == wanted
    assert mirrored == (stored != wanted)


@pytest.mark.parametrize("flipped", [False, True])
def test_a_view_that_is_stored_on_its_head_hangs_upright(clinic, small_exam, tmp_path, flipped):
    import pydicom

    from MammoClassifierLib.views.hanging import hangVolume
    from MammoClassifierLib.views.layout import enterLayout
    from mammopair.io.reader import read_view

    dataset = pydicom.dcmread(small_exam / PAIR["MLO"])
    pixels = dataset.pixel_array[::-1] if flipped else dataset.pixel_array
    dataset.PixelData = np.ascontiguousarray(pixels).tobytes()
    dataset.PatientOrientation = ["A", "HL" if flipped else "FR"]
    dataset.ViewPosition, dataset.Laterality = "MLO", "L"
    dataset.save_as(tmp_path / "mlo.dcm")
    enterLayout()
    hangVolume("MLO", add_as_stored(read_view(tmp_path / "mlo.dcm")))
    shown = clinic.host.slice_pixels("MammoMLO").rgba[..., 0].astype(float)

    hangVolume("MLO", add_as_stored(read_view(small_exam / PAIR["MLO"])))
    upright = clinic.host.slice_pixels("MammoMLO").rgba[..., 0].astype(float)
    assert np.corrcoef(shown.ravel(), upright.ravel())[0, 1] > 0.95


def test_a_volume_that_is_moved_is_hung_anew(clinic):
    cc, _mlo = clinic.load()
    clinic.open()
    transform = put_under_transform(cc, shifted(50, 0, 300) @ turned(35, 1))
    clinic.host.process_events()

    pixels = clinic.host.slice_pixels("MammoCC")
    assert (pixels.rgba[..., 3] > 0).mean() > 0.2
    assert brighter_half(pixels) == "right"
    clinic.host.scene.RemoveNode(transform)
    clinic.host.process_events()
    assert (clinic.host.slice_pixels("MammoCC").rgba[..., 3] > 0).mean() > 0.2


def test_a_roi_shows_on_its_own_view_only(clinic):
    """Both planes lie in one place, so that Slicer would show either ROI in both views."""
    import slicer

    clinic.load()
    clinic.open()
    clinic.mark()
    manager = slicer.app.layoutManager()
    for name, view in (("ccRoi", "MammoCC"), ("mloRoi", "MammoMLO")):
        display = getattr(clinic.parameters, name).GetDisplayNode()
        node = manager.sliceWidget(view).mrmlSliceNode()
        assert tuple(display.GetViewNodeIDs()) == (node.GetID(),)


def test_the_layout_is_well_formed_and_a_broken_one_is_named(clinic, tmp_path):
    from MammoClassifierLib.views.layout import readLayout
    from mammopair.errors import InputError

    assert 'singletontag="MammoCC"' in readLayout()
    for text, sentence in (
        ("<layout><item>", "not well-formed"),
        ("<layout/>", "is not a layout with the views MammoCC, MammoMLO"),
    ):
        path = tmp_path / "layout.xml"
        path.write_text(text)
        with pytest.raises(InputError, match=sentence):
            readLayout(path)
    with pytest.raises(InputError, match="cannot be read"):
        readLayout(tmp_path / "nowhere.xml")
