"""The workers of a Dask cluster: a few tasks in flight a worker, whatever becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mammopair import __version__
from mammopair.batch.outcome import Outcome
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.batch.worker import identify_worker, run_task, too_deadly
from mammopair.batch.worker_checks import (
    check_identity,
    check_version,
    clock_warning,
    version_here,
    wire_warnings,
)
from mammopair.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Future

TASKS_AHEAD = 2
"""Tasks in flight a thread: one at work, one waiting; so memory does not grow with the manifest."""
DEATHS = 1
"""Workers that may end over a task; at the next its lesions are tried one by one, and over one of
these no more may end either."""
GLANCE = 0.02
"""Seconds between looks at what is in flight."""
WITHOUT_WORKERS = 60.0
"""Seconds to wait for another worker once all are gone."""

GONE = (
    "the scheduler went away; what was finished is kept, so start one again and go on with --resume"
)
NO_WORKERS = "has no worker; start some with: dask worker ADDRESS --nthreads 1"


class WorkerPool:
    """The workers of a Dask cluster, through its client."""

    def __init__(self, client: Client, name: str, *, ours: bool) -> None:
        self._client = client
        self._ours = ours
        self.name = name
        self.dashboard = _dashboard(client)

    def check(self, plan: BatchPlan) -> list[str]:
        """Ask every worker what it is."""
        began = time.time()
        answers = self._client.run(identify_worker, plan, on_error="return")
        ended = time.time()
        if not answers:
            raise InputError(self.name, NO_WORKERS)
        warnings = [] if self._ours else wire_warnings(self._client.scheduler.address)
        for address, answer in answers.items():
            check_identity(address, answer, plan)
            warnings += clock_warning(address, answer.clock, began, ended)
        return warnings

    def run_tasks(self, tasks: Iterator[Task], plan: BatchPlan) -> Iterator[list[Outcome]]:
        """Keep every thread in work, and its next task ready."""
        flight: dict[Future, Task] = {}
        room = _Room(self._client, self.name)
        try:
            left = True
            while left or flight:
                while left and len(flight) < room.tasks():
                    task = next(tasks, None)
                    left = task is not None
                    if task is not None:
                        self._submit(task, plan, flight)
                landed = [future for future in flight if future.done()]
                if not landed:
                    time.sleep(GLANCE)
                for future in landed:
                    task = flight.pop(future)
                    outcomes = self._outcomes(future, task)
                    if outcomes is None:
                        for alone in task.one_by_one():
                            self._submit(alone, plan, flight)
                    else:
                        yield outcomes
                    future.release()
        finally:
            for future in flight:
                future.release()

    @contextmanager
    def pool(self) -> Iterator[Executor]:
        """The workers as an executor of the standard library, for tasks of another kind.

        Such as the members of a cross-validation. A task whose worker ends is begun anew on
        another.

        Raises
        ------
        InputError
            If a worker has another version of this package, or a task is lost for good.
        """
        from distributed import CancelledError, KilledWorker

        for address, answer in self._client.run(version_here, on_error="return").items():
            check_version(f"worker {address}", answer, __version__)
        executor = self._client.get_executor(pure=False)
        try:
            yield executor
        except (CancelledError, KilledWorker) as error:
            raise InputError(
                self.name, "lost a task; what was finished is kept, so give the command again"
            ) from error
        finally:
            executor.shutdown(wait=False)

    def _submit(self, task: Task, plan: BatchPlan, flight: dict[Future, Task]) -> None:
        try:
            future = self._client.submit(
                perform_on_worker, task, plan, ours=self._ours, pure=False, retries=0
            )
        except Exception as error:
            raise InputError(self.name, GONE) from error
        flight[future] = task

    def _outcomes(self, future: Future, task: Task) -> list[Outcome] | None:
        """What a task gave; None if its lesions have to be tried one by one."""
        from distributed import KilledWorker

        if future.status in ("cancelled", "lost"):
            raise InputError(self.name, GONE)
        error = future.exception() if future.status == "error" else None
        if isinstance(error, KilledWorker):
            return None if len(task.lesions) > 1 else too_deadly(task, DEATHS + 1)
        if isinstance(error, Exception):
            raise error
        outcomes: list[Outcome] = future.result()
        return outcomes


class _Room:
    """How many tasks may be in flight, as workers come and go."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._asked = self._seen = -WITHOUT_WORKERS
        self._tasks = 0

    def tasks(self) -> int:
        """Asked of the scheduler once a second.

        Raises
        ------
        InputError
            If there has been no worker for long.
        """
        now = time.monotonic()
        if now - self._asked >= 1:
            try:
                threads = sum(self._client.nthreads().values())
            except Exception as error:
                raise InputError(self._name, GONE) from error
            self._asked = now
            if threads:
                self._tasks, self._seen = TASKS_AHEAD * threads, now
            elif now - self._seen > WITHOUT_WORKERS:
                raise InputError(
                    self._name,
                    f"has had no worker for {WITHOUT_WORKERS:.0f} s; what was finished is kept, so "
                    "start workers and go on with --resume",
                )
        return self._tasks


def perform_on_worker(task: Task, plan: BatchPlan, *, ours: bool) -> list[Outcome]:
    """A task, on one thread, and on the worker's own GPU if the cluster is ours."""
    import torch
    from distributed import get_worker

    torch.set_num_threads(1)
    if torch.cuda.is_available() and plan.device in ("auto", "cuda") and ours:
        number = int(get_worker().name) % torch.cuda.device_count()
        plan = replace(plan, device=f"cuda:{number}")
    return run_task(task, plan)


def _dashboard(client: Client) -> str:
    from importlib.util import find_spec

    return str(client.dashboard_link or "") if find_spec("bokeh") else ""
