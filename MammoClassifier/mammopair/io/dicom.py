"""One DICOM file to one view: the only place where mammograms in DICOM become pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.attributes import text, value
from mammopair.io.greyscale import Presentation, ShownPixels, read_presentation
from mammopair.io.headers import Header, describe
from mammopair.io.image_checks import NO_PIXELS, admit
from mammopair.io.pixel_data import stored_values
from mammopair.io.viewer_window import WindowedValues, to_windowed
from mammopair.view import View
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom.dataset import Dataset

NOT_DICOM = "is not a DICOM file"
DAMAGED = "is a DICOM file that was cut off or damaged; copy or export it again"


def read_dicom(path: Path) -> View:
    """Read a mammogram from a DICOM file.

    Pixels go through modality, VOI and presentation steps (:mod:`~mammopair.io.greyscale`)
    and keep their stored orientation.

    Raises
    ------
    InputError
        If the file is not DICOM, not one single mammogram in shades of grey, is damaged, is in a
        transfer syntax that nothing installed decodes, or shows one single value.
    """
    view = read_dicom_on_demand(path)
    return replace(view, pixels=view.pixels[:, :])


def read_dicom_on_demand(path: Path) -> View:
    """As :func:`read_dicom`, but pixels are shown where they are looked at.

    For those who need a small part of a film: the view's ``pixels`` have a ``shape``, and slices
    of them are the same arrays.
    """
    view, _stored, _presentation = _read(Path(path))
    return view


def read_for_viewer(path: Path) -> tuple[View, WindowedValues]:
    """Read a mammogram for a viewer that has a window of its own.

    Returns
    -------
    tuple of View and WindowedValues
        As :func:`read_dicom`, and the values and the window that show the same.

    Raises
    ------
    InputError
        As :func:`read_dicom`.
    """
    view, stored, presentation = _read(Path(path))
    view = replace(view, pixels=view.pixels[:, :])
    return view, to_windowed(stored, presentation, view.pixels)  # type: ignore[arg-type]


def read_header(path: Path) -> Header:
    """Read what the header of a mammogram tells, without its pixels.

    Raises
    ------
    InputError
        As :func:`read_dicom`, save for what only the pixels show.
    """
    return _read_header(open_dataset(Path(path), pixels=False), Path(path))


def _read(path: Path) -> tuple[View, npt.NDArray[np.generic], Presentation]:
    """A view, the stored values that it was made of, and how."""
    dataset = open_dataset(path)
    header = _read_header(dataset, path)
    if not value(dataset, "PixelData"):
        raise InputError(path, NO_PIXELS)
    stored = stored_values(dataset, path)
    pixels, presentation, warnings = _show(stored, dataset, path)
    view = View(
        pixels=pixels,  # type: ignore[arg-type]  # an array in all that matters
        **{
            name: getattr(header, name)
            for name in Header.__dataclass_fields__
            if name != "warnings"
        },
        warnings=header.warnings + warnings,
    )
    return view, stored, presentation


def _read_header(dataset: Dataset, path: Path) -> Header:
    with _quiet_pydicom():
        header = describe(dataset, path)
        return replace(header, warnings=header.warnings + admit(dataset, header))


def open_dataset(path: Path, *, pixels: bool = True) -> Dataset:
    """Parse a DICOM file, with or without the 128 bytes of preamble.

    Raises
    ------
    InputError
        If it cannot be parsed, or holds nothing that an image would.
    """
    import pydicom

    try:
        with _quiet_pydicom():
            # Without the preamble pydicom guesses; whether it guessed right shows in what it found.
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=not pixels)
    except FileNotFoundError as error:
        raise InputError(path, "there is no such file; check its path") from error
    except (PermissionError, IsADirectoryError) as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except Exception as error:  # a parser let loose on any bytes may raise anything
        raise InputError(path, DAMAGED if has_preamble(path) else NOT_DICOM) from error
    if not any(keyword in dataset for keyword in ("SOPClassUID", "Modality", "Rows")):
        raise InputError(path, DAMAGED if has_preamble(path) else NOT_DICOM)
    _settle_transfer_syntax(dataset)
    return dataset


@contextmanager
def _quiet_pydicom() -> Iterator[None]:
    """Silence on what this package refuses in a sentence of its own, or reads around."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def has_preamble(path: Path) -> bool:
    """Whether a file begins as DICOM files do (PS3.10 7.1)."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _settle_transfer_syntax(dataset: Dataset) -> None:
    """Without a meta header the transfer syntax is one of the plain ones, as the parser found."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import (
        UID,
        ExplicitVRBigEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    stated = text(dataset.file_meta, "TransferSyntaxUID")
    if not stated:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        stated = ImplicitVRLittleEndian if implicit else explicit
    dataset.file_meta.TransferSyntaxUID = UID(stated)


def _show(
    stored: npt.NDArray[np.generic], dataset: Dataset, path: Path
) -> tuple[ShownPixels, Presentation, tuple[CodedWarning, ...]]:
    """Display values; a window that shows nothing of the image gives way to the whole range."""
    if stored.min() == stored.max():
        raise InputError(path, f"every pixel is {stored.flat[0]}; there is no picture in it")
    presentation, warnings = read_presentation(dataset)
    pixels = ShownPixels(stored, presentation)
    flat = pixels.is_flat()
    if flat and presentation.voi is not None:
        presentation = replace(presentation, voi=None)
        pixels = ShownPixels(stored, presentation)
        flat = pixels.is_flat()
        message = "The window of the header shows nothing; the whole range is shown instead."
        warnings = (*warnings, CodedWarning(code="invalid-window", message=message))
    if flat:
        raise InputError(path, "every pixel would be shown alike; there is no picture in it")
    return pixels, presentation, warnings
