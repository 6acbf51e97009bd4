"""Grouping by film: lesions on the same films are handled together, so that each is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

LESIONS_AT_ONCE = 8
"""Lesions of a group, whose patches go through the members as one batch."""
MOST_AT_ONCE = 2 * LESIONS_AT_ONCE
"""Lesions of a group that grows because they share films."""
LOOK_AHEAD = 64
"""Lesions that are looked through for those on the same films."""

Item = TypeVar("Item")


def group_by_film(
    lesions: Iterable[Item], films_of: Callable[[Item], Iterable[str]]
) -> Iterator[list[Item]]:
    """Groups of about :data:`LESIONS_AT_ONCE` lesions, those on the same films in the same group.

    Groups depend on the lesions and their order alone, and so do all digits of the results.

    Parameters
    ----------
    lesions
        Taken as they are needed, :data:`LOOK_AHEAD` ahead.
    films_of
        The files of a lesion.
    """
    remaining = iter(lesions)
    waiting: list[Item] = []
    while True:
        waiting += islice(remaining, LOOK_AHEAD - len(waiting))
        if not waiting:
            return
        group: list[Item] = []
        while waiting and len(group) < LESIONS_AT_ONCE:
            group += _take_with_mates(waiting, films_of, MOST_AT_ONCE - len(group))
        yield group


def _take_with_mates(
    waiting: list[Item], films_of: Callable[[Item], Iterable[str]], most: int
) -> list[Item]:
    """Take the first lesion, and those behind it that share a film with one that is taken."""
    taken = [waiting.pop(0)]
    films = set(films_of(taken[0]))
    for other in list(waiting):
        if len(taken) == most:
            break
        if films.intersection(films_of(other)):
            films.update(films_of(other))
            taken.append(other)
            waiting.remove(other)
    return taken
