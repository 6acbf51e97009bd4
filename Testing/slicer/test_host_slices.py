"""Pixels and layouts of slice views: a voxel appears at the pixel of its RAS for any geometry."""

from __future__ import annotations

import numpy as np
import pytest

ROWS, COLUMNS = 90, 120


def ijk_to_ras_of(direction, spacing, origin):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, direction[row][column] * spacing[column])
        matrix.SetElement(row, 3, origin[row])
    return matrix


PLAIN = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]
MIRRORED = [[1, 0, 0], [0, -1, 0], [0, 0, 1]]
TURNED = [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]
GEOMETRIES = {
    "plain": (PLAIN, (1, 1, 1), (0, 0, 0)),
    "anisotropic": (PLAIN, (0.5, 2.0, 1), (10, -20, 5)),
    "mirrored": (MIRRORED, (0.7, 0.7, 1), (-30, 40, -7)),
    "turned": (TURNED, (0.5, 0.75, 1), (3, 4, 9)),
}


def show(geometry, spot, view="Red"):
    """Show a dark volume with one bright block of voxels around (row, column)."""
    import slicer

    pixels = np.zeros((1, ROWS, COLUMNS), np.float32)
    row, column = spot
    pixels[0, row - 2 : row + 3, column - 2 : column + 3] = 1000
    node = slicer.util.addVolumeFromArray(pixels, name="spot")
    node.SetIJKToRASMatrix(ijk_to_ras_of(*GEOMETRIES[geometry]))
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevelMinMax(0, 1000)
    slicer.util.setSliceViewerLayers(background=node, fit=False)
    logic = slicer.app.layoutManager().sliceWidget(view).sliceLogic()
    logic.GetSliceNode().RotateToVolumePlane(node)
    logic.FitSliceToBackground()
    return node


def ras_of(node, row, column):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix.MultiplyPoint((column, row, 0, 1))[:3]


def centre_of_bright(rgba):
    weight = rgba[..., 0].astype(float)
    weight[weight < 60] = 0
    rows, columns = np.indices(weight.shape)
    return (rows * weight).sum() / weight.sum(), (columns * weight).sum() / weight.sum()


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("spot", [(20, 30), (70, 100)])
def test_bright_voxel_appears_at_the_pixel_of_its_ras(slicer_host, geometry, spot):
    node = show(geometry, spot)
    seen = slicer_host.slice_pixels("Red")
    wanted = ras_of(node, *spot)
    assert seen.rgba.shape == (400, 400, 4)
    assert seen.pixel_at(wanted) == pytest.approx(centre_of_bright(seen.rgba), abs=0.6)
    assert seen.off_plane(wanted) == pytest.approx(0, abs=0.51)


def test_patient_left_is_right_and_anterior_is_up_in_an_axial_view(slicer_host):
    show("plain", (20, 30))
    seen = slicer_host.slice_pixels("Red")
    row, column = seen.pixel_at((0, 0, 0))
    assert seen.pixel_at((-10, 0, 0))[1] > column
    assert seen.pixel_at((0, 10, 0))[0] < row


def test_label_covers_the_background_and_layers_can_be_read_alone(slicer_host):
    import slicer

    node = show("plain", (20, 30))
    cells = np.zeros((1, ROWS, COLUMNS), np.int16)
    cells[0, 60:70, 80:90] = 1
    label = slicer.util.addVolumeFromArray(
        cells, name="label", nodeClassName="vtkMRMLLabelMapVolumeNode"
    )
    label.CopyOrientation(node)
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    colors.SetTypeToUser()
    colors.SetNumberOfColors(2)
    colors.SetColor(0, "none", 0, 0, 0, 0)
    colors.SetColor(1, "for", 1, 0, 0, 1)
    label.CreateDefaultDisplayNodes()
    label.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    slicer.util.setSliceViewerLayers(label=label, labelOpacity=1.0)
    seen = slicer_host.slice_pixels("Red")
    alone = slicer_host.slice_pixels("Red", layer="label")
    row, column = (round(place) for place in seen.pixel_at(ras_of(node, 65, 85)))
    assert tuple(seen.rgba[row, column, :3]) == (255, 0, 0)
    assert tuple(alone.rgba[row, column, :3]) == (255, 0, 0)
    spot = tuple(round(place) for place in seen.pixel_at(ras_of(node, 20, 30)))
    assert tuple(seen.rgba[spot][:3]) == (255, 255, 255)
    assert alone.rgba[spot][3] == 0
    with pytest.raises(ValueError):
        slicer_host.slice_pixels("Red", layer="foreground")


XML = """<layout type="horizontal" split="true">
<item><view class="vtkMRMLSliceNode" singletontag="HostLeft">
<property name="orientation" action="default">Axial</property>
<property name="viewlabel" action="default">L</property></view></item>
<item><layout type="vertical"><item><view class="vtkMRMLSliceNode" singletontag="HostRight">
<property name="orientation" action="default">Axial</property></view></item></layout></item>
</layout>"""


def test_custom_layout_creates_views_with_their_own_logics(slicer_host):
    import slicer

    manager = slicer.app.layoutManager()
    before = manager.layout
    changes = []
    manager.layoutChanged.connect(changes.append)
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(987, XML)
    manager.setLayout(987)
    assert changes == [987]
    assert {"HostLeft", "HostRight"} <= set(manager.sliceViewNames())
    left, right = (manager.sliceWidget(name) for name in ("HostLeft", "HostRight"))
    assert left.mrmlSliceNode().GetLayoutLabel() == "L"
    assert left.sliceLogic() is not right.sliceLogic()
    assert left.mrmlSliceCompositeNode() is not right.mrmlSliceCompositeNode()
    assert manager.mrmlSliceLogics().IsItemPresent(left.sliceLogic())
    logic = slicer.app.applicationLogic().GetSliceLogic(right.mrmlSliceNode())
    assert logic is right.sliceLogic()
    slicer.util.mainWindow().show()
    assert left.isVisible()
    assert not manager.sliceWidget("Red").isVisible()
    manager.setLayout(before)
    assert not left.isVisible()
    assert manager.sliceWidget("Red").isVisible()


def test_layout_without_a_description_shows_no_view(slicer_host):
    """A scene keeps the number of its layout, not the description."""
    import slicer

    manager = slicer.app.layoutManager()
    slicer.util.mainWindow().show()
    assert manager.sliceWidget("Red").isVisible()
    manager.setLayout(12345)
    assert manager.layout == 12345
    assert not manager.sliceWidget("Red").isVisible()


def test_pixels_change_with_the_scene(slicer_host):
    import slicer

    node = show("plain", (20, 30))
    slicer.util.arrayFromVolume(node)[:] = 0
    slicer.util.arrayFromVolumeModified(node)
    assert slicer_host.slice_pixels("Red").rgba[..., :3].max() == 0
