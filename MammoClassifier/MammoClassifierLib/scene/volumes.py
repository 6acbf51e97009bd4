"""Volume nodes as views of the engine.

If a volume was loaded from a DICOM file that still exists, the engine's reader determines which
view it is and its polarity. Otherwise node attributes and the node's name do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.dicom_source import findDicomFile, readDicomHeader
from mammopair.errors import InputError
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.view import Intent, Laterality, Projection, Spacing, View

PATIENT = "MammoClassifier.patient"
LATERALITY = "MammoClassifier.laterality"
PROJECTION = "MammoClassifier.projection"
WINDOW = "MammoClassifier.window"
"""Attribute: the values shown black and white, and the smallest and largest value, at loading."""


@dataclass(frozen=True)
class VolumeIdentity:
    """What is known of a volume without its pixels; a ``mammopair.io.exam.ViewIdentity``."""

    volume: vtkMRMLScalarVolumeNode
    patient_id: str = ""
    """Without a DICOM file, what the volume's name has before the view; views are grouped by it."""
    study_uid: str = ""
    laterality: Laterality | None = None
    projection: Projection | None = None
    acquired: str = ""
    modifiers: tuple[str, ...] = ()
    intent: Intent | None = None
    shape: tuple[int, int] | None = None


def identifyVolume(volume: vtkMRMLScalarVolumeNode) -> VolumeIdentity:
    """Return patient, study, laterality and projection from a volume's header, attributes or name.

    If the header cannot be read, all fields are empty.
    """
    from mammopair.io.view_names import parse_name
    from mammopair.view import Laterality, Projection

    try:
        header = readDicomHeader(volume)
    except InputError:
        return VolumeIdentity(volume)
    if header is not None:
        return VolumeIdentity(
            volume,
            patient_id=header.patient_id,
            study_uid=header.study_uid,
            laterality=header.laterality,
            projection=header.projection,
            acquired=header.acquired,
            modifiers=header.modifiers,
            intent=header.intent,
            shape=header.shape,
        )
    named = parse_name(volume.GetName())
    laterality, projection = volume.GetAttribute(LATERALITY), volume.GetAttribute(PROJECTION)
    return VolumeIdentity(
        volume,
        patient_id=volume.GetAttribute(PATIENT) or named.subject,
        study_uid="this scene",
        laterality=Laterality(laterality) if laterality else named.laterality,
        projection=Projection(projection) if projection else named.projection,
        modifiers=named.modifiers,
        shape=_shapeOf(volume),
    )


def viewFromVolume(
    volume: vtkMRMLScalarVolumeNode, projection: str, laterality: str | None = None
) -> View:
    """Return a volume as a view, bright where dense, in the orientation of the volume's rows.

    Parameters
    ----------
    volume
        One slice with one component.
    projection
        ``CC`` or ``MLO``, as chosen by the user.
    laterality
        ``L`` or ``R``; used only if the volume does not state its own, or contradictory ones.

    Raises
    ------
    InputError
        If the volume is not a single grey-scale mammogram, its laterality is unknown, or it is
        another projection than the chosen one.
    """
    from mammopair.io.view_checks import with_identity

    stored = pixelsFromVolume(volume)
    path = findDicomFile(volume)
    view = _viewFromPixels(volume, stored) if path is None else _viewFromFile(path, volume, stored)
    if view.laterality is None and laterality is None:
        problem = _("does not state the laterality; choose right or left under Laterality")
        raise InputError(volume.GetName(), problem)
    isContradictory = any(one.code == "laterality-conflict" for one in view.warnings)
    side = laterality if isContradictory and laterality else view.laterality or laterality
    return with_identity(view, projection=projection, laterality=side)


