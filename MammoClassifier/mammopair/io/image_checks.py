"""Which DICOM images are accepted: a single 2-D greyscale mammogram; others are rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.dicom_attributes import get_number, get_numbers, get_text
from mammopair.io.dicom_header import MAMMOGRAPHY_CLASSES
from mammopair.io.image_kind import TOMOSYNTHESIS, find_rejected_kind
from mammopair.view import Header, Projection
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

OTHER_RADIOGRAPHY = frozenset({"CR", "DX", "OT", "RG", ""})
"""Modalities other than MG that are accepted where the header states a mammographic view."""

NO_PIXELS = "has no pixel data; select the image instead of its report or header"


def check_image(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    """Check that a data set is a single 2-D greyscale mammogram.

    Masks, crops, screenshots and other images that show no whole view are rejected by name
    (:mod:`~mammopair.io.image_kind`). Modality MG is accepted with any SOP class (CBIS-DDSM uses
    Secondary Capture), and so are the mammography SOP classes with any modality. Modality CR, DX,
    OT, RG or none is accepted only where the header states the laterality and CC or MLO.

    Rows, Columns, BitsAllocated, BitsStored, HighBit and PixelRepresentation of ``dataset`` are
    set to the checked integers, with the default HighBit where it is absent.

    Parameters
    ----------
    dataset
        The data set, with or without Pixel Data. It is modified.
    header
        Its parsed header.

    Returns
    -------
    tuple of CodedWarning
        ``not-mg`` and ``unknown-polarity``, where they apply.

    Raises
    ------
    InputError
        If the image is not accepted.
    """
    warnings = _check_kind(dataset, header)
    rejected = find_rejected_kind(dataset)
    if rejected:
        raise InputError(header.source, rejected)
    return warnings + _check_pixel_format(dataset, header)


def _check_kind(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    sop_class, modality = get_text(dataset, "SOPClassUID"), get_text(dataset, "Modality").upper()
    if modality == "MG" or sop_class in MAMMOGRAPHY_CLASSES | {TOMOSYNTHESIS}:
        return ()
    named = header.laterality and header.projection in (Projection.CC, Projection.MLO)
    if modality not in OTHER_RADIOGRAPHY or not named:
        kind = f"has modality {modality}" if modality else "has no modality"
        raise InputError(
            header.source,
            f"is not a mammogram ({kind}); select an image of modality MG, or one of CR, DX or OT "
            "whose header states the laterality and the view CC or MLO",
        )
    stated = f"The modality is {modality}, not MG" if modality else "The modality is missing"
    message = f"{stated}; the header states a mammographic view."
    return (CodedWarning(code="not-mg", message=message),)


def _check_pixel_format(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    path = header.source
    frames = get_number(dataset, "NumberOfFrames") or 1
    if frames > 1:
        raise InputError(path, f"has {frames:g} frames; select a single 2-D view")
    if "Rows" not in dataset:
        raise InputError(path, NO_PIXELS)
    photometric = get_text(dataset, "PhotometricInterpretation")
    colours = get_number(dataset, "SamplesPerPixel") or 1
    if colours != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2", ""):
        raise InputError(path, f"is a colour image ({photometric}); export it as greyscale")
    rows, columns = _get_integer(dataset, "Rows"), _get_integer(dataset, "Columns")
    if rows < 1 or columns < 1:
        raise InputError(path, f"has {rows} rows and {columns} columns; export the image again")
    allocated = _get_integer(dataset, "BitsAllocated")
    stored = _get_integer(dataset, "BitsStored")
    high = _get_integer(dataset, "HighBit", absent=stored - 1)
    signed = _get_integer(dataset, "PixelRepresentation")
    if not (allocated in (8, 16) and 1 <= stored <= high + 1 <= allocated and signed in (0, 1)):
        raise InputError(
            path,
            f"has BitsAllocated {allocated}, BitsStored {stored}, HighBit {high} and "
            f"PixelRepresentation {signed}, which are invalid for a mammogram of 8 to 16 bits; "
            "export the image again",
        )
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored = allocated, stored
    dataset.HighBit, dataset.PixelRepresentation = high, signed
    if photometric:
        return ()
    message = (
        "Photometric Interpretation (0028,0004) is missing; "
        "bright pixels are assumed to be dense tissue."
    )
    return (CodedWarning(code="unknown-polarity", message=message),)


def _get_integer(dataset: Dataset, keyword: str, absent: int = 0) -> int:
    """The integer value of an attribute of the Image Pixel Module; -1 where it is invalid."""
    if keyword not in dataset or dataset.get_item(keyword).value in (None, b"", ""):
        return absent
    values = get_numbers(dataset, keyword)
    return int(values[0]) if len(values) == 1 and values[0].is_integer() else -1
