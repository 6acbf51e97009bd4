"""How far long work has come: what every long-running generator here yields."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Progress:
    """One step of long work. Closing the generator that yielded it cancels the work."""

    done: int
    total: int
    message: str


def exhaust(steps: Generator[Progress, None, Outcome]) -> Outcome:
    """Take all steps of long work at once."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


def rescale_progress(
    steps: Generator[Progress, None, Outcome], first: int, last: int, message: str = ""
) -> Generator[Progress, None, Outcome]:
    """Yield the progress of one part of a task in per cent of the whole task.

    Parameters
    ----------
    steps
        The part's own progress, on any scale.
    first, last
        Per cent of the whole task that is done when the part begins and when it ends. The yielded
        values never decrease.
    message
        Replaces the part's own messages, if not empty.

    Returns
    -------
    Outcome
        The return value of ``steps``.
    """
    done = first
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            return finished.value
        done = max(done, first + (last - first) * step.done // max(step.total, 1))
        yield Progress(done, 100, message or step.message)
