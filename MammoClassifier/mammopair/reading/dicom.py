"""One DICOM file to one view: the only place where mammograms in DICOM become pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.caution import Caution
from mammopair.errors import InputError
from mammopair.reading import headers
from mammopair.reading.attributes import number, text
from mammopair.reading.decoding import stored_values
from mammopair.reading.greyscale import read_presentation, show
from mammopair.reading.headers import Header, describe
from mammopair.reading.view import Projection, View

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom.dataset import Dataset

OTHER_RADIOGRAPHY = frozenset({"CR", "DX", "OT", "RG", "SC", ""})
"""Modalities under which mammograms are met besides MG, where a mammographic view is stated."""


NOT_DICOM = "is not a DICOM file"


def read_dicom(path: Path) -> View:
    """Read a mammogram from a DICOM file.

    Pixels go through modality, VOI and presentation steps (:mod:`~mammopair.reading.greyscale`)
    and keep their stored orientation.

    Raises
    ------
    InputError
        If the file is not DICOM, not one single mammogram in shades of grey, is damaged, is in a
        transfer syntax that nothing installed decodes, or shows one single value.
    """
    path = Path(path)
    dataset = open_dataset(path)
    header = _read_header(dataset, path)
    if not dataset.get("PixelData"):
        raise InputError(path, "holds no pixel data; choose the image, not its report or header")
    stored = stored_values(dataset, path)
    pixels, cautions = _show(stored, dataset, path)
    return View(
        pixels=pixels,
        **{
            name: getattr(header, name)
            for name in Header.__dataclass_fields__
            if name != "warnings"
        },
        warnings=header.warnings + cautions,
    )


def read_header(path: Path) -> Header:
    """Read what the header of a mammogram tells, without its pixels.

    Raises
    ------
    InputError
        As :func:`read_dicom`, save for what only the pixels show.
    """
    return _read_header(open_dataset(Path(path), pixels=False), Path(path))


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

    damaged = InputError(
        path, "is a DICOM file that was cut off or damaged; copy or export it again"
    )
    try:
        with _quiet_pydicom():
            # Without the preamble pydicom guesses; whether it guessed right shows in what it found.
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=not pixels)
    except FileNotFoundError as error:
        raise InputError(path, "there is no such file; check its path") from error
    except (PermissionError, IsADirectoryError) as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except Exception as error:  # a parser let loose on any bytes may raise anything
        raise (damaged if has_preamble(path) else InputError(path, NOT_DICOM)) from error
    if not any(keyword in dataset for keyword in ("SOPClassUID", "Modality", "Rows")):
        raise damaged if has_preamble(path) else InputError(path, NOT_DICOM)
    _complete_meta(dataset)
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


def _complete_meta(dataset: Dataset) -> None:
    """Without a meta header the transfer syntax is one of the plain ones, as the parser found."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def admit(dataset: Dataset, header: Header) -> tuple[Caution, ...]:
    """Refuse what is not one single mammogram in shades of grey.

    MG is taken whatever its SOP class, and so is what the mammography SOP classes hold. CR, DX,
    OT and other captures count only where the header states the breast and CC or MLO.

    Raises
    ------
    InputError
        One sentence, with the mend.
    """
    path = header.source
    sop_class, modality = text(dataset, "SOPClassUID"), text(dataset, "Modality").upper()
    cautions: tuple[Caution, ...] = ()
    if sop_class == headers.TOMOSYNTHESIS:
        raise InputError(path, "is a tomosynthesis; give the 2-D view, or one taken from it")
    if modality != "MG" and sop_class not in headers.MAMMOGRAPHY_CLASSES:
        named = header.laterality and header.projection in (Projection.CC, Projection.MLO)
        if modality not in OTHER_RADIOGRAPHY or not named:
            kind = f"modality {modality}" if modality else "an image of unknown modality"
            raise InputError(path, f"is not a mammogram but {kind}; give modality MG")
        message = f"Its modality is {modality or 'missing'}, not MG; it states a mammographic view."
        cautions = (Caution(code="not-mg", message=message),)
    frames = number(dataset, "NumberOfFrames") or 1
    if frames > 1:
        raise InputError(path, f"holds {frames:g} frames; give a single 2-D view")
    if "Rows" not in dataset and "PixelData" not in dataset:
        raise InputError(path, "holds no pixel data; choose the image, not its report or header")
    colours = number(dataset, "SamplesPerPixel") or 1
    photometric = text(dataset, "PhotometricInterpretation")
    if colours != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2", ""):
        raise InputError(path, f"is in colour ({photometric}); export it in shades of grey")
    rows, columns = number(dataset, "Rows") or 0, number(dataset, "Columns") or 0
    if rows < 1 or columns < 1:
        raise InputError(path, f"has {rows:g} rows and {columns:g} columns; export it again")
    allocated, stored = number(dataset, "BitsAllocated"), number(dataset, "BitsStored")
    if allocated not in (8, 16) or stored is None or not 1 <= stored <= allocated:
        raise InputError(
            path,
            f"stores pixels in {stored or 0:g} of {allocated or 0:g} bits; mammograms have 8 to 16",
        )
    return cautions


def _show(
    stored: npt.NDArray[np.generic], dataset: Dataset, path: Path
) -> tuple[npt.NDArray[np.float32], tuple[Caution, ...]]:
    """Display values; a window that shows nothing of the image gives way to the whole range."""
    if stored.min() == stored.max():
        raise InputError(path, f"every pixel is {stored.flat[0]}; there is no picture in it")
    presentation, cautions = read_presentation(dataset)
    pixels = show(stored, presentation)
    if pixels.min() == pixels.max() and presentation.voi is not None:
        pixels = show(stored, replace(presentation, voi=None))
        message = "The window of the header shows nothing; the whole range is shown instead."
        cautions = (*cautions, Caution(code="invalid-window", message=message))
    if pixels.min() == pixels.max():
        raise InputError(path, "every pixel would be shown alike; there is no picture in it")
    return pixels, cautions
