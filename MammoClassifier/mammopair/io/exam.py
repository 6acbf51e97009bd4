"""Group the views of an exam into breasts: the CC and the MLO view that belong together.

Works on any object that has patient, study, laterality and projection: on views, on headers
(:func:`mammopair.io.dicom.read_header`), and on the volumes of a viewer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from mammopair.io.image_kind import CROP, SECONDARY_CAPTURE, SYNTHETIC
from mammopair.view import Intent, Laterality, Projection


class ViewIdentity(Protocol):
    """The attributes needed to group a view; as in :class:`~mammopair.view.Header`."""

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
        """``magnification``, ``synthetic``, ...; empty for a standard view."""

    @property
    def shape(self) -> tuple[int, int] | None:
        """Rows and columns; None if unknown."""

    @property
    def intent(self) -> Intent | None:
        """For presentation or for processing."""


V = TypeVar("V", bound=ViewIdentity)


@dataclass(frozen=True)
class Breast(Generic[V]):
    """The views of one breast in one exam that are classified together."""

    patient_id: str
    laterality: Laterality
    cc: V | None = None
    mlo: V | None = None

    @property
    def views(self) -> tuple[V, ...]:
        """The CC, then the MLO view, where present."""
        return tuple(view for view in (self.cc, self.mlo) if view is not None)


def group_breasts(views: Iterable[V]) -> list[Breast[V]]:
    """Group views by patient, exam and breast, and select one CC and one MLO view of each.

    A study of two or more views is an exam. Views that are alone in their study (in CBIS-DDSM
    every view has its own study) form one exam per patient, and are never added to a study of
    several views. A view without Patient ID is grouped by its study only; a view without Patient
    ID and study is an exam of its own.

    Of several views of one projection, a standard view is preferred to any other, which are a
    synthetic view, then one with another modifier, then a magnification or spot compression view,
    then a secondary capture, then a crop: an image named so, or much smaller than the largest.
    Then a view for presentation is preferred to one for processing, then the newest.

    Returns
    -------
    list of Breast
        One for each patient, exam and known laterality: ordered by patient ID, newest exam first,
        right before left. A breast without a CC or MLO view has no views. Views of unknown
        laterality are ignored.
    """
    breasts = []
    for exam in _split_exams(list(views)):
        sides: dict[Laterality | None, list[V]] = defaultdict(list)
        for view in exam:
            sides[view.laterality].append(view)
        breasts += [
            _select_views(sides[side], side)
            for side in (Laterality.RIGHT, Laterality.LEFT)
            if side in sides
        ]
    return breasts


def _split_exams(views: Sequence[V]) -> list[list[V]]:
    """The views of each exam, in the order of :func:`group_breasts`."""
    studies: dict[tuple[str, str], list[V]] = defaultdict(list)
    for number, view in enumerate(views):
        study = view.study_uid
        patient = view.patient_id or (f"study {study}" if study else f"file {number}")
        studies[patient, study].append(view)

    exams: dict[tuple[str, str], list[V]] = defaultdict(list)
    for (patient, study), members in studies.items():
        exams[patient, study if len(members) > 1 else ""] += members
    newest_first = sorted(
        exams.items(), key=lambda exam: max(view.acquired for view in exam[1]), reverse=True
    )
    return [exam for _, exam in sorted(newest_first, key=lambda exam: exam[0][0])]


def _select_views(views: Sequence[V], side: Laterality) -> Breast[V]:
    by_projection: dict[Projection | None, list[V]] = defaultdict(list)
    for view in sorted(views, key=lambda view: view.acquired, reverse=True):
        by_projection[view.projection].append(view)
    selected = {
        projection: min(found, key=partial(_preference, largest=max(map(_area, found))))
        for projection, found in by_projection.items()
    }
    return Breast(
        patient_id=views[0].patient_id,
        laterality=side,
        cc=selected.get(Projection.CC),
        mlo=selected.get(Projection.MLO),
    )


def _area(view: ViewIdentity) -> int:
    """Number of pixels; 0 if unknown."""
    return view.shape[0] * view.shape[1] if view.shape else 0


def _preference(view: ViewIdentity, largest: int) -> tuple[int, bool]:
    """Sort key: the preferred views of a projection first."""
    ranks = [_RANKS.get(modifier, _OTHER_RANK) for modifier in view.modifiers]
    if 0 < _area(view) < largest * SMALLEST_SHARE:
        ranks.append(_RANKS[CROP])
    return max(ranks, default=0), view.intent is Intent.PROCESSING


SMALLEST_SHARE = 1 / 3
"""Area relative to the largest view of the breast and projection below which one is a crop or a
preview; detectors of one system differ by less."""
_OTHER_RANK = 2
_RANKS = {
    SYNTHETIC: 1,
    "magnification": 3,
    "spot compression": 3,
    "stereotactic": 3,
    SECONDARY_CAPTURE: 4,
    CROP: 5,
}
"""Order of preference of the modifiers; 0 is a standard view."""
