"""Read a DICOM mammogram as a view, for a viewer with its own window, or its header only."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.dicom_attributes import get_text, get_value
from mammopair.io.dicom_header import parse_header
from mammopair.io.greyscale import DisplayPixels, Presentation, read_presentation
from mammopair.io.image_checks import NO_PIXELS, check_image
from mammopair.io.image_kind import MASK, is_mask
from mammopair.io.pixel_data import decode_pixels
from mammopair.io.viewer_window import WindowedValues, to_windowed
from mammopair.view import Header, View
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom.dataset import Dataset


class NotDicomError(InputError):
    """The file is not a DICOM file."""


def read_dicom(path: Path, *, on_demand: bool = False) -> View:
    """Read a mammogram from a DICOM file.

    The modality, VOI and presentation transformations are applied
    (:mod:`~mammopair.io.greyscale`). The pixels keep their stored orientation.

    Parameters
    ----------
    path
        The file.
    on_demand
        Whether display values are computed only when they are accessed, for callers that need a
        small part of the image. The view's ``pixels`` then have a ``shape`` and return the same
        arrays when sliced by rows and columns.

    Raises
    ------
    InputError
        If the file is not a DICOM file, is damaged, is not a single 2-D greyscale mammogram,
        has a transfer syntax that no installed decoder supports, or has the same value in every
        pixel.
    """
    view, _stored, _presentation = _read(Path(path))
    return view if on_demand else replace(view, pixels=view.pixels[:, :])


def read_for_viewer(path: Path) -> tuple[View, WindowedValues]:
    """Read a mammogram for a viewer that applies a window of its own.

    Returns
    -------
    tuple of View and WindowedValues
        The view, as from :func:`read_dicom`, and the values and window that display the same.

    Raises
    ------
    InputError
        As :func:`read_dicom`.
    """
    view, stored, presentation = _read(Path(path))
    view = replace(view, pixels=view.pixels[:, :])
    return view, to_windowed(stored, presentation, view.pixels)  # type: ignore[arg-type]


def read_header(path: Path) -> Header:
    """Read the header of a mammogram without decoding its pixels.

    Raises
    ------
    InputError
        As :func:`read_dicom`, except for errors in the pixels.
    """
    return _read_header(open_dataset(Path(path), pixels=False), Path(path))


def _read(path: Path) -> tuple[View, npt.NDArray[np.generic], Presentation]:
    """The view, its stored values, and their transformation to display values."""
    dataset = open_dataset(path)
    header = _read_header(dataset, path)
    if not get_value(dataset, "PixelData"):
        raise InputError(path, NO_PIXELS)
    stored = decode_pixels(dataset, path)
    pixels, presentation, warnings = _to_display(stored, dataset, path)
    view = View(
        pixels=pixels,  # type: ignore[arg-type]  # supports the array operations that callers use
        **vars(replace(header, warnings=header.warnings + warnings)),
    )
    return view, stored, presentation


def _read_header(dataset: Dataset, path: Path) -> Header:
    with _ignore_pydicom_warnings():
        header = parse_header(dataset, path)
        return replace(header, warnings=header.warnings + check_image(dataset, header))


def open_dataset(path: Path, *, pixels: bool = True) -> Dataset:
    """Parse a DICOM file, with or without the preamble of 128 bytes.

    Parameters
    ----------
    path
        The file.
    pixels
        Whether Pixel Data is read.

    Raises
    ------
    NotDicomError
        If the file has no preamble and cannot be parsed.
    InputError
        If the file cannot be read, or has a preamble but is truncated or damaged.
    """
    import pydicom

    try:
        with _ignore_pydicom_warnings():
            # Without a preamble pydicom guesses the format; the check below verifies the guess.
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=not pixels)
    except FileNotFoundError as error:
        raise InputError(path, "does not exist; check the path") from error
    except (PermissionError, IsADirectoryError) as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except Exception as error:  # the parser may raise anything on arbitrary bytes
        raise _parse_error(path) from error
    if not any(keyword in dataset for keyword in ("SOPClassUID", "Modality", "Rows")):
        raise _parse_error(path)
    _set_transfer_syntax(dataset)
    return dataset


def _parse_error(path: Path) -> InputError:
    if has_preamble(path):
        return InputError(path, "is a truncated or damaged DICOM file; copy or export it again")
    return NotDicomError(path, "is not a DICOM file; select a DICOM file")


@contextmanager
def _ignore_pydicom_warnings() -> Iterator[None]:
    """Ignore warnings about values that this package checks itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def has_preamble(path: Path) -> bool:
    """Whether a file starts with the DICOM preamble and prefix (PS3.10 7.1)."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _set_transfer_syntax(dataset: Dataset) -> None:
    """Set a missing transfer syntax to the uncompressed one with which the file was parsed."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import (
        UID,
        ExplicitVRBigEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    syntax = get_text(dataset.file_meta, "TransferSyntaxUID")
    if not syntax:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        syntax = ImplicitVRLittleEndian if implicit else explicit
    dataset.file_meta.TransferSyntaxUID = UID(syntax)


def _to_display(
    stored: npt.NDArray[np.generic], dataset: Dataset, path: Path
) -> tuple[DisplayPixels, Presentation, tuple[CodedWarning, ...]]:
    """Display values; the full value range replaces a window in which all pixels are equal."""
    if stored.min() == stored.max():
        raise InputError(
            path, f"has the value {stored.flat[0]} in every pixel; export the image again"
        )
    if is_mask(stored):
        raise InputError(path, f"{MASK}; select the mammogram that it marks")
    presentation, warnings = read_presentation(dataset)
    pixels = DisplayPixels(stored, presentation)
    uniform = pixels.is_uniform()
    if uniform and presentation.voi is not None:
        presentation = replace(presentation, voi=None)
        pixels = DisplayPixels(stored, presentation)
        uniform = pixels.is_uniform()
        message = (
            "The window or VOI LUT of the header makes all pixels equal; "
            "the full value range is displayed instead."
        )
        warnings = (*warnings, CodedWarning(code="invalid-window", message=message))
    if uniform:
        raise InputError(path, "has the same display value in every pixel; export the image again")
    return pixels, presentation, warnings
