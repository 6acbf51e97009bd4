"""The progress of a part of long work, as per cent of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

    from mammopair.progress import Progress

Outcome = TypeVar("Outcome")


def inPercent(
    steps: Generator[Progress, None, Outcome], first: int, last: int
) -> Generator[Progress, None, Outcome]:
    """The same steps, from ``first`` to ``last`` per cent; never backwards."""
    from mammopair.progress import Progress

    done = first
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            return finished.value
        done = max(done, first + (last - first) * step.done // max(step.total, 1))
        yield Progress(done, 100, step.message)
