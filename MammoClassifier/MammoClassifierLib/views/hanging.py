"""How views hang in the two slice views: upright, chest wall to chest wall.

The CC view is at the left with its chest wall to the right, the MLO view at the right with its
chest wall to the left, so one of the two is shown mirrored; :func:`hangView` says which. The
volumes are not touched: it is the slice planes that turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from MammoClassifierLib.scene.geometry import ijkToWorld, toMatrix
from MammoClassifierLib.scene.volumes import dicomFile, pixelsOf
from MammoClassifierLib.views.layout import VIEWS, sliceLogic
from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSliceCompositeNode

WALL = {"CC": "right", "MLO": "left"}
"""The side of its slice view at which a projection's chest wall is shown."""


def hangView(projection: str, volume: vtkMRMLScalarVolumeNode | None) -> bool:
    """Show a volume in its slice view.

    Returns
    -------
    bool
        Whether it is shown mirrored.

    Raises
    ------
    InputError
        If it lies under a transform that is not linear.
    """
    logic = sliceLogic(projection)
    if logic is None:
        return False
    composite = logic.GetSliceCompositeNode()
    _keepOthersOut(composite)
    composite.SetBackgroundVolumeID(volume.GetID() if volume else None)
    if volume is None or volume.GetImageData() is None:
        return False
    turn = turnOf(projection, volume)
    node = logic.GetSliceNode()
    node.GetSliceToRAS().DeepCopy(toMatrix(sliceToWorld(volume, turn)))
    node.UpdateMatrices()
    logic.FitSliceToBackground()
    return turn.mirrored


def clearViews() -> None:
    """Take everything out of both slice views."""
    for projection in VIEWS:
        logic = sliceLogic(projection)
        if logic is not None:
            composite = logic.GetSliceCompositeNode()
            composite.SetBackgroundVolumeID(None)
            composite.SetForegroundVolumeID(None)
            composite.SetLabelVolumeID(None)


@dataclass(frozen=True)
class Turn:
    """What is done to the stored rows and columns for display."""

    mirrored: bool = False
    flipped: bool = False


def turnOf(projection: str, volume: vtkMRMLScalarVolumeNode) -> Turn:
    """The turn that brings a volume's chest wall to its side, and its head upwards.

    Patient Orientation decides where the DICOM file has it; else the pixels, as far as they
    tell.
    """
    from pathlib import Path

    import numpy as np

    try:
        from mammopair.io.dicom import read_header
        from mammopair.results.hanging_protocol import chest_wall, hang
        from mammopair.view import View
    except ImportError:  # what the engine needs is not installed yet
        return Turn()
    try:
        stored = pixelsOf(volume)
        path = dicomFile(volume)
        header = read_header(path) if path else None
    except InputError:
        return Turn()
    view = View(
        pixels=np.asarray(stored, dtype=np.float32) - np.float32(stored.min()),
        source=Path(volume.GetName()),
        projection=header.projection if header else None,
        orientation=header.orientation if header else None,
    )
    wall = chest_wall(view)
    upright = hang(view, header.laterality if header and header.laterality else "")
    return Turn(wall is not None and wall != WALL[projection], upright.flipped)


def sliceToWorld(volume: vtkMRMLScalarVolumeNode, turn: Turn) -> npt.NDArray[np.float64]:
    """``(4, 4)``: the slice plane in which rows lead downwards and columns to the right.

    Mirrored, columns lead to the left; flipped, rows lead upwards. The plane is the volume's own,
    through its middle, whatever transforms lie above it; where these shear, rows and columns are
    made square again.
    """
    import numpy as np

    toWorld = ijkToWorld(volume)
    columns, rows = volume.GetImageData().GetDimensions()[:2]
    right = toWorld[:3, 0] / np.linalg.norm(toWorld[:3, 0])
    down = toWorld[:3, 1] - right * (right @ toWorld[:3, 1])
    down /= np.linalg.norm(down)
    if turn.mirrored:
        right = -right
    if turn.flipped:
        down = -down
    plane = np.eye(4)
    plane[:3, 0], plane[:3, 1], plane[:3, 2] = right, -down, np.cross(right, -down)
    plane[:3, 3] = (toWorld @ ((columns - 1) / 2, (rows - 1) / 2, 0.0, 1.0))[:3]
    return plane


def _keepOthersOut(composite: vtkMRMLSliceCompositeNode) -> None:
    """Loading something else, or moving another view, does not disturb the hanging."""
    composite.SetDoPropagateVolumeSelection(False)
    composite.SetLinkedControl(0)
