"""Which DICOM images count as one single mammogram in shades of grey; all others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.attributes import number, numbers, text
from mammopair.io.headers import MAMMOGRAPHY_CLASSES, TOMOSYNTHESIS, Header
from mammopair.view import Projection
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

OTHER_RADIOGRAPHY = frozenset({"CR", "DX", "OT", "RG", ""})
"""Modalities under which mammograms are met besides MG, where a mammographic view is stated."""

NO_PIXELS = "holds no pixel data; choose the image, not its report or header"


def admit(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    """Refuse what is not one single mammogram in shades of grey; settle its pixel format.

    MG is taken whatever its SOP class (CBIS-DDSM's are secondary captures), and so is what the
    mammography SOP classes hold. CR, DX, OT and what states no modality count only where the
    header states the breast and CC or MLO.

    Returns
    -------
    tuple of CodedWarning
        ``not-mg`` and ``unknown-polarity``, where they apply.

    Raises
    ------
    InputError
        One sentence, with the mend.
    """
    return _check_kind(dataset, header) + _check_pixel_format(dataset, header)


def _check_kind(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    sop_class, modality = text(dataset, "SOPClassUID"), text(dataset, "Modality").upper()
    if sop_class == TOMOSYNTHESIS:
        raise InputError(
            header.source, "is a tomosynthesis; give the 2-D view, or one computed from it"
        )
    if modality == "MG" or sop_class in MAMMOGRAPHY_CLASSES:
        return ()
    named = header.laterality and header.projection in (Projection.CC, Projection.MLO)
    if modality not in OTHER_RADIOGRAPHY or not named:
        kind = f"modality {modality}" if modality else "an image of unknown modality"
        raise InputError(
            header.source,
            f"is not a mammogram but {kind}; "
            "give modality MG, or CR, DX or OT whose header states the breast and CC or MLO",
        )
    message = f"Its modality is {modality or 'missing'}, not MG; it states a mammographic view."
    return (CodedWarning(code="not-mg", message=message),)


def _check_pixel_format(dataset: Dataset, header: Header) -> tuple[CodedWarning, ...]:
    path = header.source
    frames = number(dataset, "NumberOfFrames") or 1
    if frames > 1:
        raise InputError(path, f"holds {frames:g} frames; give a single 2-D view")
    if "Rows" not in dataset:
        raise InputError(path, NO_PIXELS)
    photometric = text(dataset, "PhotometricInterpretation")
    colours = number(dataset, "SamplesPerPixel") or 1
    if colours != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2", ""):
        raise InputError(path, f"is in colour ({photometric}); export it in shades of grey")
    rows, columns = _integer(dataset, "Rows"), _integer(dataset, "Columns")
    if rows < 1 or columns < 1:
        raise InputError(path, f"has {rows} rows and {columns} columns; export it again")
    allocated, stored = _integer(dataset, "BitsAllocated"), _integer(dataset, "BitsStored")
    high = _integer(dataset, "HighBit", absent=stored - 1)
    signed = _integer(dataset, "PixelRepresentation")
    if not (allocated in (8, 16) and 1 <= stored <= high + 1 <= allocated and signed in (0, 1)):
        raise InputError(
            path,
            f"stores pixels in {stored} of {allocated} bits, up to bit {high}; "
            "mammograms have 8 to 16, so export it again",
        )
    # Written back, so that what comes after may take them for numbers.
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored = allocated, stored
    dataset.HighBit, dataset.PixelRepresentation = high, signed
    if photometric:
        return ()
    message = "Photometric Interpretation (0028,0004) is missing; bright was taken for dense."
    return (CodedWarning(code="unknown-polarity", message=message),)


def _integer(dataset: Dataset, keyword: str, absent: int = 0) -> int:
    """The one integer that an attribute of the Image Pixel Module holds; -1 for anything else."""
    if keyword not in dataset or dataset.get_item(keyword).value in (None, b"", ""):
        return absent
    held = numbers(dataset, keyword)
    return int(held[0]) if len(held) == 1 and held[0].is_integer() else -1
