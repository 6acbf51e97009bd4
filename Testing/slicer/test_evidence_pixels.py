"""Pixels of the composed slices: the evidence is displayed at its place on any volume."""

from __future__ import annotations

import numpy as np
import pytest
from test_geometry import GEOMETRIES, put_under_transform, rotated, translated

SIDE = 7
BOX = (22.0, 50.0, 20.0, 24.0)


def record_with(cells, left, top, width, height, projections=("CC",)):
    """A record with given evidence."""
    from mammopair.crop import CropSquare
    from mammopair.record import Evidence, Interval, MemberScore, ModelReference, Record, ViewResult

    evidence = Evidence(
        cells=np.asarray(cells, float).tolist(),
        bias=0.0,
        square=CropSquare(left, top, width, height),
        direction="for malignancy, inside the box",
    )
    views = [
        ViewResult(
            projection=projection,
            file="",
            box=BOX,
            probability=0.7,
            member_scores=[MemberScore(member="member-0", logit=1.0, probability=0.7)],
            evidence=evidence,
        )
        for projection in projections
    ]
    return Record(
        case_id="case",
        lesion_id="1",
        laterality="L",
        probability=0.7,
        interval=Interval(low=0.4, high=0.9, level=0.9),
        views=views,
        warnings=[],
        model=ModelReference(name="test", version="0", sha256=""),
        software="test",
    )


def peaked(row=2, column=5, side=SIDE):
    cells = np.full((side, side), 0.1)
    cells[row, column] = 3.9
    cells[row, column - 1] = 1.5
    cells[side - 1, 0] = -3.9
    return cells


@pytest.fixture
def shown(user, make_volume, make_roi):
    """Displays evidence over a volume in the module's CC view; returns the volume."""

    def show(matrix, above=None, *, continuous=False, square=(12.0, 42.0, 40.0, 40.0)):
        import slicer

        from MammoClassifierLib.scene.inputs import MarkedVolume
        from MammoClassifierLib.scene.result_nodes import addResult
        from MammoClassifierLib.views.hanging import hangVolume
        from MammoClassifierLib.views.layout import enterLayout
        from MammoClassifierLib.views.overlay import Overlay, showOverlay

        volume = make_volume("L CC", matrix=matrix)
        if above is not None:
            put_under_transform(volume, above)
        enterLayout()
        hangVolume("CC", volume)
        inputs = (MarkedVolume("CC", volume, make_roi(volume, BOX)),)
        result = addResult(record_with(peaked(), *square), inputs, "[]")
        showOverlay(result, {"CC": volume}, Overlay(1.0, 1, continuous))
        assert slicer.app.layoutManager().layout == 5713
        return volume

    return show


def place_of(volume, x, y):
    """World RAS of a point in view coordinates, computed independently of the module."""
    import slicer
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    ras = matrix.MultiplyPoint((x - 0.5, y - 0.5, 0.0, 1.0))[:3]
    if volume.GetParentTransformNode():
        transform = vtk.vtkGeneralTransform()
        slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
            volume.GetParentTransformNode(), None, transform
        )
        ras = transform.TransformPoint(ras)
    return ras


def strongest(pixels):
    """Row and column of the centre of the most orange pixels, and of the most blue ones."""
    rgb = pixels.rgba[..., :3].astype(float)
    middles = []
    for warmth in (rgb[..., 0] - rgb[..., 2], rgb[..., 2] - rgb[..., 0]):
        where = np.argwhere(warmth > warmth.max() - 2)
        middles.append(where.mean(axis=0))
    return middles


ABOVE = {
    "no transform": None,
    "a transform": translated(10, 20, 30) @ rotated(40, 2) @ rotated(25, 0),
}


@pytest.mark.parametrize("continuous", [False, True], ids=["levels", "continuous"])
@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE.keys())
@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_the_strongest_evidence_is_displayed_at_its_cell(
    slicer_host, shown, matrix, above, continuous
):
    volume = shown(matrix, above, continuous=continuous)
    pixels = slicer_host.slice_pixels("MammoCC")

    left, top, width, height = 12.0, 42.0, 40.0, 40.0
    for (row, column), found in zip(((2, 5), (SIDE - 1, 0)), strongest(pixels), strict=True):
        x, y = left + (column + 0.5) * width / SIDE, top + (row + 0.5) * height / SIDE
        place = place_of(volume, x, y)
        assert abs(pixels.off_plane(place)) < 1e-3
        corner = pixels.pixel_at(place_of(volume, x + width / SIDE / 2, y + height / SIDE / 2))
        half_cell = np.abs(np.subtract(corner, pixels.pixel_at(place)))
        assert np.all(np.abs(found - pixels.pixel_at(place)) <= half_cell)


