"""Any file to a view: what the file holds decides which reader is asked, not what it is called."""

from __future__ import annotations

from pathlib import Path

from mammopair.errors import InputError
from mammopair.view import View

FORMATS = "a mammogram in DICOM, PNG, TIFF, JPEG, NRRD or MetaImage"


def read_view(path: Path, *, on_demand: bool = False) -> View:
    """Read one mammogram from one file.

    Parameters
    ----------
    path
        The file.
    on_demand
        Whether the pixels of a DICOM file are worked out only where they are looked at; see
        :func:`~mammopair.io.dicom.read_dicom_on_demand`.

    Raises
    ------
    InputError
        One sentence naming the file, what was found, and what would do.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(path, f"is a folder; give the file of {FORMATS}")
    try:
        with path.open("rb") as file:
            start = file.read(1024)
    except FileNotFoundError as error:
        raise InputError(path, "there is no such file; check its path") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror or error}") from error
    if not start:
        raise InputError(path, f"is empty; give the file of {FORMATS}")

    from mammopair.io.image_file import read_image, recognise

    if start[128:132] != b"DICM" and recognise(start):
        return read_image(path)

    from mammopair.io.dicom import NOT_DICOM, read_dicom, read_dicom_on_demand

    try:
        return read_dicom_on_demand(path) if on_demand else read_dicom(path)
    except InputError as error:
        if error.problem == NOT_DICOM:
            raise InputError(path, f"is not an image; give {FORMATS}") from error
        raise