def pixelsFromVolume(volume: vtkMRMLScalarVolumeNode) -> npt.NDArray[np.generic]:
    """Return the pixels of a volume, ``(rows, columns)``, without copying them.

    Raises
    ------
    InputError
        If the volume is not one grey-scale slice, or its pixels are not finite or all equal.
    """
    from mammopair.io.image_kind import is_mask

    name = volume.GetName()
    image = volume.GetImageData()
    if image is None or not image.GetNumberOfPoints():
        raise InputError(name, _("has no pixels; load it again"))
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError(name, _("is a label map; choose a mammogram"))
    if image.GetNumberOfScalarComponents() != 1:
        raise InputError(name, _("is a colour image; choose a grey-scale mammogram"))
    slices = image.GetDimensions()[2]
    if slices != 1:
        problem = _("is a 3-D volume of {slices} slices; choose a single mammogram")
        raise InputError(name, problem.format(slices=slices))
    stored = slicer.util.arrayFromVolume(volume)[0]
    low, high = float(stored.min()), float(stored.max())
    if not (isfinite(low) and isfinite(high)):
        raise InputError(name, _("has pixels that are not finite numbers; load it again"))
    if low == high:
        raise InputError(name, _("has the same value in every pixel; choose a mammogram"))
    if is_mask(stored):
        raise InputError(name, _("has pixels of only two values and is a mask; choose a mammogram"))
    return stored


def isMaskVolume(volume: vtkMRMLScalarVolumeNode) -> bool:
    """Return whether the pixels of a volume of one slice are those of a mask."""
    from mammopair.io.image_kind import is_mask

    stored = slicer.util.arrayFromVolume(volume)[0]
    return bool(stored.min() != stored.max()) and is_mask(stored)


def _shapeOf(volume: vtkMRMLScalarVolumeNode) -> tuple[int, int] | None:
    image = volume.GetImageData()
    if image is None:
        return None
    columns, rows, _slices = image.GetDimensions()
    return rows, columns


def _viewFromFile(
    path: Path, volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]
) -> View:
    """Return the file's view; with the volume's pixels and a warning if these were edited."""
    from mammopair.io.reader import read_view
    from mammopair.io.viewer_pixels import shows_same_image, stretch

    view = read_view(path)
    if shows_same_image(stored, view.pixels):
        return view
    message = _(
        "The pixels of {volume} differ from those of its DICOM file; the pixels of the volume "
        "were classified."
    )
    warning = CodedWarning(code="edited-pixels", message=message.format(volume=volume.GetName()))
    return replace(
        view,
        pixels=_checkPolarity(stretch(stored), volume.GetName()),
        spacing=_spacingOf(volume),
        warnings=(*view.warnings, warning),
    )


def _viewFromPixels(volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]) -> View:
    from mammopair.view import View

    identity = identifyVolume(volume)
    message = _(
        "{volume} has no DICOM file: bright pixels were taken as dense tissue, and whether it is "
        "a film or a digital mammogram is unknown."
    )
    warning = CodedWarning(code="no-dicom-origin", message=message.format(volume=volume.GetName()))
    return View(
        pixels=_checkPolarity(_displayedPixels(volume, stored), volume.GetName()),
        source=Path(volume.GetName()),
        laterality=identity.laterality,
        projection=identity.projection,
        spacing=_spacingOf(volume),
        patient_id=volume.GetAttribute(PATIENT) or "",
        warnings=(warning,),
    )


def _checkPolarity(pixels: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    from mammopair.io.viewer_pixels import has_bright_border

    if has_bright_border(pixels):
        problem = _(
            "has a bright background and is probably inverted; load its DICOM file or invert it"
        )
        raise InputError(name, problem)
    return pixels


def _displayedPixels(
    volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]
) -> npt.NDArray[np.float32]:
    """Apply the window that the volume was loaded with, unless its values changed since."""
    from mammopair.io.viewer_pixels import apply_window, stretch

    window = [float(number) for number in (volume.GetAttribute(WINDOW) or "").split()]
    if window[2:] != [float(stored.min()), float(stored.max())]:
        return stretch(stored)
    black, white = window[:2]
    return apply_window(stored, black, white)


def _spacingOf(volume: vtkMRMLScalarVolumeNode) -> Spacing | None:
    """Return the spacing of a volume; None for 1 mm, Slicer's value for an unknown spacing."""
    from mammopair.view import Spacing, SpacingMeaning

    column, row = volume.GetSpacing()[:2]
    if column == row == 1.0:
        return None
    return Spacing(row=row, column=column, meaning=SpacingMeaning.DECLARED)
