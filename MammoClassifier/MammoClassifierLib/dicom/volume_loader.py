"""Loading of a DICOM mammogram as a volume: pixels, window, orientation and attributes.

All of it comes from the engine's reader. The volume lies in the axial plane, which Slicer's Red
view displays, oriented as a radiologist expects it: upright, with the chest wall of the right
breast at the right and of the left breast at the left.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
import vtk

from MammoClassifierLib.scene.dicom_source import FILE, INSTANCES
from MammoClassifierLib.scene.volumes import LATERALITY, PATIENT, PROJECTION, WINDOW

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.io.viewer_window import WindowedValues
    from mammopair.view import View

SPACING = "MammoClassifier.spacing"
"""Attribute: where the millimetres of the volume's spacing are measured, as text."""
MAGNIFICATION = "MammoClassifier.magnification"
"""Attribute: Estimated Radiographic Magnification Factor (0018,1114), if the file states it."""
INSTANCE_NUMBERS = "DICOM.instanceNumbers"
"""Attribute that Slicer's scalar volume plug-in sets together with the instance UIDs."""

_INSTANCE_NUMBER = "0020,0013"
_MAGNIFICATION_FACTOR = "0018,1114"


def loadMammogram(file: str, name: str | None = None) -> vtkMRMLScalarVolumeNode:
    """Load a file as a volume with a display node; it is not placed in the subject hierarchy.

    Parameters
    ----------
    file
        The DICOM file.
    name
        Name of the volume; by default patient, laterality and projection.

    Raises
    ------
    InputError
        If the file cannot be read; nothing is added to the scene.
    """
    from mammopair.io.dicom import read_for_viewer

    view, windowed = read_for_viewer(Path(file))
    name = name or " ".join(part for part in (view.patient_id, view.name) if part)
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name)
    )
    # Set before the pixels; otherwise Slicer computes a window, the slowest part of loading.
    _setDisplay(node, view, windowed)
    slicer.util.updateVolumeFromArray(node, windowed.values[None])
    node.SetIJKToRASMatrix(hangingMatrix(view, windowed))
    _setAttributes(node, view, file)
    window = windowed.low, windowed.high, windowed.values.min(), windowed.values.max()
    node.SetAttribute(WINDOW, " ".join(repr(float(one)) for one in window))
    return node


def hangingMatrix(view: View, windowed: WindowedValues) -> vtk.vtkMatrix4x4:
    """Return the matrix from IJK to RAS with which an axial slice view displays the view upright.

    Columns lead to the patient's left (to the right on the screen) and rows to posterior (down);
    in the opposite direction if the view has to be mirrored or flipped. The origin is the
    displayed top left corner, and IJK is right-handed as Slicer requires it. If the file does not
    state its orientation, it is determined from the values before windowing, as in the module's
    own slice views.

    Parameters
    ----------
    view
        The view; its pixels are not used.
    windowed
        The values of the volume.
    """
    from mammopair.io.viewer_pixels import subtract_darkest
    from mammopair.results.hanging_protocol import hang

    values = subtract_darkest(windowed.values)
    hanging = hang(replace(view, pixels=values), view.laterality or "")
    rows, columns = view.pixels.shape
    column, row = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    matrix = vtk.vtkMatrix4x4()
    for axis, step, count, isReversed in (
        (0, column, columns, hanging.mirrored),
        (1, row, rows, hanging.flipped),
    ):
        matrix.SetElement(axis, axis, step if isReversed else -step)
        matrix.SetElement(axis, 3, -step * (count - 1) if isReversed else 0.0)
    matrix.SetElement(2, 2, -1.0 if hanging.mirrored != hanging.flipped else 1.0)
    return matrix


def _setAttributes(node: vtkMRMLScalarVolumeNode, view: View, file: str) -> None:
    """Store what :mod:`MammoClassifierLib.scene.volumes` reads, and the meaning of the spacing."""
    database = slicer.dicomDatabase
    isInDatabase = view.sop_uid and database.fileForInstance(view.sop_uid) == file
    for attribute, value in (
        (INSTANCES, view.sop_uid),
        (INSTANCE_NUMBERS, database.fileValue(file, _INSTANCE_NUMBER) or "?"),
        (FILE, "" if isInDatabase else file),
        (PATIENT, view.patient_id),
        (LATERALITY, view.laterality),
        (PROJECTION, view.projection),
        (SPACING, view.spacing.meaning if view.spacing else ""),
        (MAGNIFICATION, database.fileValue(file, _MAGNIFICATION_FACTOR)),
    ):
        if value:
            node.SetAttribute(attribute, str(value))


def _setDisplay(node: vtkMRMLScalarVolumeNode, view: View, windowed: WindowedValues) -> None:
    """Display in grey, with the window of the file, or one for the tissue if it states none."""
    from mammopair.results.pictures import tissue_window

    low, high = (0.0, 1.0) if windowed.stated else tissue_window(view.pixels[::8, ::8])
    width = windowed.high - windowed.low
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(windowed.low + low * width, windowed.low + high * width)
