"""A DICOM mammogram as a volume of the scene: pixels, window, place and what is known of it.

All of it comes from the engine's reader. A volume lies in the axial plane, which Slicer's Red
view shows, and the way round that a radiologist hangs it: upright, the chest wall of the right
breast at the right and of the left breast at the left.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
import vtk

from MammoClassifierLib.scene.volumes import (
    FILE,
    INSTANCES,
    LATERALITY,
    PATIENT,
    PROJECTION,
    WINDOW,
)

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.io.viewer_window import WindowedValues
    from mammopair.view import View

SPACING = "MammoClassifier.spacing"
"""Attribute: where the millimetres of a volume's spacing are measured, in words."""
MAGNIFICATION = "MammoClassifier.magnification"
"""Attribute: Estimated Radiographic Magnification Factor, where the file states one."""
INSTANCE_NUMBERS = "DICOM.instanceNumbers"
"""Attribute that Slicer's scalar volume plug-in sets beside the instance UIDs."""

_INSTANCE_NUMBER = "0020,0013"
_MAGNIFICATION_FACTOR = "0018,1114"


def loadMammogram(file: str, name: str | None = None) -> vtkMRMLScalarVolumeNode:
    """Read a file and add it to the scene, displayed but in no hierarchy yet.

    Parameters
    ----------
    file
        The DICOM file.
    name
        What to call the volume; patient, breast and projection where it is None.

    Raises
    ------
    InputError
        If it cannot be read; the scene is as it was.
    """
    from mammopair.io.dicom import read_for_viewer

    view, windowed = read_for_viewer(Path(file))
    name = name or " ".join(part for part in (view.patient_id, view.name) if part)
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name)
    )
    # Before there are pixels, or Slicer works out a window of its own, which takes longest.
    _setDisplay(node, view, windowed)
    slicer.util.updateVolumeFromArray(node, windowed.values[None])
    node.SetIJKToRASMatrix(hangingMatrix(view, windowed))
    _noteAttributes(node, view, file)
    ends = windowed.low, windowed.high, windowed.values.min(), windowed.values.max()
    node.SetAttribute(WINDOW, " ".join(repr(float(one)) for one in ends))
    return node


def hangingMatrix(view: View, windowed: WindowedValues) -> vtk.vtkMatrix4x4:
    """IJK to RAS: in an axial slice view the volume hangs as a radiologist expects it.

    There, columns lead to the patient's left (the right of the screen) and rows to the back
    (down), and the other way round where the view has to be mirrored or flipped. The corner
    that is shown top left lies at the origin. IJK stays right-handed, as Slicer wants it.
    Where the file does not say how it lies, the values tell, before a window cuts any off; the
    module's own hanging asks the same ones.
    """
    import numpy as np

    from mammopair.results.hanging_protocol import hang

    values = windowed.values.astype(np.float32)
    turn = hang(replace(view, pixels=values - values.min()), view.laterality or "")
    rows, columns = view.pixels.shape
    across, down = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    matrix = vtk.vtkMatrix4x4()
    for axis, step, count, turned in (
        (0, across, columns, turn.mirrored),
        (1, down, rows, turn.flipped),
    ):
        matrix.SetElement(axis, axis, step if turned else -step)
        matrix.SetElement(axis, 3, -step * (count - 1) if turned else 0.0)
    matrix.SetElement(2, 2, -1.0 if turn.mirrored != turn.flipped else 1.0)
    return matrix


def _noteAttributes(node: vtkMRMLScalarVolumeNode, view: View, file: str) -> None:
    """What the module asks a volume for (see ``volumes``), and what spacing means."""
    database = slicer.dicomDatabase
    factor = database.fileValue(file, _MAGNIFICATION_FACTOR)
    known = view.sop_uid and database.fileForInstance(view.sop_uid) == file
    for attribute, value in (
        (INSTANCES, view.sop_uid),
        (INSTANCE_NUMBERS, database.fileValue(file, _INSTANCE_NUMBER) or "?"),
        (FILE, "" if known else file),
        (PATIENT, view.patient_id),
        (LATERALITY, view.laterality),
        (PROJECTION, view.projection),
        (SPACING, view.spacing.meaning if view.spacing else ""),
        (MAGNIFICATION, factor),
    ):
        if value:
            node.SetAttribute(attribute, str(value))


def _setDisplay(node: vtkMRMLScalarVolumeNode, view: View, windowed: WindowedValues) -> None:
    """Grey, in the window of the file; where it states none, in one that suits the tissue."""
    from mammopair.results.pictures import tissue_window

    low, high = (0.0, 1.0) if windowed.stated else tissue_window(view.pixels[::8, ::8])
    span = windowed.high - windowed.low
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(windowed.low + low * span, windowed.low + high * span)
