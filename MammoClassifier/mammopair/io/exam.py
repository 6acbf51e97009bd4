"""Views to breasts: which CC and which MLO belong together.

Works on whatever names patient, study, laterality and projection: on views, on headers without
pixels (:func:`mammopair.io.dicom.read_header`), and on a viewer's own records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mammopair.view import Intent, Laterality, Projection


class Identified(Protocol):
    """What must be known of a view to group it; fields as in ``View``, empty where unknown."""

    @property
    def patient_id(self) -> str:
        """Patient ID (0010,0020)."""

    @property
    def study_uid(self) -> str:
        """Study Instance UID (0020,000D)."""

    @property
    def laterality(self) -> Laterality | None:
        """The breast."""

    @property
    def projection(self) -> Projection | None:
        """CC, MLO or other."""

    @property
    def acquired(self) -> str:
        """``YYYYMMDDHHMMSS``."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """``magnification``, ``spot compression``, ...; none for a plain view."""

    @property
    def intent(self) -> Intent | None:
        """For presentation or for processing."""


V = TypeVar("V", bound=Identified)


@dataclass(frozen=True)
class Extra(Generic[V]):
    """A view of a breast that is not one of its pair."""

    view: V
    reason: str
    """``repeat``, ``for processing``, ``magnification``, ``neither CC nor MLO``, ..."""


@dataclass(frozen=True)
class Breast(Generic[V]):
    """One breast in one exam: the pair to classify, and everything else there is of it."""

    patient_id: str
    laterality: Laterality | None
    """None if the file does not tell; then everything is in ``extras``."""
    cc: V | None = None
    mlo: V | None = None
    extras: tuple[Extra[V], ...] = ()

    @property
    def views(self) -> tuple[V, ...]:
        """The pair: CC, then MLO, as far as they are there."""
        return tuple(view for view in (self.cc, self.mlo) if view is not None)


def group_breasts(views: Iterable[V]) -> list[Breast[V]]:
    """Group views into breasts, one a patient, exam and side.

    An exam is a study that holds two views or more. Views whose study holds nothing else (in
    CBIS-DDSM every view has a study of its own) form one exam together, for each patient, and are
    never mixed into a study that holds several. A view without patient is known by its study;
    one that has neither stands alone, since nothing tells whose it is.

    Of several views of one projection the pair gets a plain one before a magnified or spot
    compression one, one for presentation before one for processing, and then the newest. The
    others are kept in ``extras``, with the reason.

    Returns
    -------
    list of Breast
        Patients in order of their ID; a patient's newest exam first; right before left, as
        mammograms hang.
    """
    breasts = []
    for exam in _exams(list(views)):
        sides: dict[Laterality | None, list[V]] = defaultdict(list)
        for view in exam:
            sides[view.laterality].append(view)
        breasts += [
            _breast(sides[side], side)
            for side in (Laterality.RIGHT, Laterality.LEFT, None)
            if side in sides
        ]
    return breasts


def _exams(views: Sequence[V]) -> list[list[V]]:
    """Views of one exam together, in the order of :func:`group_breasts`."""
    studies: dict[tuple[str, str], list[V]] = defaultdict(list)
    for number, view in enumerate(views):
        study = view.study_uid
        patient = view.patient_id or (f"study {study}" if study else f"file {number}")
        studies[patient, study].append(view)

    exams: dict[tuple[str, str], list[V]] = defaultdict(list)
    for (patient, study), held in studies.items():
        exams[patient, study if len(held) > 1 else ""] += held
    newest_first = sorted(exams.items(), key=lambda exam: _newest(exam[1]), reverse=True)
    return [exam for _, exam in sorted(newest_first, key=lambda exam: exam[0][0])]


def _newest(views: Sequence[V]) -> str:
    return max(view.acquired for view in views)


def _breast(views: Sequence[V], side: Laterality | None) -> Breast[V]:
    chosen: dict[Projection | None, V] = {}
    extras: list[Extra[V]] = []
    newest_first = sorted(views, key=lambda view: view.acquired, reverse=True)
    for view in sorted(newest_first, key=_oddity):
        if side is None:
            extras.append(Extra(view, "laterality unknown"))
        elif view.projection is None:
            extras.append(Extra(view, "projection unknown"))
        elif view.projection is Projection.OTHER:
            extras.append(Extra(view, "neither CC nor MLO"))
        elif view.projection in chosen:
            extras.append(Extra(view, _reason(view)))
        else:
            chosen[view.projection] = view
    return Breast(
        patient_id=views[0].patient_id,
        laterality=side,
        cc=chosen.get(Projection.CC),
        mlo=chosen.get(Projection.MLO),
        extras=tuple(extras),
    )


def _oddity(view: Identified) -> tuple[bool, bool]:
    """Sorts what a pair is better made of to the front."""
    return bool(view.modifiers), view.intent is Intent.PROCESSING


def _reason(view: Identified) -> str:
    if view.modifiers:
        return ", ".join(view.modifiers)
    return "for processing" if view.intent is Intent.PROCESSING else "repeat"
