"""What a person sees while work goes on: progress on standard error, results on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

    from mammopair.progress import Progress

QUIET = 300.0
"""Seconds between lines where there is no terminal."""

Value = TypeVar("Value")
Item = TypeVar("Item")


def output() -> Console:
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def run_with_bar(steps: Generator[Progress, None, Value], *, rate: bool = False) -> Value:
    """Drive a stepwise work to its end under a progress bar, and give its value.

    With ``rate`` the bar also says how many steps are done a second, and where there is no
    terminal to draw it on, as in the log of a job, there is a line every few minutes.
    """
    with _bar(rate=rate) as bar:
        task = bar.add_task("", total=None)
        told = time.monotonic()
        while True:
            try:
                step = next(steps)
            except StopIteration as finished:
                return finished.value
            bar.update(task, completed=step.done, total=step.total, description=step.message)
            if rate and bar.disable and time.monotonic() - told > QUIET:
                told = time.monotonic()
                print(f"{step.done} of {step.total}: {step.message}", file=sys.stderr)


def with_bar(items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Pass items on, counting them under a progress bar."""
    with _bar() as bar:
        yield from bar.track(items, total=total, description=description)


def _bar(*, rate: bool = False):  # type: ignore[no-untyped-def]  # noqa: ANN202  rich's type would load rich
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
