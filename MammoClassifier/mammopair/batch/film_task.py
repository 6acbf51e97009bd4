"""From a manifest's lesions to records: each film is read once, cut, and let go.

One film is in memory at a time; of each lesion only its patches stay, which then go through the
members of the ensemble together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mammopair.batch.film_groups import group_by_film
from mammopair.batch.outcome import Failure
from mammopair.classification import classify, classify_many
from mammopair.errors import InputError
from mammopair.io.lesion_table import LesionTableRow, TableLesion
from mammopair.io.reader import read_view
from mammopair.io.view_checks import with_identity
from mammopair.lesion import Lesion, MarkedView, with_patch_only
from mammopair.record import Record
from mammopair.view import Laterality, Projection, View

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

Outcome = TypeVar("Outcome")


def classify_entries(
    entries: Iterable[TableLesion], ensemble: Ensemble
) -> Iterator[Record | Failure]:
    """Classify the lesions of a manifest, in its order: a record or a failure for each."""
    done: dict[int, Record | Failure] = {}
    following = 0
    numbered = enumerate(entries)
    for group in group_by_film(numbered, lambda one: [row.file for row in one[1].rows]):
        outcomes = classify_together([entry for _, entry in group], ensemble)
        done |= {number: outcome for (number, _), outcome in zip(group, outcomes, strict=True)}
        while following in done:
            yield done.pop(following)
            following += 1


def classify_together(
    entries: Sequence[TableLesion],
    ensemble: Ensemble,
    turn: AbstractContextManager[Any] = nullcontext(),  # noqa: B008  it has no state
) -> list[Record | Failure]:
    """Classify a few lesions, a record or a failure for each; each of their films is read once.

    Parameters
    ----------
    entries
        Lesions whose patches fit in memory together.
    ensemble
        What classifies them.
    turn
        Entered while the ensemble works, for threads that share one.
    """
    cut = _cut_all(entries)
    lesions = [one for one in cut if isinstance(one, Lesion)]
    with turn:
        try:
            classified: Iterator[Record | Failure] = iter(classify_many(lesions, ensemble))
        except InputError:  # one by one, so that only the culprit fails
            classified = iter(
                [_try(one, partial(classify, one, ensemble)) for one in lesions],
            )
    return [next(classified) if isinstance(one, Lesion) else one for one in cut]


def read_lesion(entry: TableLesion, read: Callable[[Path], View] = read_view) -> Lesion:
    """Read the views of a manifest's lesion; what the manifest says completes their headers.

    Raises
    ------
    InputError
        If a file cannot be read as a mammogram, or contradicts the manifest.
    """
    return _lesion(entry, [_mark(read(Path(row.file)), row) for row in entry.rows])


def _cut_all(entries: Sequence[TableLesion]) -> list[Lesion | Failure]:
    """Each lesion with its patches, film by film."""
    films: dict[str, list[tuple[int, int]]] = {}
    for number, entry in enumerate(entries):
        for place, row in enumerate(entry.rows):
            films.setdefault(row.file, []).append((number, place))
    cut: dict[tuple[int, int], MarkedView | Failure] = {}
    for file, marks in films.items():
        rows = [(entries[number], entries[number].rows[place]) for number, place in marks]
        cut |= zip(marks, _cut_film(file, rows), strict=True)
    lesions: list[Lesion | Failure] = []
    for number, entry in enumerate(entries):
        marked = [cut[number, place] for place in range(len(entry.rows))]
        failed = [one for one in marked if isinstance(one, Failure)]
        whole = [one for one in marked if isinstance(one, MarkedView)]
        lesions.append(failed[0] if failed else _lesion(entry, whole))
    return lesions


def _cut_film(
    file: str, rows: Sequence[tuple[TableLesion, LesionTableRow]]
) -> list[MarkedView | Failure]:
    """Read a film and cut what rows mark on it; the film is gone when this comes back."""
    try:
        film = read_view(Path(file), on_demand=True)
    except InputError as error:
        return [Failure(entry.case_id, entry.lesion_id, str(error)) for entry, _ in rows]
    return [_try(entry, partial(_cut_row, film, row)) for entry, row in rows]


def _cut_row(film: View, row: LesionTableRow) -> MarkedView:
    return with_patch_only(_mark(film, row))


def _mark(film: View, row: LesionTableRow) -> MarkedView:
    view = with_identity(
        film, laterality=Laterality(row.laterality), projection=Projection(row.view)
    )
    return MarkedView(view, row.box)


def _lesion(entry: TableLesion, marked: Sequence[MarkedView]) -> Lesion:
    return Lesion(entry.case_id, entry.lesion_id, tuple(marked), entry.rows[0].label)


def _try(which: TableLesion | Lesion, work: Callable[[], Outcome]) -> Outcome | Failure:
    """What work gives; what its user can mend is a failure, a defect of the program is not."""
    try:
        return work()
    except InputError as error:
        return Failure(which.case_id, which.lesion_id, str(error))
