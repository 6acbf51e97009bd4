"""A ROI in space and the box on a view mark the same place for any geometry."""

from __future__ import annotations

import numpy as np
import pytest

BOX = (20.25, 41.5, 18.5, 23.0)
FLAT = np.diag([-0.5, -0.5, 1.0, 1.0])


def rotated(degrees, axis):
    """A rotation matrix ``(4, 4)``."""
    a, matrix = np.radians(degrees), np.eye(4)
    i, j = [k for k in range(3) if k != axis]
    matrix[[i, i, j, j], [i, j, i, j]] = np.cos(a), -np.sin(a), np.sin(a), np.cos(a)
    return matrix


def translated(x, y, z):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


GEOMETRIES = {
    "as Slicer loads it": FLAT,
    "anisotropic": np.diag([-0.1, -0.35, 2.0, 1.0]),
    "mirrored": np.diag([0.5, -0.5, 1.0, 1.0]),
    "upside down": np.diag([-0.5, 0.5, 1.0, 1.0]),
    "rotated in its plane": rotated(33, 2) @ FLAT,
    "rotated out of its plane": rotated(50, 0) @ rotated(-20, 1) @ FLAT,
    "sagittal, far away": translated(120, -80, 40) @ rotated(90, 1) @ FLAT,
}


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def volume(request, user, make_volume):
    return make_volume(matrix=request.param)


def put_under_transform(node, matrix):
    import slicer

    from MammoClassifierLib.scene.geometry import toMatrix

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(toMatrix(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def test_a_roi_placed_on_a_box_marks_that_box(volume, make_roi):
    from MammoClassifierLib.scene.geometry import boxFromRoi

    box = boxFromRoi(make_roi(volume, BOX), volume)

    assert (box.x, box.y, box.width, box.height) == pytest.approx(BOX, abs=1e-6)


def test_parent_transforms_of_volume_and_roi_are_applied(volume, make_roi):
    from MammoClassifierLib.scene.geometry import boxFromRoi

    put_under_transform(volume, translated(5, 6, 7) @ rotated(25, 2) @ rotated(10, 0))
    roi = make_roi(volume, BOX)
    box = boxFromRoi(roi, volume)
    assert (box.x, box.y, box.width, box.height) == pytest.approx(BOX, abs=1e-6)

    put_under_transform(roi, np.eye(4))
    box = boxFromRoi(roi, volume)
    assert (box.x, box.y, box.width, box.height) == pytest.approx(BOX, abs=1e-6)


def test_the_corner_of_the_first_pixel_is_the_origin_of_boxes(user, make_volume):
    """A ROI around one pixel extends by half a pixel to each side of its centre."""
    import slicer

    from MammoClassifierLib.scene.geometry import boxFromRoi

    volume = make_volume(matrix=np.diag([-2.0, -3.0, 1.0, 1.0]))
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    roi.SetCenter(-2.0 * 7, -3.0 * 4, 0.0)
    roi.SetSize(2.0, 3.0, 1.0)

    box = boxFromRoi(roi, volume)

    assert (box.x, box.y, box.width, box.height) == pytest.approx((7.0, 4.0, 1.0, 1.0))


def test_a_rotated_roi_marks_its_bounding_rectangle(user, make_volume):
    import slicer

    from MammoClassifierLib.scene.geometry import boxFromRoi, toMatrix

    volume = make_volume(matrix=np.diag([-1.0, -1.0, 1.0, 1.0]))
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    roi.SetSize(10.0, 10.0, 4.0)
    roi.SetAndObserveObjectToNodeMatrix(toMatrix(translated(-40, -50, 0) @ rotated(45, 2)))

    box = boxFromRoi(roi, volume)

    assert box.centre == pytest.approx((40.5, 50.5))
    assert (box.width, box.height) == pytest.approx((10 * 2**0.5, 10 * 2**0.5))


def test_a_thick_tilted_roi_marks_its_intersection_with_the_image(user, make_volume):
    """A long tilted ROI marks its intersection with the image, not its projection."""
    import slicer

    from MammoClassifierLib.scene.geometry import boxFromRoi, toMatrix

    volume = make_volume(matrix=np.diag([-1.0, -1.0, 1.0, 1.0]))
    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    roi.SetSize(10.0, 10.0, 1000.0)
    roi.SetAndObserveObjectToNodeMatrix(toMatrix(translated(-40, -50, 0) @ rotated(30, 1)))

    box = boxFromRoi(roi, volume)

    assert box.width == pytest.approx(10 / np.cos(np.radians(30)))
    assert box.height == pytest.approx(10)


@pytest.mark.parametrize(
    ("size", "centre", "sentence"),
    [
        ((0.0, 0.0, 0.0), (-20, -20, 0), "has no size"),
        ((10.0, 10.0, 4.0), (-20, -20, 300), "does not intersect the image plane of L CC"),
    ],
)
def test_a_roi_that_does_not_mark_the_image_is_named(user, make_volume, size, centre, sentence):
    import slicer

    from MammoClassifierLib.scene.geometry import boxFromRoi
    from mammopair.errors import InputError

    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "my mass")
    roi.SetCenter(*centre)
    roi.SetSize(*size)

    with pytest.raises(InputError, match=f"my mass: {sentence}"):
        boxFromRoi(roi, make_volume())


def test_a_roi_that_was_not_placed_is_named(user, make_volume):
    import slicer

    from MammoClassifierLib.scene.geometry import boxFromRoi
    from mammopair.errors import InputError

    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "my mass")
    with pytest.raises(InputError, match="has no size"):
        boxFromRoi(roi, make_volume())


def test_a_nonlinear_parent_transform_is_refused(user, make_volume, make_roi):
    import slicer
    import vtk

    from MammoClassifierLib.scene.geometry import boxFromRoi
    from mammopair.errors import InputError

    volume = make_volume()
    roi = make_roi(volume, BOX)
    bend = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    for points, values in (
        (spline.SetSourceLandmarks, [(0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (5, 5, 0)]),
        (spline.SetTargetLandmarks, [(0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (5, 7, 0)]),
    ):
        landmarks = vtk.vtkPoints()
        for value in values:
            landmarks.InsertNextPoint(value)
        points(landmarks)
    bend.SetAndObserveTransformToParent(spline)
    volume.SetAndObserveTransformNodeID(bend.GetID())

    with pytest.raises(InputError, match="not linear"):
        boxFromRoi(roi, volume)
