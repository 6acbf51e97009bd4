"""Output for the user: progress and messages on standard error, results on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar

from mammopair.progress import Progress, exhaust

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as ProgressBar


LINE_INTERVAL = 300.0
"""Seconds between progress lines if standard error is not a terminal."""

Value = TypeVar("Value")


def output() -> Console:
    """Return the console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def print_message(sentence: str) -> None:
    """Print a message on standard error."""
    print(f"mammopair: {sentence}", file=sys.stderr)


def run_with_bar(steps: Generator[Progress, None, Value], *, rate: bool = False) -> Value:
    """Run long work to its end under a progress bar, and return its value.

    Parameters
    ----------
    steps
        The work.
    rate
        Whether the bar shows steps per second. Without a terminal, as in the log of a job, a line
        is printed every :data:`LINE_INTERVAL`.
    """
    with _bar(rate=rate) as bar:
        task = bar.add_task("", total=None)
        printed = time.monotonic()

        def show(step: Progress) -> None:
            nonlocal printed
            bar.update(task, completed=step.done, total=step.total, description=step.message)
            if rate and bar.disable and time.monotonic() - printed > LINE_INTERVAL:
                printed = time.monotonic()
                print(f"{step.done} of {step.total}: {step.message}", file=sys.stderr)

        return exhaust(steps, show)


def _bar(*, rate: bool) -> ProgressBar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *([Rate()] if rate else []),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
