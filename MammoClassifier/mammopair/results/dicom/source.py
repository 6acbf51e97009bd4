"""The image that a result refers to: its header, and the plane that results are laid in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.dicom import open_dataset
from mammopair.io.dicom_attributes import get_text, get_value
from mammopair.io.dicom_header import parse_header
from mammopair.record import ViewResult
from mammopair.results.dicom.uids import plane_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
"""Without these nothing can refer to an image, nor be filed beside it."""
TO_BE_FILLED = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
"""highdicom asks for these; whose they are is carried over afterwards, as it stands."""

LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
"""What has once been compressed with loss has to say so in all that is derived from it."""


@dataclass(frozen=True)
class Source:
    """A view's result and the header of the image that it is about."""

    result: ViewResult
    header: Dataset
    """As the file has it, without pixels."""
    spacing: tuple[float, float]
    """Millimetres between rows and between columns; 1.0 where the file does not tell."""

    @property
    def study(self) -> str:
        """Study Instance UID."""
        return get_text(self.header, "StudyInstanceUID")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.header.Rows), int(self.header.Columns)


def read_source(result: ViewResult) -> Source:
    """Read the header of a view's file.

    Raises
    ------
    InputError
        If the file is no DICOM file, is another image than the record's, or lacks a UID without
        which no object can refer to it.
    """
    from mammopair.io.image_file import detect_format

    path = Path(result.file)
    try:
        with path.open("rb") as stream:
            start = stream.read(1024)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if start[128:132] != b"DICM" and detect_format(start):
        raise InputError(
            path,
            "is not a DICOM file, so no DICOM result can refer to it; classify the DICOM "
            "original, or leave DICOM results out",
        )
    header = open_dataset(path, pixels=False)
    for keyword in NEEDED:
        if not get_text(header, keyword):
            raise InputError(
                path,
                f"has no {keyword}, so no DICOM result can refer to it; export it again from "
                "where it is kept",
            )
    if get_text(header, "SOPInstanceUID") != result.sop_uid:
        raise InputError(
            path,
            f"is image {get_text(header, 'SOPInstanceUID')}, but the record is about image "
            f"{result.sop_uid or 'without UID'}; classify again",
        )
    spacing = parse_header(header, path).spacing
    return Source(result, header, (spacing.row, spacing.column) if spacing else (1.0, 1.0))


def reference(source: Source) -> Dataset:
    """What highdicom must know of a source image: which it is, how large, and in which plane.

    A projection has no place in the patient, but a Parametric Map must have one, and most readers
    want one of a Segmentation. Both lie in the image's own plane: a frame of reference of this
    image alone, origin in the centre of its first pixel, rows along x, columns along y, which is
    where Slicer and other viewers put an image that does not say where it is.
    """
    from pydicom.dataset import Dataset

    image = Dataset()
    for keyword in NEEDED:
        setattr(image, keyword, get_text(source.header, keyword))
    for keyword in TO_BE_FILLED:
        setattr(image, keyword, "")
    image.Modality = "MG"
    image.Rows, image.Columns = source.shape
    image.FrameOfReferenceUID = plane_uid(source.result.sop_uid)
    image.PositionReferenceIndicator = ""
    image.ImagePositionPatient = [0.0, 0.0, 0.0]
    image.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    image.PixelSpacing = list(source.spacing)
    image.SliceThickness = 1.0
    for keyword in LOSSY:
        if get_value(source.header, keyword) is not None:
            setattr(image, keyword, get_value(source.header, keyword))
    return image
