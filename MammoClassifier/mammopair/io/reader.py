"""Read any supported image file as a view."""

from __future__ import annotations

from pathlib import Path

from mammopair.errors import InputError
from mammopair.io.dicom import NotDicomError, read_dicom
from mammopair.io.image_file import detect_format, read_image
from mammopair.view import View

FORMATS = "DICOM, PNG, TIFF, JPEG, NRRD or MetaImage"


def read_view(path: Path, *, on_demand: bool = False) -> View:
    """Read one mammogram from one file; its content, not its name, selects the format.

    Parameters
    ----------
    path
        The file.
    on_demand
        Whether the display values of a DICOM file are computed only when they are accessed; see
        :func:`~mammopair.io.dicom.read_dicom`.

    Raises
    ------
    InputError
        If the file cannot be read or is not a single 2-D greyscale mammogram.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(path, f"is a folder; select a file in {FORMATS} format")
    try:
        with path.open("rb") as file:
            start = file.read(1024)
    except FileNotFoundError as error:
        remedy = "check the path"
        if "\\" in str(path):
            remedy = "write / instead of \\ between folders, and no drive letter"
        raise InputError(path, f"does not exist; {remedy}") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror or error}") from error
    if not start:
        raise InputError(path, f"is empty; select a file in {FORMATS} format")
    if start[128:132] != b"DICM" and detect_format(start):
        return read_image(path)
    try:
        return read_dicom(path, on_demand=on_demand)
    except NotDicomError as error:
        problem = f"is not an image in a supported format; select a file in {FORMATS} format"
        raise InputError(path, problem) from error
