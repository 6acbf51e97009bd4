"""Long work run to its end, for tests of its progress and its result."""

from __future__ import annotations

from mammopair.progress import exhaust


def drive(steps):
    """Return the list of all progress, and the result."""
    progress = []
    result = exhaust(steps, progress.append)
    return progress, result
