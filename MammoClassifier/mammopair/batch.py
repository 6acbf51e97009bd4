"""Many lesions, one after another: those that fail are named, the others are not held up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mammopair.classify import Lesion, MarkedView, classify, classify_many
from mammopair.errors import InputError
from mammopair.manifest import LesionEntry, ManifestRow
from mammopair.reading.checks import with_identity
from mammopair.reading.files import read_view
from mammopair.reading.view import Laterality, Projection, View
from mammopair.record import Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

Outcome = TypeVar("Outcome")

LESIONS_AT_ONCE = 8
"""Lesions whose crops go through the members together; their films are in memory meanwhile."""
FILMS_KEPT = 4
"""Films kept in memory after reading, since a breast with several masses names each film again."""


@dataclass(frozen=True)
class Failure:
    """A lesion that could not be classified."""

    case_id: str
    lesion_id: str
    reason: str
    """One sentence that names the file or field."""


def classify_entries(
    entries: Iterable[LesionEntry], ensemble: Ensemble
) -> Iterator[Record | Failure]:
    """Classify the lesions of a manifest, in its order: a record or a failure for each."""
    films = lru_cache(FILMS_KEPT)(read_view)
    remaining = iter(entries)
    while group := list(islice(remaining, LESIONS_AT_ONCE)):
        read = [_try(entry, partial(read_lesion, entry, films)) for entry in group]
        lesions = [lesion for lesion in read if isinstance(lesion, Lesion)]
        classified = iter(_classify_together(lesions, ensemble))
        for outcome in read:
            yield next(classified) if isinstance(outcome, Lesion) else outcome


def read_lesion(entry: LesionEntry, read: Callable[[Path], View] = read_view) -> Lesion:
    """Read the views of a manifest's lesion; what the manifest says completes their headers.

    Raises
    ------
    InputError
        If a file cannot be read as a mammogram, or contradicts the manifest.
    """
    return Lesion(
        case_id=entry.case_id,
        lesion_id=entry.lesion_id,
        marked=tuple(MarkedView(_read_row(row, read), row.box) for row in entry.rows),
        label=entry.rows[0].label,
    )


def _read_row(row: ManifestRow, read: Callable[[Path], View]) -> View:
    return with_identity(
        read(Path(row.file)),
        laterality=Laterality(row.laterality),
        projection=Projection(row.view),
    )


def _classify_together(lesions: Sequence[Lesion], ensemble: Ensemble) -> list[Record | Failure]:
    """All in one batch; where that fails, one by one, so that only the culprit fails."""
    try:
        return list(classify_many(lesions, ensemble))
    except InputError:
        return [_try(lesion, partial(classify, lesion, ensemble)) for lesion in lesions]


def _try(which: LesionEntry | Lesion, work: Callable[[], Outcome]) -> Outcome | Failure:
    try:
        return work()
    except InputError as error:
        return Failure(which.case_id, which.lesion_id, str(error))