@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_the_film_under_the_evidence_keeps_its_rows(slicer_host, shown, matrix):
    """Rows lead downwards, and grey values are displayed at their pixels."""
    import slicer

    volume = shown(matrix)
    pixels = slicer_host.slice_pixels("MammoCC", layer="background")
    stored = slicer.util.arrayFromVolume(volume)[0]

    first, last = place_of(volume, 45, 0.5), place_of(volume, 45, stored.shape[0] - 0.5)
    assert pixels.pixel_at(first)[0] < pixels.pixel_at(last)[0]
    grey = pixels.rgba[..., 0].astype(float)
    for y, x in ((60, 5), (72, 27), (100, 80)):
        row, column = np.rint(pixels.pixel_at(place_of(volume, x + 0.5, y + 0.5))).astype(int)
        display = volume.GetDisplayNode()
        low = display.GetWindowLevelMin()
        wanted = 255 * np.clip((stored[y, x] - low) / display.GetWindow(), 0, 1)
        assert grey[row, column] == pytest.approx(wanted, abs=16)


@pytest.mark.parametrize("matrix", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_the_map_has_the_geometry_of_the_crop_square(shown, matrix):
    """The centre of a cell is where the engine's transform maps it."""
    import slicer
    import vtk

    from mammopair.crop import CropSquare

    volume = shown(matrix, ABOVE["a transform"])
    square = CropSquare(12.0, 42.0, 40.0, 40.0)
    for kind in ("vtkMRMLLabelMapVolumeNode", "vtkMRMLScalarVolumeNode"):
        evidence = slicer.util.getNodesByClass(kind)[-1]
        assert evidence.GetImageData().GetDimensions() == (SIDE, SIDE, 1)
        ijk_to_ras = vtk.vtkMatrix4x4()
        evidence.GetIJKToRASMatrix(ijk_to_ras)
        for column, row in ((0, 0), (5, 2), (6, 6)):
            ras = ijk_to_ras.MultiplyPoint((column, row, 0, 1))[:3]
            ras = evidence.GetParentTransformNode().GetTransformToParent().TransformPoint(ras)
            assert ras == pytest.approx(place_of(volume, *square.to_view(column, row, SIDE)))


def test_opacity_increases_with_the_level_and_faint_evidence_is_transparent(slicer_host, shown):
    from mammopair.results.colours import FOR_MALIGNANCY

    volume = shown(np.diag([-0.5, -0.5, 1.0, 1.0]))
    label = slicer_host.slice_pixels("MammoCC", layer="label")

    def at(row, column):
        x, y = 12 + (column + 0.5) * 40 / SIDE, 42 + (row + 0.5) * 40 / SIDE
        i, j = np.rint(label.pixel_at(place_of(volume, x, y))).astype(int)
        return label.rgba[i, j].astype(float)

    assert at(0, 0)[3] == 0
    assert 0 < at(2, 4)[3] < at(2, 5)[3]
    assert at(2, 5)[:3] == pytest.approx(FOR_MALIGNANCY, abs=2)


def test_the_map_is_displayed_on_its_own_grid_without_interpolation(slicer_host, shown):
    """All pixels within a cell are equal, up to its edge."""
    import slicer

    volume = shown(np.diag([-0.5, -0.5, 1.0, 1.0]))
    levels = slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")[0]
    assert levels.GetImageData().GetDimensions() == (SIDE, SIDE, 1)

    label = slicer_host.slice_pixels("MammoCC", layer="label")
    cell = 40 / SIDE
    for inset in (0.1, 0.5, 0.9):
        x, y = 12 + (5 + inset) * cell, 42 + (2 + inset) * cell
        i, j = np.rint(label.pixel_at(place_of(volume, x, y))).astype(int)
        assert label.rgba[i, j, 3] == label.rgba[..., 3].max()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("continuous", [False, True], ids=["levels", "continuous"])
def test_weaker_levels_are_hidden(slicer_host, shown, level, continuous):
    from MammoClassifierLib.scene.result_nodes import resultsInScene
    from MammoClassifierLib.views.overlay import Overlay, showOverlay

    volume = shown(np.diag([-0.5, -0.5, 1.0, 1.0]), continuous=continuous)
    layer = "foreground" if continuous else "label"
    coloured = []
    for shown_level in (1, level):
        showOverlay(resultsInScene()[0], {"CC": volume}, Overlay(1.0, shown_level, continuous))
        coloured.append((slicer_host.slice_pixels("MammoCC", layer=layer).rgba[..., 3] > 0).sum())

    assert coloured[1] > 0 if level < 4 else True
    assert coloured[1] < coloured[0] if level > 2 else coloured[1] <= coloured[0]


def test_no_evidence_is_displayed_over_another_volume(slicer_host, shown, make_volume):
    from MammoClassifierLib.scene.result_nodes import resultsInScene
    from MammoClassifierLib.views.hanging import hangVolume
    from MammoClassifierLib.views.overlay import Overlay, showOverlay

    shown(np.diag([-0.5, -0.5, 1.0, 1.0]))
    other = make_volume("R CC")
    hangVolume("CC", other)
    showOverlay(resultsInScene()[0], {"CC": other}, Overlay())

    with pytest.raises(ValueError, match="label"):
        slicer_host.slice_pixels("MammoCC", layer="label")
