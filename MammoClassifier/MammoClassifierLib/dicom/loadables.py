"""Which DICOM files are mammograms, and what the DICOM browser is told of each: headers only."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mammopair.view import Header

TAGS = {
    "sopClassUID": "0008,0016",
    "modality": "0008,0060",
    "studyInstanceUID": "0020,000D",
    "rows": "0028,0010",
    "columns": "0028,0011",
    "numberOfFrames": "0028,0008",
    "photometricInterpretation": "0028,0004",
    "viewPosition": "0018,5101",
    "magnification": "0018,1114",
}
"""What is asked of the DICOM database, which answers most of it without opening a file."""

DOUBTFUL = frozenset(
    {"unknown-laterality", "unknown-projection", "laterality-conflict", "unknown-polarity"}
)
"""Warnings that stand as a warning: which view it is, or which way its greys go, is doubtful.

Slicer asks before it loads what has a warning; everything else goes without saying, in the tip.
"""

SHORT = {"spot compression": "spot"}
"""Modifiers of a view that have a shorter word in its name."""


@dataclass(frozen=True)
class Offer:
    """One file that can be loaded as one view."""

    file: str
    header: Header
    name: str
    """``R CC``, ``L MLO spot``, ``R CC for processing``."""
    tooltip: str
    warning: str
    """Empty, as a rule."""


def offersOf(files: Iterable[str]) -> list[Offer]:
    """What can be loaded of some files, in their order.

    Tomosynthesis, stacks, colour images, reports, presentation states and other modalities are
    passed over: other plug-ins know them. A mammogram that cannot be read is passed over with a
    warning in the log.
    """
    offers = []
    for file in files:
        if not _mayBeMammogram(file):
            continue
        offer = _offer(file)
        if offer is not None:
            offers.append(offer)
    return _numbered(offers)


def rawTwins(offers: Sequence[Offer], *, ofOneSeries: bool = False) -> set[str]:
    """Files FOR PROCESSING whose view is there FOR PRESENTATION, too.

    Parameters
    ----------
    offers
        All that is there.
    ofOneSeries
        Whether both must be of one series.
    """
    from mammopair.view import Intent

    def view(offer: Offer) -> tuple[object, ...]:
        header = offer.header
        same = (header.laterality, header.projection, header.modifiers)
        where = header.series_uid if ofOneSeries else header.study_uid
        return (header.patient_id, where, *same)

    shown = {view(one) for one in offers if one.header.intent is not Intent.PROCESSING}
    raw = [one for one in offers if one.header.intent is Intent.PROCESSING]
    return {one.file for one in raw if view(one) in shown}


def _mayBeMammogram(file: str) -> bool:
    """What the database alone can tell, so that a thousand slices of a CT are passed over fast."""
    from mammopair.io.dicom_header import MAMMOGRAPHY_CLASSES, TOMOSYNTHESIS
    from mammopair.io.image_checks import OTHER_RADIOGRAPHY

    sopClass, modality = _value(file, "sopClassUID"), _value(file, "modality").upper()
    mammography = modality == "MG" or sopClass in MAMMOGRAPHY_CLASSES
    return (
        (mammography or modality in OTHER_RADIOGRAPHY)
        and sopClass != TOMOSYNTHESIS
        and _value(file, "numberOfFrames") in ("", "1")
        and _value(file, "rows") != ""
        and _value(file, "photometricInterpretation") in ("MONOCHROME1", "MONOCHROME2", "")
    )


def _offer(file: str) -> Offer | None:
    from mammopair.io.dicom import read_header

    try:
        header = read_header(Path(file))
    except InputError as error:
        if _value(file, "modality").upper() == "MG":
            logging.warning(str(error))
        return None
    doubts = [one.message for one in header.warnings if one.code in DOUBTFUL]
    return Offer(
        file=file,
        header=header,
        name=_nameOf(file, header),
        tooltip=_tooltip(file, header),
        warning=" ".join(doubts),
    )


def _nameOf(file: str, header: Header) -> str:
    """As a radiologist says it, with what makes it more than a plain view."""
    from mammopair.view import Intent, Projection

    projection = str(header.projection or "?")
    if header.projection is Projection.OTHER:
        projection = _value(file, "viewPosition") or _("other view")
    words = [str(header.laterality or "?"), projection]
    words += [SHORT.get(modifier, modifier) for modifier in header.modifiers]
    if header.intent is Intent.PROCESSING:
        words.append(_("for processing"))
    return " ".join(words)


def _numbered(offers: Sequence[Offer]) -> list[Offer]:
    """Repeats of a view get a number, in the order in which they were taken."""
    seen: Counter[str] = Counter()
    names = {}
    for offer in sorted(offers, key=lambda one: one.header.acquired):
        seen[offer.name] += 1
        number = seen[offer.name]
        names[offer.file] = offer.name if number == 1 else f"{offer.name} ({number})"
    return [replace(offer, name=names[offer.file]) for offer in offers]


def _tooltip(file: str, header: Header) -> str:
    day = header.acquired[:8]
    lines = [
        _("{rows} rows, {columns} columns, {acquisition}").format(
            rows=_value(file, "rows"),
            columns=_value(file, "columns"),
            acquisition=header.acquisition,
        ),
        spacingInWords(header, _value(file, "magnification")),
        _("Taken on {day}").format(day=f"{day[:4]}-{day[4:6]}-{day[6:]}") if day else "",
        *(warning.message for warning in header.warnings),
        file,
    ]
    return "\n".join(line for line in lines if line)


def spacingInWords(header: Header, magnification: str) -> str:
    """``Pixels of 0.07 x 0.07 mm at the detector plane``, and the magnification, if stated."""
    if header.spacing is None:
        return ""
    text = _("Pixels of {across:.4g} x {down:.4g} mm {where}").format(
        across=header.spacing.column, down=header.spacing.row, where=header.spacing.meaning
    )
    if magnification:
        text += _("; magnified {factor} times").format(factor=magnification)
    return text


def _value(file: str, tag: str) -> str:
    return slicer.dicomDatabase.fileValue(file, TAGS[tag]).strip(" \0")
