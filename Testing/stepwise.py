"""Stepwise work driven to its end, for tests that look at its progress as well as at its value."""

from __future__ import annotations


def drive(steps):
    """All that a stepwise work yields, and its value."""
    progress = []
    while True:
        try:
            progress.append(next(steps))
        except StopIteration as finished:
            return progress, finished.value
