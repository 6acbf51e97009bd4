"""Group lesions that share films, so that a task decodes each film once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

GROUP_SIZE = 8
"""Lesions of a group; their patches are one batch for the networks."""
MAX_GROUP_SIZE = 2 * GROUP_SIZE
"""Lesions of a group that is larger because they share films."""
LOOK_AHEAD = 64
"""Lesions that are searched for those on the same films."""

Item = TypeVar("Item")


def group_by_film(
    lesions: Iterable[Item], films_of: Callable[[Item], Iterable[str]]
) -> Iterator[list[Item]]:
    """Yield groups of about :data:`GROUP_SIZE` lesions, with lesions on the same films together.

    The groups, and therefore all digits of the results, depend only on the lesions and their
    order.

    Parameters
    ----------
    lesions
        Consumed :data:`LOOK_AHEAD` lesions ahead.
    films_of
        Returns the files of a lesion.
    """
    remaining = iter(lesions)
    waiting: list[Item] = []
    while True:
        waiting += islice(remaining, LOOK_AHEAD - len(waiting))
        if not waiting:
            return
        group: list[Item] = []
        while waiting and len(group) < GROUP_SIZE:
            group += _take_connected(waiting, films_of, MAX_GROUP_SIZE - len(group))
        yield group


def _take_connected(
    waiting: list[Item], films_of: Callable[[Item], Iterable[str]], count: int
) -> list[Item]:
    """Remove the first lesion and up to ``count - 1`` that share a film with a removed one."""
    taken = [waiting.pop(0)]
    films = set(films_of(taken[0]))
    for other in list(waiting):
        if len(taken) == count:
            break
        if films.intersection(films_of(other)):
            films.update(films_of(other))
            taken.append(other)
            waiting.remove(other)
    return taken
