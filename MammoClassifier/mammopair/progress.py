"""How far long work has come: what every long-running generator here yields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One step of long work. Closing the generator that yielded it cancels the work."""

    done: int
    total: int
    message: str
