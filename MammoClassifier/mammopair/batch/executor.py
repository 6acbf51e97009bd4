"""A crew does tasks: this process alone (here), or workers of a Dask cluster (``cluster``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mammopair.batch.outcome import Outcome
from mammopair.batch.work_plan import BatchPlan, Task


class TaskExecutor(Protocol):
    """Whoever does the tasks of a run."""

    name: str
    """In words, for ``run.json`` and the terminal."""
    dashboard: str
    """Address of the Dask dashboard; empty where there is none."""

    def check(self, plan: BatchPlan) -> list[str]:
        """Make sure that all can work by the plan, before any work is done.

        Returns
        -------
        list of str
            Warnings, a sentence each.

        Raises
        ------
        InputError
            If one of them has another package or ensemble, or cannot be asked.
        """

    def run_tasks(self, tasks: Iterator[Task], plan: BatchPlan) -> Iterator[list[Outcome]]:
        """Do tasks, drawn as there is room for them; outcomes come in any order.

        Raises
        ------
        InputError
            If it can do no more; what was given out before stays good.
        """


class LocalExecutor:
    """The process itself, one task after the other, without Dask."""

    name = "this process"
    dashboard = ""

    def check(self, plan: BatchPlan) -> list[str]:
        """The process that made the plan can work by it."""
        return []

    def run_tasks(self, tasks: Iterator[Task], plan: BatchPlan) -> Iterator[list[Outcome]]:
        """Do tasks in their order."""
        from mammopair.batch.worker import run_task

        for task in tasks:
            yield run_task(task, plan)
