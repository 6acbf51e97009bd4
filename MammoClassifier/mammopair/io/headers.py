"""What a DICOM header tells of a mammogram: which breast, which view, taken how, spaced how."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.io.attributes import items, number, text, texts, value
from mammopair.io.file_names import NamedView, read_name
from mammopair.io.pixel_data import LOSSY
from mammopair.io.pixel_spacing import read_spacing
from mammopair.view import Acquisition, Intent, Laterality, Projection, Spacing
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAMMOGRAPHY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
MAMMOGRAPHY_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
PROJECTION_XRAY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.13.1.4"
PROJECTION_XRAY_PROCESSING = "1.2.840.10008.5.1.4.1.1.13.1.5"
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MAMMOGRAPHY_CLASSES = frozenset(
    {
        MAMMOGRAPHY_PRESENTATION,
        MAMMOGRAPHY_PROCESSING,
        PROJECTION_XRAY_PRESENTATION,
        PROJECTION_XRAY_PROCESSING,
    }
)

PROJECTION_CODES = {
    "399162004": Projection.CC,
    "R-10242": Projection.CC,
    "399368009": Projection.MLO,
    "R-10226": Projection.MLO,
}
"""View Code Sequence: SNOMED CT and the older SRT codes (PS3.16 CID 4014); all others: OTHER."""

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
"""View Modifier Code Sequence (PS3.16 CID 4015)."""

MODIFIER_WORDS = {
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
"""How the same is written beside CC or MLO in View Position, as in ``CC MAG`` or ``MLOID``."""


@dataclass(frozen=True)
class Header:
    """What a header tells; the fields are those of :class:`~mammopair.view.View`."""

    source: Path
    laterality: Laterality | None
    projection: Projection | None
    spacing: Spacing | None
    orientation: tuple[str, str] | None
    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str
    intent: Intent | None
    acquisition: Acquisition
    manufacturer: str
    acquired: str
    modifiers: tuple[str, ...]
    warnings: tuple[CodedWarning, ...]

    @property
    def name(self) -> str:
        """What a radiologist calls it: ``R CC``, ``L MLO``; ``?`` stands for what is unknown."""
        return f"{self.laterality or '?'} {self.projection or '?'}"


def describe(dataset: Dataset, source: Path) -> Header:
    """Read everything but the pixels from a data set.

    Laterality is taken from Image Laterality (0020,0062), Frame Laterality (0020,9072) or
    Laterality (0020,0060); the projection from View Code Sequence (0054,0220), View Position
    (0018,5101), or Patient Orientation (0020,0020) where CBIS-DDSM writes it. Where these are
    silent a name such as ``Mass-Test_P_00173_LEFT_CC`` in Patient ID or Series Description counts.
    """
    names = [read_name(text(dataset, keyword)) for keyword in ("PatientID", "SeriesDescription")]
    warnings: list[CodedWarning] = []
    laterality = _read_laterality(dataset, names, warnings)
    projection, modifiers = _read_projection(dataset, names)
    intent = _read_intent(dataset)
    acquisition = read_acquisition(dataset)
    spacing = read_spacing(dataset, acquisition)
    header = Header(
        source=source,
        laterality=laterality,
        projection=projection,
        spacing=spacing,
        orientation=_read_orientation(dataset),
        patient_id=names[0].subject or text(dataset, "PatientID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        sop_uid=text(dataset, "SOPInstanceUID"),
        intent=intent,
        acquisition=acquisition,
        manufacturer=text(dataset, "Manufacturer"),
        acquired=_read_time(dataset),
        modifiers=modifiers,
        warnings=(),
    )
    return replace(header, warnings=(*warnings, *_warnings(dataset, header)))


def read_acquisition(dataset: Dataset) -> Acquisition:
    """Film or digital detector, from Detector Type (0018,7004), SOP class and film attributes.

    A secondary capture is neither by itself: it is film where it says that a film was scanned
    (Conversion Type DF, Nominal Scanned Pixel Spacing) or that it comes from DDSM.
    """
    detector = text(dataset, "DetectorType").upper()
    if detector == "FILM" or text(dataset, "ConversionType").upper() == "DF":
        return Acquisition.FILM
    sop_class = text(dataset, "SOPClassUID")
    if sop_class in MAMMOGRAPHY_CLASSES or sop_class == COMPUTED_RADIOGRAPHY or detector:
        return Acquisition.DIGITAL
    from_ddsm = text(dataset, "StudyID") == "DDSM" or "DDSM" in _collection(dataset)
    if from_ddsm or value(dataset, "NominalScannedPixelSpacing") is not None:
        return Acquisition.FILM
    return Acquisition.UNKNOWN


def _collection(dataset: Dataset) -> str:
    """The collection that The Cancer Imaging Archive notes in a private element of its own."""
    try:
        found = dataset.private_block(0x0013, "CTP")[0x10].value
    except Exception:  # absent, or broken in any way
        return ""
    return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


def _read_laterality(
    dataset: Dataset, names: list[NamedView], warnings: list[CodedWarning]
) -> Laterality | None:
    found: dict[str, Laterality] = {}
    for keyword in ("ImageLaterality", "FrameLaterality", "Laterality"):
        word = text(dataset, keyword).upper()
        if word in ("L", "R"):
            found[keyword] = Laterality(word)
    if len(set(found.values())) > 1:
        said = ", ".join(f"{keyword} {side}" for keyword, side in found.items())
        message = f"The header contradicts itself on the breast ({said}); the first was taken."
        warnings.append(CodedWarning(code="laterality-conflict", message=message))
    for side in found.values():
        return side
    return next((name.laterality for name in names if name.laterality), None)


def _read_projection(
    dataset: Dataset, names: list[NamedView]
) -> tuple[Projection | None, tuple[str, ...]]:
    modifiers: list[str] = []
    projection: Projection | None = None
    for item in items(dataset, "ViewCodeSequence")[:1]:
        code = text(item, "CodeValue")
        if code:
            projection = PROJECTION_CODES.get(code, Projection.OTHER)
        for modifier in items(item, "ViewModifierCodeSequence"):
            code = text(modifier, "CodeValue")
            meaning = text(modifier, "CodeMeaning").lower()
            modifiers.append(MODIFIER_CODES.get(code) or meaning or code)
    position, words = _read_view_position(text(dataset, "ViewPosition"))
    modifiers += [word for word in words if word not in modifiers]
    if projection is None:
        projection = position
    if projection is None:
        orientation = "".join(texts(dataset, "PatientOrientation")).upper()
        if orientation in ("CC", "MLO"):
            projection = Projection(orientation)
    if projection is None:
        projection = next((name.projection for name in names if name.projection), None)
    return projection, tuple(modifiers)


def _read_view_position(position: str) -> tuple[Projection | None, list[str]]:
    """``CC``, ``L MLO``, ``RCC``, ``MLOID``, ``CC MAG`` and their like; anything else is OTHER."""
    words = [word for word in re.split(r"[^A-Z]+", position.upper()) if word not in ("", "L", "R")]
    if not words:
        return None, []
    match = re.fullmatch(r"[LR]?(M|S)?(CC|MLO)(ID|AT|RL|RM|RI|RS|M|S)?", words[0])
    if not match:
        return Projection.OTHER, []
    marks = [match.group(1), match.group(3), *words[1:]]
    return Projection(match.group(2)), [MODIFIER_WORDS[m] for m in marks if m in MODIFIER_WORDS]


def _read_orientation(dataset: Dataset) -> tuple[str, str] | None:
    letters = texts(dataset, "PatientOrientation")
    if len(letters) != 2 or not all(re.fullmatch(r"[APRLHF]{1,3}", one) for one in letters):
        return None
    return letters[0], letters[1]


def _read_intent(dataset: Dataset) -> Intent | None:
    word = text(dataset, "PresentationIntentType").upper()
    if word in (Intent.PRESENTATION, Intent.PROCESSING):
        return Intent(word)
    sop_class = text(dataset, "SOPClassUID")
    if sop_class in (MAMMOGRAPHY_PROCESSING, PROJECTION_XRAY_PROCESSING):
        return Intent.PROCESSING
    if sop_class in (MAMMOGRAPHY_PRESENTATION, PROJECTION_XRAY_PRESENTATION):
        return Intent.PRESENTATION
    return None


def _read_time(dataset: Dataset) -> str:
    """When the image was acquired; failing that, when its content, series or study began."""
    moment = text(dataset, "AcquisitionDateTime")
    if moment:
        return re.sub(r"\D", "", moment.split(".")[0].split("+")[0])[:14].ljust(14, "0")
    for event in ("Acquisition", "Content", "Series", "Study"):
        day = re.sub(r"\D", "", text(dataset, f"{event}Date"))
        if len(day) == 8:
            clock = re.sub(r"\D", "", text(dataset, f"{event}Time").split(".")[0])
            return (day + clock)[:14].ljust(14, "0")
    return ""


def _warnings(dataset: Dataset, header: Header) -> list[CodedWarning]:
    """What the user ought to know of this image, in a fixed order, with stable codes."""
    found: list[tuple[str, str]] = []
    if header.laterality is None:
        found.append(("unknown-laterality", "The file does not say which breast it shows."))
    if header.projection is None:
        found.append(("unknown-projection", "The file does not say which view it shows."))
    elif header.projection is Projection.OTHER:
        found.append(("other-projection", "The view is neither CC nor MLO."))
    if header.spacing is None:
        found.append(("no-spacing", "The pixel spacing is unknown: nothing is measured in mm."))
    if header.acquisition is Acquisition.DIGITAL:
        message = "Taken on a digital detector, while the networks have seen digitised film only."
        found.append(("digital-detector", message))
    elif header.acquisition is Acquisition.UNKNOWN:
        message = "Whether it is film or digital is unknown; the networks have seen film only."
        found.append(("unknown-detector", message))
    if header.intent is Intent.PROCESSING:
        message = "Raw detector data (FOR PROCESSING), which look unlike a displayed mammogram."
        found.append(("for-processing", message))
    if text(dataset, "BreastImplantPresent").upper() == "YES" or (
        "implant displaced" in header.modifiers
    ):
        found.append(("implant", "There is a breast implant, which no network here has seen."))
    if text(dataset, "PartialView").upper() == "YES":
        found.append(("partial-view", "A partial view: the breast is not shown as a whole."))
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    if "magnification" in header.modifiers or (factor and factor >= _MAGNIFICATION_VIEW):
        found.append(("magnification", "A magnification view, which no network here has seen."))
    if "spot compression" in header.modifiers:
        message = "A spot compression view, which no network here has seen."
        found.append(("spot-compression", message))
    other = [m for m in header.modifiers if m not in ("magnification", "spot compression")]
    if other:
        found.append(("view-modifier", f"Not a plain view: {', '.join(other)}."))
    if "GENERATED_2D" in texts(dataset, "ImageType"):
        found.append(("synthetic", "Computed from a tomosynthesis, not acquired as it is."))
    syntax = str(getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", ""))
    if syntax in LOSSY or text(dataset, "LossyImageCompression") == "01":
        found.append(("lossy-compression", "The image has been compressed with loss."))
    if text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append(("burned-in", "Annotations are burned into the image."))
    return [CodedWarning(code=code, message=message) for code, message in found]


_MAGNIFICATION_VIEW = 1.3
"""Ordinary views are magnified 1.0 to 1.15 times, magnification views 1.4 to 2."""
