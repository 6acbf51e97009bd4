"""Read and classify the lesions of a task, decoding each film once.

One film is in memory at a time. Of each lesion only its patches are kept, and the pictures that the
requested results show.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mammopair.batch.outcome import Failure
from mammopair.classification import classify, classify_stepwise
from mammopair.errors import InputError
from mammopair.io.lesion_table import LesionTableRow, TableLesion
from mammopair.io.reader import read_view
from mammopair.io.view_checks import with_identity
from mammopair.lesion import Lesion, MarkedView, extract_patch, with_patch_only
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair.results.rendered_view import RenderedView, render_film, render_view
from mammopair.view import View

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

Value = TypeVar("Value")


@dataclass(frozen=True)
class _CutView:
    """A marked view without the pixels of its film."""

    marked: MarkedView
    rendered: RenderedView | None


@dataclass(frozen=True)
class CutLesion:
    """A lesion without the pixels of its films."""

    lesion: Lesion
    """With patches only."""
    rendered: Mapping[str, RenderedView]
    """Pictures by projection; empty unless requested."""


def cut_lesions(
    lesions: Sequence[TableLesion], *, render: bool = False
) -> Generator[Progress, None, list[CutLesion | Failure]]:
    """Cut the patches of lesions from their films; yield progress before each film.

    Parameters
    ----------
    lesions
        Lesions whose patches fit in memory together.
    render
        Whether to render the pictures that reports, evidence pictures and DICOM objects show.

    Returns
    -------
    list
        A lesion or a failure for each, in their order, as the generator's value.
    """
    films: dict[str, list[tuple[int, int]]] = {}
    for number, lesion in enumerate(lesions):
        for place, row in enumerate(lesion.rows):
            films.setdefault(row.file, []).append((number, place))
    cut: dict[tuple[int, int], _CutView | Failure] = {}
    for number, (file, places) in enumerate(films.items()):
        yield Progress(number, len(films), f"Reading {Path(file).name}")
        rows = [(lesions[lesion], lesions[lesion].rows[place]) for lesion, place in places]
        cut |= zip(places, _cut_film(file, rows, render=render), strict=True)
    return [
        _join(lesion, [cut[number, place] for place in range(len(lesion.rows))])
        for number, lesion in enumerate(lesions)
    ]


def classify_lesions(
    lesions: Sequence[CutLesion | Failure],
    ensemble: Ensemble,
    lock: AbstractContextManager[object],
) -> Generator[Progress, None, list[Record | Failure]]:
    """Classify lesions together; yield progress before each member.

    Parameters
    ----------
    lesions
        As from :func:`cut_lesions`.
    ensemble
        The ensemble.
    lock
        Held while the ensemble computes, for threads that share it.

    Returns
    -------
    list
        A record or a failure for each, in their order, as the generator's value.
    """
    given = [one.lesion for one in lesions if isinstance(one, CutLesion)]
    classified: list[Record | Failure] = []
    with lock:
        try:
            classified += yield from classify_stepwise(given, ensemble)
        except InputError:  # classify one by one, so that only the invalid lesion fails
            for lesion in given:
                classified.append(
                    _or_failure(
                        lesion.case_id, lesion.lesion_id, partial(classify, lesion, ensemble)
                    )
                )
    remaining = iter(classified)
    return [next(remaining) if isinstance(one, CutLesion) else one for one in lesions]


def mark_view(film: View, row: LesionTableRow) -> MarkedView:
    """Mark the box of a row on its film; laterality and view of the row complete the header.

    Raises
    ------
    InputError
        If the header has another laterality or projection than the row.
    """
    view = with_identity(film, laterality=row.laterality, projection=row.view)
    return MarkedView(view, row.box)


def _cut_film(
    file: str, rows: Sequence[tuple[TableLesion, LesionTableRow]], *, render: bool
) -> list[_CutView | Failure]:
    """Decode a film and cut what rows mark on it; its pixels are released on return."""
    try:
        film = read_view(Path(file), on_demand=True)
    except InputError as error:
        return [Failure(lesion.case_id, lesion.lesion_id, str(error)) for lesion, _ in rows]
    picture = render_film(film) if render else None

    def cut(row: LesionTableRow) -> _CutView:
        marked = mark_view(film, row)
        if picture is None:
            return _CutView(with_patch_only(marked), None)
        square = extract_patch(marked).square
        rendered = render_view(marked.view, square, row.laterality, picture)
        return _CutView(with_patch_only(marked), rendered)

    return [_or_failure(one.case_id, one.lesion_id, partial(cut, row)) for one, row in rows]


def _join(lesion: TableLesion, views: Sequence[_CutView | Failure]) -> CutLesion | Failure:
    marked, rendered = [], {}
    for view in views:
        if isinstance(view, Failure):
            return view
        marked.append(view.marked)
        if view.rendered is not None:
            rendered[str(view.marked.view.projection)] = view.rendered
    joined = Lesion(lesion.case_id, lesion.lesion_id, tuple(marked), lesion.rows[0].label)
    return CutLesion(joined, rendered)


def _or_failure(case_id: str, lesion_id: str, work: Callable[[], Value]) -> Value | Failure:
    """Return the result, or a failure for an :class:`InputError`; other exceptions pass."""
    try:
        return work()
    except InputError as error:
        return Failure(case_id, lesion_id, str(error))
