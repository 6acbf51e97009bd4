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
