"""A volume node as the engine's View.

Where a node knows its DICOM file the engine's one reader says which view it is and which way
its polarity goes; where it does not, node attributes, its name and the engine's checks do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.view import Intent, Laterality, Projection, Spacing, View

FILE = "MammoClassifier.file"
"""Attribute: the file that a volume was read from, where the DICOM database does not know it."""
PATIENT = "MammoClassifier.patient"
LATERALITY = "MammoClassifier.laterality"
PROJECTION = "MammoClassifier.projection"
WINDOW = "MammoClassifier.window"
"""Attribute: the values that are black and white, and the smallest and largest, when loaded."""
INSTANCES = "DICOM.instanceUIDs"
"""Attribute that Slicer's DICOM plug-ins set."""


@dataclass(frozen=True)
class VolumeIdentity:
    """What is known of a volume without looking at its pixels, as ``group_breasts`` wants it."""

    volume: vtkMRMLScalarVolumeNode
    patient_id: str = ""
    study_uid: str = ""
    laterality: Laterality | None = None
    projection: Projection | None = None
    acquired: str = ""
    modifiers: tuple[str, ...] = ()
    intent: Intent | None = None


def identifyVolume(volume: vtkMRMLScalarVolumeNode) -> VolumeIdentity:
    """Patient, study, breast and projection of a volume, from its header, attributes or name."""
    from mammopair.io.dicom import read_header
    from mammopair.io.file_names import parse_name
    from mammopair.view import Laterality, Projection

    path = dicomFile(volume)
    if path is not None:
        try:
            header = read_header(path)
        except InputError:
            return VolumeIdentity(volume)
        names = ("patient_id", "study_uid", "laterality", "projection")
        names += ("acquired", "modifiers", "intent")
        return VolumeIdentity(volume, **{name: getattr(header, name) for name in names})
    named = parse_name(volume.GetName())
    side, projection = volume.GetAttribute(LATERALITY), volume.GetAttribute(PROJECTION)
    return VolumeIdentity(
        volume,
        patient_id=volume.GetAttribute(PATIENT) or named.subject,
        study_uid="this scene",
        laterality=Laterality(side) if side else named.laterality,
        projection=Projection(projection) if projection else named.projection,
    )


def viewFromVolume(
    volume: vtkMRMLScalarVolumeNode, projection: str, laterality: str | None = None
) -> View:
    """The view that a volume holds, pixels as Slicer holds them, bright where dense.

    Parameters
    ----------
    volume
        One slice of one component.
    projection
        ``CC`` or ``MLO``, as the user chose it; counts where the volume does not know.
    laterality
        ``L`` or ``R``, likewise.

    Raises
    ------
    InputError
        If the volume is no single mammogram in shades of grey, or is another view than chosen.
    """
    from mammopair.io.view_checks import with_identity

    stored = pixelsOf(volume)
    path = dicomFile(volume)
    view = _viewFromPixels(volume, stored) if path is None else _viewFromFile(path, volume, stored)
    return with_identity(view, projection=projection, laterality=view.laterality or laterality)


def pixelsOf(volume: vtkMRMLScalarVolumeNode) -> npt.NDArray[np.generic]:
    """``(rows, columns)``: the pixels of a volume, not copied.

    Raises
    ------
    InputError
        If it is not one slice in shades of grey, or holds no picture.
    """
    import numpy as np

    name = volume.GetName()
    image = volume.GetImageData()
    if image is None or not image.GetNumberOfPoints():
        raise InputError(name, _("holds no pixels; load it again"))
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError(name, _("is a label map; choose the mammogram"))
    if image.GetNumberOfScalarComponents() != 1:
        raise InputError(name, _("is in colour; choose a mammogram in shades of grey"))
    slices = image.GetDimensions()[2]
    if slices != 1:
        problem = _("is a 3-D volume of {slices} slices; choose a single mammogram")
        raise InputError(name, problem.format(slices=slices))
    stored = slicer.util.arrayFromVolume(volume)[0]
    if stored.dtype.kind == "f" and not np.isfinite(stored).all():
        raise InputError(name, _("holds values that are not finite; load it again"))
    if stored.min() == stored.max():
        raise InputError(name, _("has the same value everywhere; there is no picture in it"))
    return stored


def dicomFile(volume: vtkMRMLScalarVolumeNode) -> Path | None:
    """The DICOM file that a volume came from, if the node knows it and it is still there."""
    candidates = [volume.GetAttribute(FILE)]
    database = getattr(slicer, "dicomDatabase", None)
    instances = (volume.GetAttribute(INSTANCES) or "").split()
    if database is not None and len(instances) == 1:
        candidates.append(database.fileForInstance(instances[0]))
    storage = volume.GetStorageNode()
    if storage is not None:
        candidates.append(storage.GetFileName())
    for candidate in candidates:
        if candidate and _isDicom(Path(candidate)):
            return Path(candidate)
    return None


def _viewFromFile(
    path: Path, volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]
) -> View:
    """The engine's view of the file, if the volume still shows what the file holds."""
    from mammopair.io.reader import read_view
    from mammopair.io.viewer_pixels import shows_same_image, stretch
    from mammopair.warning import CodedWarning

    view = read_view(path)
    if shows_same_image(stored, view.pixels):
        return view
    message = _(
        "The pixels of {volume} are not those of its DICOM file: those of the volume were taken."
    )
    warning = CodedWarning(code="edited-pixels", message=message.format(volume=volume.GetName()))
    return replace(
        view,
        pixels=_upright(stretch(stored), volume.GetName()),
        spacing=_spacingOf(volume),
        warnings=(*view.warnings, warning),
    )


def _viewFromPixels(volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]) -> View:
    """A view of a volume that does not know its file."""
    from mammopair.view import View
    from mammopair.warning import CodedWarning

    known = identifyVolume(volume)
    message = _(
        "{volume} does not know its DICOM file: bright was taken for dense, and whether it is "
        "film or digital is unknown."
    )
    warning = CodedWarning(code="no-dicom-origin", message=message.format(volume=volume.GetName()))
    return View(
        pixels=_upright(_windowed(volume, stored), volume.GetName()),
        source=Path(volume.GetName()),
        laterality=known.laterality,
        projection=known.projection,
        spacing=_spacingOf(volume),
        patient_id=known.patient_id,
        warnings=(warning,),
    )


def _upright(pixels: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    """The pixels, if the air around the breast is dark."""
    from mammopair.io.viewer_pixels import has_bright_border

    if has_bright_border(pixels):
        raise InputError(
            name, _("looks inverted, its background is bright; invert it, or load its DICOM file")
        )
    return pixels


def _windowed(
    volume: vtkMRMLScalarVolumeNode, stored: npt.NDArray[np.generic]
) -> npt.NDArray[np.float32]:
    """The pixels through the window that the volume was loaded with, if it holds the same still."""
    from mammopair.io.viewer_pixels import apply_window, stretch

    noted = [float(number) for number in (volume.GetAttribute(WINDOW) or "").split()]
    if noted[2:] != [float(stored.min()), float(stored.max())]:
        return stretch(stored)
    black, white = noted[:2]
    return apply_window(stored, black, white)


def _spacingOf(volume: vtkMRMLScalarVolumeNode) -> Spacing | None:
    """The spacing of a volume; 1 mm is what Slicer writes where the file is silent."""
    from mammopair.view import Spacing, SpacingMeaning

    across, down = volume.GetSpacing()[:2]
    if across == down == 1.0:
        return None
    return Spacing(row=down, column=across, meaning=SpacingMeaning.DECLARED)


def _isDicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
