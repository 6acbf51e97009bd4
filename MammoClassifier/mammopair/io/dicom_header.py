"""The header of a DICOM mammogram: breast, projection, identifiers, acquisition, spacing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.io.dicom_attributes import get_number, get_text, get_texts, get_value
from mammopair.io.image_kind import (
    SECONDARY_CAPTURE,
    SYNTHETIC,
    TOMOSYNTHESIS,
    find_derived_modifiers,
)
from mammopair.io.pixel_data import LOSSY
from mammopair.io.pixel_spacing import read_spacing
from mammopair.io.stated_view import read_stated_view
from mammopair.io.view_checks import check_header
from mammopair.view import Acquisition, Header, Intent
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MAMMOGRAPHY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
_MAMMOGRAPHY_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
_PROJECTION_XRAY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.13.1.4"
_PROJECTION_XRAY_PROCESSING = "1.2.840.10008.5.1.4.1.1.13.1.5"
_COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
MAMMOGRAPHY_CLASSES = frozenset(
    {
        _MAMMOGRAPHY_PRESENTATION,
        _MAMMOGRAPHY_PROCESSING,
        _PROJECTION_XRAY_PRESENTATION,
        _PROJECTION_XRAY_PROCESSING,
    }
)
"""SOP classes of 2-D mammograms."""


def parse_header(dataset: Dataset, source: Path) -> Header:
    """Read everything but the pixels from a data set.

    The view is read by :func:`~mammopair.io.stated_view.read_stated_view`.

    Parameters
    ----------
    dataset
        The data set, with or without Pixel Data.
    source
        Its file, stored in the header.
    """
    stated = read_stated_view(dataset, source)
    acquisition = _read_acquisition(dataset)
    derived = find_derived_modifiers(dataset, is_film=acquisition is Acquisition.FILM)
    header = Header(
        source=source,
        laterality=stated.laterality,
        projection=stated.projection,
        spacing=read_spacing(dataset, acquisition),
        orientation=_read_orientation(dataset),
        shape=_read_shape(dataset),
        patient_id=stated.subject or get_text(dataset, "PatientID"),
        study_uid=get_text(dataset, "StudyInstanceUID"),
        series_uid=get_text(dataset, "SeriesInstanceUID"),
        sop_uid=get_text(dataset, "SOPInstanceUID"),
        intent=_read_intent(dataset),
        acquisition=acquisition,
        manufacturer=get_text(dataset, "Manufacturer"),
        acquired=_read_time(dataset),
        modifiers=tuple(dict.fromkeys((*stated.modifiers, *derived))),
    )
    checked = check_header(
        header, laterality_text=stated.laterality_text, projection_text=stated.projection_text
    )
    return replace(header, warnings=(*stated.warnings, *checked, *_find_warnings(dataset, header)))


def _read_acquisition(dataset: Dataset) -> Acquisition:
    """Film or digital detector, from Detector Type (0018,7004), SOP class and film attributes.

    The SOP class Secondary Capture implies neither. Such an image counts as film if its
    attributes mention a film scanner (Conversion Type DF, Nominal Scanned Pixel Spacing) or the
    DDSM collection.
    """
    detector = get_text(dataset, "DetectorType").upper()
    if detector == "FILM" or get_text(dataset, "ConversionType").upper() == "DF":
        return Acquisition.FILM
    sop_class = get_text(dataset, "SOPClassUID")
    if sop_class in MAMMOGRAPHY_CLASSES | {_COMPUTED_RADIOGRAPHY, TOMOSYNTHESIS} or detector:
        return Acquisition.DIGITAL
    from_ddsm = get_text(dataset, "StudyID") == "DDSM" or "DDSM" in _collection(dataset)
    if from_ddsm or get_value(dataset, "NominalScannedPixelSpacing") is not None:
        return Acquisition.FILM
    return Acquisition.UNKNOWN


def _collection(dataset: Dataset) -> str:
    """The collection name that The Cancer Imaging Archive stores in a private element."""
    try:
        found = dataset.private_block(0x0013, "CTP")[0x10].value
    except Exception:  # absent or malformed
        return ""
    return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


def _read_shape(dataset: Dataset) -> tuple[int, int] | None:
    rows, columns = get_number(dataset, "Rows"), get_number(dataset, "Columns")
    return (int(rows), int(columns)) if rows and columns else None


def _read_orientation(dataset: Dataset) -> tuple[str, str] | None:
    letters = get_texts(dataset, "PatientOrientation")
    if len(letters) != 2 or not all(re.fullmatch(r"[APRLHF]{1,3}", one) for one in letters):
        return None
    return letters[0], letters[1]


def _read_intent(dataset: Dataset) -> Intent | None:
    word = get_text(dataset, "PresentationIntentType").upper()
    if word in (Intent.PRESENTATION, Intent.PROCESSING):
        return Intent(word)
    sop_class = get_text(dataset, "SOPClassUID")
    if sop_class in (_MAMMOGRAPHY_PROCESSING, _PROJECTION_XRAY_PROCESSING):
        return Intent.PROCESSING
    if sop_class in (_MAMMOGRAPHY_PRESENTATION, _PROJECTION_XRAY_PRESENTATION):
        return Intent.PRESENTATION
    return None


def _read_time(dataset: Dataset) -> str:
    """The acquisition time; if absent, the time of the content, series or study."""
    moment = get_text(dataset, "AcquisitionDateTime")
    if moment:
        return re.sub(r"\D", "", moment.split(".")[0].split("+")[0])[:14].ljust(14, "0")
    for event in ("Acquisition", "Content", "Series", "Study"):
        day = re.sub(r"\D", "", get_text(dataset, f"{event}Date"))
        if len(day) == 8:
            clock = re.sub(r"\D", "", get_text(dataset, f"{event}Time").split(".")[0])
            return (day + clock)[:14].ljust(14, "0")
    return ""


def _find_warnings(dataset: Dataset, header: Header) -> list[CodedWarning]:
    """The warnings about one image, in a fixed order."""
    found: list[tuple[str, str]] = []
    if header.intent is Intent.PROCESSING:
        message = "Raw detector data (FOR PROCESSING); the networks were trained on display images."
        found.append(("for-processing", message))
    if get_text(dataset, "BreastImplantPresent").upper() == "YES" or (
        "implant displaced" in header.modifiers
    ):
        message = "A breast implant is present; the networks were not trained on implants."
        found.append(("implant", message))
    found += [_MODIFIER_WARNINGS[one] for one in header.modifiers if one in _MODIFIER_WARNINGS]
    other = [one for one in header.modifiers if one not in _MODIFIER_WARNINGS]
    if other:
        found.append(("view-modifier", f"Not a standard view: {', '.join(other)}."))
    syntax = str(getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", ""))
    if syntax in LOSSY or get_text(dataset, "LossyImageCompression") == "01":
        found.append(("lossy-compression", "The image was compressed with a lossy method."))
    if get_text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append(("burned-in", "Annotations are burned into the image."))
    return [CodedWarning(code=code, message=message) for code, message in found]


_MODIFIER_WARNINGS = {
    "partial view": ("partial-view", "A partial view, which does not show the whole breast."),
    "magnification": (
        "magnification",
        "A magnification view; the networks were not trained on such views.",
    ),
    "spot compression": (
        "spot-compression",
        "A spot compression view; the networks were not trained on such views.",
    ),
    SYNTHETIC: ("synthetic", "A synthetic 2-D view, computed from a tomosynthesis."),
    SECONDARY_CAPTURE: (
        "secondary-capture",
        "A secondary capture, which may be a copy with fewer pixels or grey levels; "
        "use the image as it was acquired if there is one.",
    ),
}
"""Codes and messages of the modifiers that have their own."""
