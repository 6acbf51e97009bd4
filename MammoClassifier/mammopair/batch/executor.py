"""An executor runs tasks: in this process (here), or on workers of a Dask cluster (``cluster``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mammopair.batch.outcome import Outcome
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.batch.worker import load_planned_ensemble, run_task
from mammopair.progress import Progress


class TaskExecutor(Protocol):
    """Runs the tasks of a run."""

    name: str
    """Description for ``run.json`` and the terminal."""
    dashboard: str
    """Address of the Dask dashboard; empty if there is none."""

    def check(self, plan: BatchPlan) -> list[str]:
        """Verify, before any work, that the plan can be executed.

        Returns
        -------
        list of str
            Warnings, one sentence each.

        Raises
        ------
        InputError
            If a process has another version of the package or another ensemble.
        """

    def run_tasks(
        self, tasks: Iterator[Task], plan: BatchPlan
    ) -> Iterator[Progress | list[Outcome]]:
        """Run tasks, taken from the iterator when there is capacity for them.

        Yields
        ------
        Progress or list of Outcome
            Progress within a task, where known; the outcomes of a task when it is finished, in any
            order of the tasks.

        Raises
        ------
        InputError
            If no more tasks can be run; outcomes that were yielded remain valid.
        """


class LocalExecutor:
    """Runs one task after the other in this process, without Dask."""

    name = "this process"
    dashboard = ""

    def check(self, plan: BatchPlan) -> list[str]:
        """Load the ensemble and verify its weights."""
        load_planned_ensemble(plan)
        return []

    def run_tasks(
        self, tasks: Iterator[Task], plan: BatchPlan
    ) -> Iterator[Progress | list[Outcome]]:
        """Run the tasks in their order."""
        for task in tasks:
            yield (yield from run_task(task, plan))
