"""The header of a DICOM mammogram: breast, projection, identifiers, acquisition, spacing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.io.dicom_attributes import get_items, get_number, get_text, get_texts, get_value
from mammopair.io.file_names import ParsedName, parse_name
from mammopair.io.pixel_data import LOSSY
from mammopair.io.pixel_spacing import read_spacing
from mammopair.io.view_checks import check_header
from mammopair.view import Acquisition, Header, Intent, Laterality, Projection
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
"""SOP class of tomosynthesis volumes."""
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

PROJECTION_CODES = {
    "399162004": Projection.CC,
    "R-10242": Projection.CC,
    "399368009": Projection.MLO,
    "R-10226": Projection.MLO,
}
"""Codes of View Code Sequence (PS3.16 CID 4014), SNOMED CT and older SRT; others: OTHER."""

MODIFIER_CODES = {
    "399163009": "magnification",
    "R-102D6": "magnification",
    "399055006": "spot compression",
    "R-102D7": "spot compression",
    "399209000": "implant displaced",
    "R-102D5": "implant displaced",
    "399011000": "axillary tail",
    "R-102D1": "axillary tail",
    "442580003": "axillary tissue",
    "R-40AB2": "axillary tissue",
    "399161006": "cleavage",
    "R-102D2": "cleavage",
    "441752004": "anterior compression",
    "P2-00161": "anterior compression",
    "442593008": "infra-mammary fold",
    "R-40ABE": "infra-mammary fold",
    "442581004": "nipple in profile",
    "R-40AB3": "nipple in profile",
    "414493004": "rolled inferior",
    "R-102CA": "rolled inferior",
    "399197002": "rolled lateral",
    "R-102D3": "rolled lateral",
    "399226006": "rolled medial",
    "R-102D4": "rolled medial",
    "415670009": "rolled superior",
    "R-102C9": "rolled superior",
    "399110001": "tangential",
    "R-102C2": "tangential",
}
"""Codes of View Modifier Code Sequence (PS3.16 CID 4015), SNOMED CT and older SRT."""

_MODIFIER_ABBREVIATIONS = {
    "M": "magnification",
    "MAG": "magnification",
    "MAGNIFICATION": "magnification",
    "S": "spot compression",
    "SPOT": "spot compression",
    "ID": "implant displaced",
    "AT": "axillary tail",
    "TAN": "tangential",
    "RL": "rolled lateral",
    "RM": "rolled medial",
    "RI": "rolled inferior",
    "RS": "rolled superior",
}
"""Modifiers written next to CC or MLO in View Position, as in ``CC MAG`` or ``MLOID``."""


def parse_header(dataset: Dataset, source: Path) -> Header:
    """Read everything but the pixels from a data set.

    Laterality is read from Image Laterality (0020,0062), Frame Laterality (0020,9072) or
    Laterality (0020,0060); the projection from View Code Sequence (0054,0220), View Position
    (0018,5101), or Patient Orientation (0020,0020), where CBIS-DDSM stores it. If none of these
    is set, a name such as ``Mass-Test_P_00173_LEFT_CC`` in Patient ID or Series Description is
    parsed.

    Parameters
    ----------
    dataset
        The data set, with or without Pixel Data.
    source
        Its file, stored in the header.
    """
    names = [
        parse_name(get_text(dataset, keyword)) for keyword in ("PatientID", "SeriesDescription")
    ]
    warnings: list[CodedWarning] = []
    laterality = _read_laterality(dataset, names, warnings)
    projection, modifiers = _read_projection(dataset, names)
    intent = _read_intent(dataset)
    acquisition = _read_acquisition(dataset)
    spacing = read_spacing(dataset, acquisition)
    header = Header(
        source=source,
        laterality=laterality,
        projection=projection,
        spacing=spacing,
        orientation=_read_orientation(dataset),
        patient_id=names[0].subject or get_text(dataset, "PatientID"),
        study_uid=get_text(dataset, "StudyInstanceUID"),
        series_uid=get_text(dataset, "SeriesInstanceUID"),
        sop_uid=get_text(dataset, "SOPInstanceUID"),
        intent=intent,
        acquisition=acquisition,
        manufacturer=get_text(dataset, "Manufacturer"),
        acquired=_read_time(dataset),
        modifiers=modifiers,
    )
    return replace(
        header, warnings=(*warnings, *check_header(header), *_find_warnings(dataset, header))
    )


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
    if sop_class in MAMMOGRAPHY_CLASSES or sop_class == _COMPUTED_RADIOGRAPHY or detector:
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


def _read_laterality(
    dataset: Dataset, names: list[ParsedName], warnings: list[CodedWarning]
) -> Laterality | None:
    found: dict[str, Laterality] = {}
    for keyword in ("ImageLaterality", "FrameLaterality", "Laterality"):
        word = get_text(dataset, keyword).upper()
        if word in ("L", "R"):
            found[keyword] = Laterality(word)
    if len(set(found.values())) > 1:
        values = ", ".join(f"{keyword} {side}" for keyword, side in found.items())
        message = f"The header has conflicting lateralities ({values}); the first one is used."
        warnings.append(CodedWarning(code="laterality-conflict", message=message))
    for side in found.values():
        return side
    return next((name.laterality for name in names if name.laterality), None)


def _read_projection(
    dataset: Dataset, names: list[ParsedName]
) -> tuple[Projection | None, tuple[str, ...]]:
    modifiers: list[str] = []
    projection: Projection | None = None
    for item in get_items(dataset, "ViewCodeSequence")[:1]:
        code = get_text(item, "CodeValue")
        if code:
            projection = PROJECTION_CODES.get(code, Projection.OTHER)
        for modifier in get_items(item, "ViewModifierCodeSequence"):
            code = get_text(modifier, "CodeValue")
            meaning = get_text(modifier, "CodeMeaning").lower()
            modifiers.append(MODIFIER_CODES.get(code) or meaning or code)
    position, words = _read_view_position(get_text(dataset, "ViewPosition"))
    modifiers += [word for word in words if word not in modifiers]
    if projection is None:
        projection = position
    if projection is None:
        orientation = "".join(get_texts(dataset, "PatientOrientation")).upper()
        if orientation in ("CC", "MLO"):
            projection = Projection(orientation)
    if projection is None:
        projection = next((name.projection for name in names if name.projection), None)
    return projection, tuple(modifiers)


def _read_view_position(position: str) -> tuple[Projection | None, list[str]]:
    """Parse ``CC``, ``L MLO``, ``RCC``, ``MLOID``, ``CC MAG`` and similar; all else is OTHER."""
    words = [word for word in re.split(r"[^A-Z]+", position.upper()) if word not in ("", "L", "R")]
    if not words:
        return None, []
    match = re.fullmatch(r"[LR]?(M|S)?(CC|MLO)(ID|AT|RL|RM|RI|RS|M|S)?", words[0])
    if not match:
        return Projection.OTHER, []
    marks = [match.group(1), match.group(3), *words[1:]]
    return Projection(match.group(2)), [
        _MODIFIER_ABBREVIATIONS[m] for m in marks if m in _MODIFIER_ABBREVIATIONS
    ]


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
    if get_text(dataset, "PartialView").upper() == "YES":
        found.append(("partial-view", "A partial view, which does not show the whole breast."))
    factor = get_number(dataset, "EstimatedRadiographicMagnificationFactor")
    if "magnification" in header.modifiers or (factor and factor >= _MAGNIFICATION_VIEW):
        message = "A magnification view; the networks were not trained on such views."
        found.append(("magnification", message))
    if "spot compression" in header.modifiers:
        message = "A spot compression view; the networks were not trained on such views."
        found.append(("spot-compression", message))
    other = [m for m in header.modifiers if m not in ("magnification", "spot compression")]
    if other:
        found.append(("view-modifier", f"Not a standard view: {', '.join(other)}."))
    if "GENERATED_2D" in get_texts(dataset, "ImageType"):
        found.append(("synthetic", "A synthetic 2-D view, computed from a tomosynthesis."))
    syntax = str(getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", ""))
    if syntax in LOSSY or get_text(dataset, "LossyImageCompression") == "01":
        found.append(("lossy-compression", "The image was compressed with a lossy method."))
    if get_text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append(("burned-in", "Annotations are burned into the image."))
    return [CodedWarning(code=code, message=message) for code, message in found]


_MAGNIFICATION_VIEW = 1.3
"""Magnification factor: standard views have 1.0 to 1.15, magnification views 1.4 to 2."""
