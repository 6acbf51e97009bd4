"""Mammograms among DICOM files, as the DICOM browser lists them; only headers are read."""

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
"""Tags that are read from the DICOM database, which caches most of them."""

WARNING_CODES = frozenset(
    {
        "unknown-laterality",
        "unknown-projection",
        "laterality-conflict",
        "projection-conflict",
        "unknown-polarity",
    }
)
"""Engine warnings that are shown as warnings: those about the view or its polarity.

Slicer asks before it loads a loadable with a warning, so all others are in the tooltip.
"""

SHORT_NAMES = {"spot compression": "spot"}
"""Modifiers with a shorter term in the name of a view."""


@dataclass(frozen=True)
class LoadableView:
    """A DICOM file that can be loaded as a mammogram."""

    file: str
    header: Header
    name: str
    """``R CC``, ``L MLO spot``, ``R CC for processing``."""
    tooltip: str
    warning: str
    """Empty for most files."""


def findViews(files: Iterable[str]) -> list[LoadableView]:
    """Return the mammograms among files, in their order.

    Tomosynthesis, multi-frame and colour images, reports, presentation states and other
    modalities are left to other plug-ins. A mammogram that cannot be read is logged as a warning.
    """
    views = []
    for file in files:
        view = _readView(file) if _mayBeMammogram(file) else None
        if view is not None:
            views.append(view)
    return _numberRepeats(views)


def findRawDuplicates(views: Sequence[LoadableView], *, withinSeries: bool = False) -> set[str]:
    """Return files FOR PROCESSING whose view is also available FOR PRESENTATION.

    Parameters
    ----------
    views
        All views.
    withinSeries
        Whether both files must belong to the same series instead of the same study.
    """
    from mammopair.view import Intent

    def key(view: LoadableView) -> tuple[object, ...]:
        header = view.header
        group = header.series_uid if withinSeries else header.study_uid
        return (header.patient_id, group, header.laterality, header.projection, header.modifiers)

    raw = [one for one in views if one.header.intent is Intent.PROCESSING]
    processed = {key(one) for one in views if one.header.intent is not Intent.PROCESSING}
    return {one.file for one in raw if key(one) in processed}


def spacingText(header: Header, magnification: str) -> str:
    """Return ``Pixels of 0.07 x 0.07 mm at the detector plane`` and the magnification, if any."""
    if header.spacing is None:
        return ""
    text = _("Pixels of {column:.4g} x {row:.4g} mm {meaning}").format(
        column=header.spacing.column, row=header.spacing.row, meaning=header.spacing.meaning
    )
    if magnification:
        text += _("; magnification factor {factor}").format(factor=magnification)
    return text


def _mayBeMammogram(file: str) -> bool:
    """Return whether the tags in the database allow a mammogram; no file is opened."""
    from mammopair.io.dicom_header import MAMMOGRAPHY_CLASSES
    from mammopair.io.image_checks import OTHER_RADIOGRAPHY

    sopClass, modality = _value(file, "sopClassUID"), _value(file, "modality").upper()
    isMammography = modality == "MG" or sopClass in MAMMOGRAPHY_CLASSES
    return (
        (isMammography or modality in OTHER_RADIOGRAPHY)
        and _value(file, "numberOfFrames") in ("", "1")
        and _value(file, "rows") != ""
        and _value(file, "photometricInterpretation") in ("MONOCHROME1", "MONOCHROME2", "")
    )


def _readView(file: str) -> LoadableView | None:
    from mammopair.io.dicom import read_header

    try:
        header = read_header(Path(file))
    except InputError as error:
        if _value(file, "modality").upper() == "MG":
            logging.warning(str(error))
        return None
    warnings = [one.message for one in header.warnings if one.code in WARNING_CODES]
    return LoadableView(
        file=file,
        header=header,
        name=_nameOf(file, header),
        tooltip=_tooltip(file, header),
        warning=" ".join(warnings),
    )


def _nameOf(file: str, header: Header) -> str:
    from mammopair.view import Intent, Projection

    projection = str(header.projection or "?")
    if header.projection is Projection.OTHER:
        projection = _value(file, "viewPosition") or _("other view")
    parts = [str(header.laterality or "?"), projection]
    parts += [SHORT_NAMES.get(modifier, modifier) for modifier in header.modifiers]
    if header.intent is Intent.PROCESSING:
        parts.append(_("for processing"))
    return " ".join(parts)


def _numberRepeats(views: Sequence[LoadableView]) -> list[LoadableView]:
    """Append a number to repeated names, in the order of acquisition."""
    count: Counter[str] = Counter()
    names = {}
    for view in sorted(views, key=lambda one: one.header.acquired):
        count[view.name] += 1
        number = count[view.name]
        names[view.file] = view.name if number == 1 else f"{view.name} ({number})"
    return [replace(view, name=names[view.file]) for view in views]


def _tooltip(file: str, header: Header) -> str:
    day = header.acquired[:8]
    lines = [
        _("{rows} rows, {columns} columns, {acquisition}").format(
            rows=_value(file, "rows"),
            columns=_value(file, "columns"),
            acquisition=header.acquisition,
        ),
        spacingText(header, _value(file, "magnification")),
        _("Acquired on {day}").format(day=f"{day[:4]}-{day[4:6]}-{day[6:]}") if day else "",
        *(warning.message for warning in header.warnings),
        file,
    ]
    return "\n".join(line for line in lines if line)


def _value(file: str, tag: str) -> str:
    return slicer.dicomDatabase.fileValue(file, TAGS[tag]).strip(" \0")
