"""Display of a volume in its slice view: upright, and chest wall to chest wall.

The CC view is on the left with its chest wall at the right, the MLO view on the right with its
chest wall at the left, so one of them is displayed mirrored. Only the slice planes are changed,
not the volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from MammoClassifierLib.scene.dicom_source import readDicomHeader
from MammoClassifierLib.scene.geometry import ijkToWorld, toMatrix
from MammoClassifierLib.scene.volumes import pixelsFromVolume
from MammoClassifierLib.views.layout import VIEWS, sliceLogic
from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSliceCompositeNode

CHEST_WALL = {"CC": "right", "MLO": "left"}
"""The side of its slice view where the chest wall of a projection is displayed."""


@dataclass(frozen=True)
class Orientation:
    """What is done to the stored rows and columns for display."""

    mirrored: bool = False
    """Left and right are exchanged."""
    flipped: bool = False
    """Top and bottom are exchanged."""


def hangVolume(projection: str, volume: vtkMRMLScalarVolumeNode | None) -> bool:
    """Display a volume in the slice view of a projection; None empties the view.

    Returns
    -------
    bool
        Whether the volume is displayed mirrored.

    Raises
    ------
    InputError
        If a parent transform of the volume is not linear.
    """
    logic = sliceLogic(projection)
    if logic is None:
        return False
    composite = logic.GetSliceCompositeNode()
    _disconnectFromOtherViews(composite)
    composite.SetBackgroundVolumeID(volume.GetID() if volume else None)
    if volume is None or volume.GetImageData() is None:
        return False
    orientation = displayOrientation(projection, volume)
    node = logic.GetSliceNode()
    node.GetSliceToRAS().DeepCopy(toMatrix(sliceToWorld(volume, orientation)))
    node.UpdateMatrices()
    logic.FitSliceToBackground()
    return orientation.mirrored


def clearViews() -> None:
    """Remove all volumes from both slice views."""
    for projection in VIEWS:
        logic = sliceLogic(projection)
        if logic is not None:
            composite = logic.GetSliceCompositeNode()
            composite.SetBackgroundVolumeID(None)
            composite.SetForegroundVolumeID(None)
            composite.SetLabelVolumeID(None)


def displayOrientation(projection: str, volume: vtkMRMLScalarVolumeNode) -> Orientation:
    """Return how a volume is turned so that it is upright with its chest wall at the inner side.

    Patient Orientation of the DICOM file determines it if the file states it, else the pixels. If
    neither does, or a package of the engine is not installed, the volume is not turned.
    """
    try:
        from mammopair.io.viewer_pixels import subtract_darkest
        from mammopair.results.hanging_protocol import chest_wall, hang
        from mammopair.view import View

        stored = pixelsFromVolume(volume)
        header = readDicomHeader(volume)
    except (ImportError, InputError):
        return Orientation()
    view = View(
        pixels=subtract_darkest(stored),
        source=Path(volume.GetName()),
        projection=header.projection if header else None,
        orientation=header.orientation if header else None,
    )
    wall = chest_wall(view)
    upright = hang(view, header.laterality if header and header.laterality else "")
    return Orientation(
        mirrored=wall is not None and wall != CHEST_WALL[projection], flipped=upright.flipped
    )


def sliceToWorld(
    volume: vtkMRMLScalarVolumeNode, orientation: Orientation
) -> npt.NDArray[np.float64]:
    """Return the slice plane through the middle of a volume, in its own plane, ``(4, 4)``.

    Rows lead downwards and columns to the right; to the left if mirrored, upwards if flipped. If
    parent transforms shear the volume, the axes of the plane are made perpendicular.

    Raises
    ------
    InputError
        If a parent transform is not linear.
    """
    import numpy as np

    toWorld = ijkToWorld(volume)
    columns, rows = volume.GetImageData().GetDimensions()[:2]
    right = toWorld[:3, 0] / np.linalg.norm(toWorld[:3, 0])
    down = toWorld[:3, 1] - right * (right @ toWorld[:3, 1])
    down /= np.linalg.norm(down)
    if orientation.mirrored:
        right = -right
    if orientation.flipped:
        down = -down
    plane = np.eye(4)
    plane[:3, 0], plane[:3, 1], plane[:3, 2] = right, -down, np.cross(right, -down)
    plane[:3, 3] = (toWorld @ ((columns - 1) / 2, (rows - 1) / 2, 0.0, 1.0))[:3]
    return plane


def _disconnectFromOtherViews(composite: vtkMRMLSliceCompositeNode) -> None:
    """Keep volumes loaded later, and actions in other views, from changing this view."""
    composite.SetDoPropagateVolumeSelection(False)
    composite.SetLinkedControl(0)
