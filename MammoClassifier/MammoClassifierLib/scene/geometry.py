"""Volumes and ROIs in world coordinates, and the box on a view that a ROI marks.

IJK coordinates have integers at pixel centres. View coordinates have their origin at the top left
corner of the first pixel (:class:`mammopair.view.View`). ``mammopair.crop`` converts between them.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import vtk
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLTransformableNode, vtkMRMLVolumeNode

    from mammopair.crop import CropSquare
    from mammopair.view import Box

HALF_SLICE = 0.5
"""Half the thickness of a slice, in IJK units."""


def ijkToWorld(volume: vtkMRMLVolumeNode) -> npt.NDArray[np.float64]:
    """Return the matrix from IJK to world RAS, including parent transforms, ``(4, 4)``.

    Raises
    ------
    InputError
        If a parent transform is not linear.
    """
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return nodeToWorld(volume) @ toArray(matrix)


def nodeToWorld(node: vtkMRMLTransformableNode) -> npt.NDArray[np.float64]:
    """Return the matrix of a node's parent transforms to world RAS, ``(4, 4)``.

    Raises
    ------
    InputError
        If a parent transform is not linear.
    """
    matrix = vtk.vtkMatrix4x4()
    parent = node.GetParentTransformNode()
    if parent is not None:
        if not parent.IsTransformToWorldLinear():
            problem = _("has a parent transform that is not linear; harden or remove it")
            raise InputError(node.GetName(), problem)
        parent.GetMatrixTransformToWorld(matrix)
    return toArray(matrix)


def boxFromRoi(roi: vtkMRMLMarkupsROINode, volume: vtkMRMLVolumeNode) -> Box:
    """Return the box that a ROI marks on a view, in view coordinates.

    The ROI is a box in space and may be rotated. The box is the bounding rectangle, along rows
    and columns, of its intersection with the image plane.

    Raises
    ------
    InputError
        If the ROI has not been placed, has no size, or does not intersect the image plane.
    """
    from mammopair.crop import from_pixel_index
    from mammopair.view import Box

    if roi.GetNumberOfControlPoints() == 0:
        raise InputError(roi.GetName(), _("has no size; draw it around the mass"))
    corners = _cornersInIjk(roi, volume)
    points = _intersectSlice(corners)
    if len(points) == 0:
        problem = _("does not intersect the image plane of {volume}; draw it on that view")
        raise InputError(roi.GetName(), problem.format(volume=volume.GetName()))
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = float(high[0] - low[0]), float(high[1] - low[1])
    if width <= 0 or height <= 0:
        raise InputError(roi.GetName(), _("has no size; draw it around the mass"))
    return Box(from_pixel_index(float(low[0])), from_pixel_index(float(low[1])), width, height)


def fitRoiToBox(roi: vtkMRMLMarkupsROINode, volume: vtkMRMLVolumeNode, box: Box) -> None:
    """Place a ROI so that it marks a box on a view; the inverse of :func:`boxFromRoi`.

    If the image is rotated relative to the axes of the ROI node, the ROI is rotated with it.
    """
    import numpy as np

    from mammopair.crop import to_pixel_index

    toWorld = ijkToWorld(volume)
    x, y = box.centre
    centre = (toWorld @ (to_pixel_index(x), to_pixel_index(y), 0.0, 1.0))[:3]
    extent = np.linalg.norm(toWorld[:3, :3], axis=0)
    directions = toWorld[:3, :3] / extent
    directions[:, 2] = np.cross(directions[:, 0], directions[:, 1])

    objectToWorld = np.eye(4)
    objectToWorld[:3, :3], objectToWorld[:3, 3] = directions, centre
    objectToNode = np.linalg.inv(nodeToWorld(roi)) @ objectToWorld
    roi.SetSize(box.width * extent[0], box.height * extent[1], max(extent))
    roi.SetAndObserveObjectToNodeMatrix(toMatrix(objectToNode))


def gridToIjk(square: CropSquare, cells: int) -> npt.NDArray[np.float64]:
    """Return the matrix from the IJK of a grid over a square to the IJK of the view, ``(4, 4)``.

    Parameters
    ----------
    square
        The square of the view that the grid covers.
    cells
        Number of cells in each direction.
    """
    import numpy as np

    from mammopair.crop import to_pixel_index

    matrix = np.diag([*square.cell_size(cells), 1.0, 1.0])
    x, y = square.to_view(0.0, 0.0, cells)
    matrix[:2, 3] = to_pixel_index(x), to_pixel_index(y)
    return matrix


def toArray(matrix: vtk.vtkMatrix4x4) -> npt.NDArray[np.float64]:
    """Convert a VTK matrix to an array ``(4, 4)``."""
    import numpy as np

    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def toMatrix(array: npt.NDArray[np.float64]) -> vtk.vtkMatrix4x4:
    """Convert an array ``(4, 4)`` to a VTK matrix."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(array.ravel().tolist())
    return matrix


def _cornersInIjk(roi: vtkMRMLMarkupsROINode, volume: vtkMRMLVolumeNode) -> npt.NDArray[np.float64]:
    """Return the corners of the ROI in the volume's IJK, ``(8, 3)``, in binary order."""
    import numpy as np

    half = np.array(roi.GetSize()) / 2
    corners = np.array([(*(half * signs), 1.0) for signs in product((-1, 1), repeat=3)])
    toIjk = np.linalg.inv(ijkToWorld(volume)) @ toArray(roi.GetObjectToWorldMatrix())
    return (corners @ toIjk.T)[:, :3]


def _intersectSlice(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return i and j of the points that span the box's part in the slice, ``(n, 2)``.

    Empty if the box does not intersect the slice.
    """
    import numpy as np

    edges = [(a, b) for a, b in combinations(range(8), 2) if (a ^ b) in (1, 2, 4)]
    inside = [corner for corner in corners if abs(corner[2]) <= HALF_SLICE]
    for plane in (-HALF_SLICE, 0.0, HALF_SLICE):
        for first, second in edges:
            start, end = corners[first], corners[second]
            if (start[2] - plane) * (end[2] - plane) < 0:
                inside.append(start + (end - start) * (plane - start[2]) / (end[2] - start[2]))
    centred = [point for point in inside if abs(point[2]) < 1e-6]
    return np.array(centred or inside).reshape(-1, 3)[:, :2]
