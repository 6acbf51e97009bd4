"""Views are displayed upright, chest wall to chest wall, for any geometry of the volume."""

from __future__ import annotations

import numpy as np
import pytest
from test_geometry import GEOMETRIES, put_under_transform, rotated, translated

from Testing.slicer.module_user import PAIR, add_as_stored, synthetic_pixels


def brighter_half(pixels):
    grey = pixels.rgba[..., 0].astype(float)
    inside = np.flatnonzero(pixels.rgba[..., 3].any(axis=0))
    middle = (inside[0] + inside[-1]) // 2
    return "left" if grey[:, : middle + 1].mean() > grey[:, middle + 1 :].mean() else "right"


@pytest.mark.parametrize("stored", ["left", "right"])
@pytest.mark.parametrize(("projection", "wanted"), [("CC", "right"), ("MLO", "left")])
@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_the_chest_wall_is_displayed_at_the_inner_side(
    user, make_volume, matrix, projection, wanted, stored
):
    from MammoClassifierLib.views.hanging import hangVolume
    from MammoClassifierLib.views.layout import enterLayout

    pixels = synthetic_pixels() if stored == "left" else synthetic_pixels()[:, ::-1]
    enterLayout()
    mirrored = hangVolume(projection, make_volume(f"L {projection}", pixels, matrix))

    assert brighter_half(user.host.slice_pixels(f"Mammo{projection}")) == wanted
    assert mirrored == (stored != wanted)


@pytest.mark.parametrize("flipped", [False, True])
def test_a_view_stored_upside_down_is_displayed_upright(user, small_exam, tmp_path, flipped):
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
    shown = user.host.slice_pixels("MammoMLO").rgba[..., 0].astype(float)

    hangVolume("MLO", add_as_stored(read_view(small_exam / PAIR["MLO"])))
    upright = user.host.slice_pixels("MammoMLO").rgba[..., 0].astype(float)
    assert np.corrcoef(shown.ravel(), upright.ravel())[0, 1] > 0.95


def test_a_moved_volume_is_displayed_again(user):
    cc, _mlo = user.load()
    user.open()
    transform = put_under_transform(cc, translated(50, 0, 300) @ rotated(35, 1))
    user.host.process_events()

    pixels = user.host.slice_pixels("MammoCC")
    assert (pixels.rgba[..., 3] > 0).mean() > 0.2
    assert brighter_half(pixels) == "right"
    user.host.scene.RemoveNode(transform)
    user.host.process_events()
    assert (user.host.slice_pixels("MammoCC").rgba[..., 3] > 0).mean() > 0.2


def test_a_roi_is_displayed_on_its_own_view_only(user):
    """Both planes coincide, so that Slicer would display either ROI in both views."""
    import slicer

    user.load()
    user.open()
    user.mark()
    manager = slicer.app.layoutManager()
    for name, view in (("ccRoi", "MammoCC"), ("mloRoi", "MammoMLO")):
        display = getattr(user.parameters, name).GetDisplayNode()
        node = manager.sliceWidget(view).mrmlSliceNode()
        assert tuple(display.GetViewNodeIDs()) == (node.GetID(),)


def test_an_invalid_layout_is_named(user, tmp_path):
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
