"""Which view a DICOM header states: laterality, projection and modifiers, from all their places.

The attributes of the standard come first, then those in which some manufacturers and archives
store the view instead, then names. The first place that states a part decides; every other place
that states something else causes a warning that names both. What is not understood is unknown, and
the user can specify it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from mammopair.io.dicom_attributes import get_items, get_number, get_text, get_texts
from mammopair.io.view_names import ParsedName, parse_code, parse_name
from mammopair.view import Laterality, Projection
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

PROJECTION_CODES = {
    "399162004": Projection.CC,
    "R-10242": Projection.CC,
    "399368009": Projection.MLO,
    "R-10226": Projection.MLO,
    **dict.fromkeys(
        (
            *("399196006", "R-10244", "399192008", "R-1024A", "Y-X1770"),
            *("399101009", "R-1024B", "Y-X1771", "441555000", "R-40AAA"),
            *("399352003", "R-10228", "399099002", "R-10230"),
            *("399260004", "R-10224", "399188001", "R-102D0"),
            # An earlier code of "cranio-caudal exaggerated laterally".
            "399265009",
        ),
        Projection.OTHER,
    ),
}
"""Codes of View Code Sequence (PS3.16 CID 4014), SNOMED CT and older SRT."""

LATERALITY_CODES = {
    "80248007": Laterality.LEFT,
    "T-04030": Laterality.LEFT,
    "7771000": Laterality.LEFT,
    "G-A101": Laterality.LEFT,
    "73056007": Laterality.RIGHT,
    "T-04020": Laterality.RIGHT,
    "24028007": Laterality.RIGHT,
    "G-A100": Laterality.RIGHT,
}
"""Codes of Anatomic Region Sequence and its modifiers: left and right breast, left, right."""

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

MAGNIFICATION_VIEW = 1.3
"""Magnification factor: standard views have 1.0 to 1.15, magnification views 1.4 to 2."""

_LATERALITY_ATTRIBUTES = ("ImageLaterality", "FrameLaterality", "Laterality")
_TEXT_ATTRIBUTES = (
    "AcquisitionDeviceProcessingDescription",
    "SeriesDescription",
    "ProtocolName",
    "AcquisitionProtocolDescription",
    "BodyPartExamined",
)

Part = TypeVar("Part", Laterality, Projection)


@dataclass(frozen=True)
class StatedView:
    """What a header states about its view."""

    laterality: Laterality | None
    projection: Projection | None
    modifiers: tuple[str, ...]
    subject: str
    """The patient in a Patient ID that states the view as well; empty otherwise."""
    warnings: tuple[CodedWarning, ...]
    """``laterality-conflict`` and ``projection-conflict``, where they apply."""
    laterality_text: str
    """The places with a text that is no known laterality; empty if none or if it is known."""
    projection_text: str
    """The same for the projection."""


@dataclass(frozen=True)
class _Statement(Generic[Part]):
    """A part of the view that one place of the header states."""

    place: str
    text: str
    part: Part


def read_stated_view(dataset: Dataset, source: Path) -> StatedView:
    """Read laterality, projection and modifiers of a view from all places that may state them.

    Parameters
    ----------
    dataset
        The data set.
    source
        Its file; the name counts last.
    """
    parsed = [*_parse_attributes(dataset), ("the file name", source.stem, parse_name(source.stem))]
    lateralities = [
        *_read_lateralities(dataset),
        *(_Statement(where, text, one.laterality) for where, text, one in parsed if one.laterality),
    ]
    projections = [
        _Statement(where, text, one.projection) for where, text, one in parsed if one.projection
    ]
    modifiers = [
        *_read_modifier_codes(dataset),
        *(modifier for _, _, one in parsed for modifier in one.modifiers),
        *parse_name(get_text(dataset, "PaddleDescription")).modifiers,
    ]
    if _read_magnification(dataset) >= MAGNIFICATION_VIEW:
        modifiers.append("magnification")
    patient = parse_name(get_text(dataset, "PatientID"))
    return StatedView(
        laterality=lateralities[0].part if lateralities else None,
        projection=projections[0].part if projections else None,
        modifiers=tuple(dict.fromkeys(modifiers)),
        subject=patient.subject,
        warnings=(
            *_find_conflict(lateralities, "laterality-conflict", "lateralities"),
            *_find_conflict(projections, "projection-conflict", "views"),
        ),
        laterality_text="" if lateralities else _describe(dataset, _LATERALITY_ATTRIBUTES),
        projection_text="" if projections else _describe(dataset, ("ViewPosition",)),
    )


def name_attribute(keyword: str) -> str:
    """Return the name and tag of an attribute, as ``View Position (0018,5101)``."""
    from pydicom.datadict import dictionary_description, tag_for_keyword

    tag = tag_for_keyword(keyword) or 0
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _parse_attributes(dataset: Dataset) -> Iterator[tuple[str, str, ParsedName]]:
    """The place, the text and the parsed view of each attribute that may state a view."""
    for item in get_items(dataset, "ViewCodeSequence")[:1]:
        place = name_attribute("ViewCodeSequence")
        code, meaning = get_text(item, "CodeValue"), get_text(item, "CodeMeaning")
        if code in PROJECTION_CODES:
            yield place, code, ParsedName(projection=PROJECTION_CODES[code])
        else:
            yield place, meaning, parse_code(meaning)
            yield place, code, parse_code(code)
    position = get_text(dataset, "ViewPosition")
    yield name_attribute("ViewPosition"), position, parse_code(position)
    orientation = get_texts(dataset, "PatientOrientation")
    if len(orientation) == 1:  # two directions, unless it has another meaning
        parsed = parse_code(orientation[0])
        if parsed.projection:
            yield name_attribute("PatientOrientation"), orientation[0], parsed
    for keyword in _TEXT_ATTRIBUTES:
        text = get_text(dataset, keyword)
        yield name_attribute(keyword), text, parse_name(text)
    patient = get_text(dataset, "PatientID")
    parsed = parse_name(patient)
    yield name_attribute("PatientID"), patient, replace(parsed, modifiers=())


def _read_lateralities(dataset: Dataset) -> Iterator[_Statement[Laterality]]:
    for keyword in _LATERALITY_ATTRIBUTES:
        text = get_text(dataset, keyword)
        part = parse_code(text).laterality
        if part:
            yield _Statement(name_attribute(keyword), text, part)
    for region in get_items(dataset, "AnatomicRegionSequence"):
        for item in (region, *get_items(region, "AnatomicRegionModifierSequence")):
            code = get_text(item, "CodeValue")
            if code in LATERALITY_CODES:
                place = name_attribute("AnatomicRegionSequence")
                yield _Statement(place, code, LATERALITY_CODES[code])


def _read_modifier_codes(dataset: Dataset) -> Iterator[str]:
    items = [dataset, *get_items(dataset, "ViewCodeSequence")[:1]]
    for item in items:
        for modifier in get_items(item, "ViewModifierCodeSequence"):
            code, meaning = get_text(modifier, "CodeValue"), get_text(modifier, "CodeMeaning")
            known = MODIFIER_CODES.get(code)
            yield known or next(iter(parse_name(meaning).modifiers), "") or meaning.lower() or code


def _read_magnification(dataset: Dataset) -> float:
    """The magnification factor, or the ratio of the distances that define it; 0 if unknown."""
    factor = get_number(dataset, "EstimatedRadiographicMagnificationFactor")
    if factor:
        return factor
    detector = get_number(dataset, "DistanceSourceToDetector")
    patient = get_number(dataset, "DistanceSourceToPatient")
    return detector / patient if detector and patient and patient > 0 else 0.0


def _find_conflict(
    statements: Sequence[_Statement[Part]], code: str, what: str
) -> tuple[CodedWarning, ...]:
    """A warning that names the first place and every one that contradicts it."""
    if not statements:
        return ()
    first = statements[0]
    different = [first]
    different.extend(other for other in statements if other.part is not first.part)
    if len(different) == 1:
        return ()
    found = ", ".join(f"{one.place} {one.part} ({one.text!r})" for one in different)
    message = (
        f"The file states conflicting {what}: {found}; {first.part} is used unless the other is "
        "specified. Check which one is right."
    )
    return (CodedWarning(code=code, message=message),)


def _describe(dataset: Dataset, keywords: Sequence[str]) -> str:
    """The values of attributes that were not understood, as ``View Position (...) is 'X'``."""
    found = [(keyword, get_text(dataset, keyword)) for keyword in keywords]
    if "ViewPosition" in keywords:
        items = get_items(dataset, "ViewCodeSequence")[:1]
        found += [("ViewCodeSequence", get_text(item, "CodeMeaning")) for item in items]
    return " and ".join(f"{name_attribute(one)} is {text!r}" for one, text in found if text)
