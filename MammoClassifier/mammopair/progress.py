"""Progress of long work: long-running functions are generators that yield :class:`Progress`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Progress:
    """One step of long work. Closing the generator that yielded it cancels the work."""

    done: int
    """Number of completed steps."""
    total: int
    """Number of all steps."""
    message: str
    """The current step, for display."""


def exhaust(
    steps: Generator[Progress, None, Outcome],
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Run long work to its end.

    Parameters
    ----------
    steps
        The work.
    on_progress
        Called with each step.

    Returns
    -------
    Outcome
        The return value of ``steps``.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            return finished.value
        if on_progress is not None:
            on_progress(step)


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
