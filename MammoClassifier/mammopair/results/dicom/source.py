"""The source image of a result: its header, and the plane in which results are placed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.dicom import open_dataset
from mammopair.io.dicom_attributes import get_text, get_value
from mammopair.io.dicom_header import parse_header
from mammopair.io.image_file import detect_format
from mammopair.record import ViewResult
from mammopair.results.dicom.uids import plane_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

REQUIRED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
"""An image without these cannot be referred to."""
LEFT_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
"""highdicom requires these; the identity is copied from the source image afterwards."""
LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
"""An object derived from an image with lossy compression must have its values."""


@dataclass(frozen=True)
class Source:
    """The result of a view and the header of its image."""

    result: ViewResult
    header: Dataset
    """The header without pixels, as in the file."""
    spacing: tuple[float, float]
    """Millimetres between rows and between columns; 1.0 where unknown."""

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
        If the file cannot be read or is not a DICOM file, is another image than that of the
        record, or lacks a UID that references need.
    """
    path = Path(result.file)
    try:
        with path.open("rb") as stream:
            start = stream.read(1024)
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({error.strerror}); DICOM results need the original image"
        ) from error
    if start[128:132] != b"DICM" and detect_format(start):
        raise InputError(
            path,
            "is not a DICOM file, so DICOM results cannot refer to it; classify the DICOM "
            "original, or omit --dicom",
        )
    header = open_dataset(path, pixels=False)
    for keyword in REQUIRED:
        if not get_text(header, keyword):
            raise InputError(
                path,
                f"has no {keyword}, so DICOM results cannot refer to it; export the image again "
                "from its archive",
            )
    if get_text(header, "SOPInstanceUID") != result.sop_uid:
        raise InputError(
            path,
            f"contains image {get_text(header, 'SOPInstanceUID')}, but the record is about image "
            f"{result.sop_uid or 'without UID'}; classify the file again",
        )
    spacing = parse_header(header, path).spacing
    return Source(result, header, (spacing.row, spacing.column) if spacing else (1.0, 1.0))


def describe_source(source: Source) -> Dataset:
    """Return what highdicom needs of a source image: identity, size and plane.

    A projection has no position in the patient, but a Parametric Map must have one, and most
    readers require one of a Segmentation. Both are placed in the plane of the image: a frame of
    reference of this image alone, with the origin at the centre of the first pixel, rows along x
    and columns along y. Slicer and other viewers place images without a position there.
    """
    from pydicom.dataset import Dataset

    image = Dataset()
    for keyword in REQUIRED:
        setattr(image, keyword, get_text(source.header, keyword))
    for keyword in LEFT_EMPTY:
        setattr(image, keyword, "")
    image.Modality = "MG"
    image.Rows, image.Columns = source.shape
    image.FrameOfReferenceUID = plane_uid(source.result.sop_uid)
    image.PositionReferenceIndicator = ""
    image.ImagePositionPatient = [0.0, 0.0, 0.0]
    image.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    image.PixelSpacing = list(source.spacing)
    image.SliceThickness = 1.0
    copy_lossy_compression(source, image)
    return image


def copy_lossy_compression(source: Source, target: Dataset) -> None:
    """Copy what the header of an image states about lossy compression."""
    for keyword in LOSSY:
        if get_value(source.header, keyword) is not None:
            setattr(target, keyword, get_value(source.header, keyword))
