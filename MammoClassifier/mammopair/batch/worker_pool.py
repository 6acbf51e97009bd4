"""The workers of a Dask cluster as an executor: a few tasks in flight per worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mammopair import __version__
from mammopair.batch.outcome import Outcome
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.batch.worker import lost_task_outcome, run_task
from mammopair.batch.worker_identity import (
    check_identity,
    check_version,
    clock_warning,
    connection_warning,
    identify_worker,
    software_version,
)
from mammopair.errors import InputError
from mammopair.progress import exhaust

if TYPE_CHECKING:
    from distributed import Client, Future

TASKS_PER_THREAD = 2
"""Tasks in flight per thread, one running and one waiting: memory does not grow with the table."""
ALLOWED_DEATHS = 1
"""Workers that may die during a task. After one more, its lesions are run one by one; a lesion
during which one more worker dies fails."""
POLL_SECONDS = 0.02
"""Interval at which running tasks are checked."""
WORKER_TIMEOUT = 60.0
"""Seconds to wait for a worker when there is none."""

SCHEDULER_LOST = "the connection to the scheduler was lost; start it again"
NO_WORKERS = "has no workers; start some with `dask worker ADDRESS --nthreads 1`"


class WorkerPool:
    """Runs tasks on the workers of a Dask cluster.

    Parameters
    ----------
    client
        Connected to the scheduler.
    name
        Description of the cluster.
    local
        Whether the cluster was started by this process, on this machine.
    """

    def __init__(self, client: Client, name: str, *, local: bool) -> None:
        self._client = client
        self._local = local
        self.name = name
        self.dashboard = _dashboard(client)

    def check(self, plan: BatchPlan) -> list[str]:
        """Compare version, ensemble and clock of every worker."""
        before = time.time()
        answers = self._client.run(identify_worker, plan, on_error="return")
        after = time.time()
        if not answers:
            raise InputError(self.name, NO_WORKERS)
        warnings = [] if self._local else connection_warning(self._client.scheduler.address)
        for address, answer in answers.items():
            check_identity(address, answer, plan)
            warnings += clock_warning(address, answer.clock, before, after)
        return warnings

    def run_tasks(self, tasks: Iterator[Task], plan: BatchPlan) -> Iterator[list[Outcome]]:
        """Keep every thread busy, with one more task waiting for it."""
        running: dict[Future, Task] = {}
        capacity = _Capacity(self._client, self.name)
        try:
            remaining = True
            while remaining or running:
                while remaining and len(running) < capacity.tasks():
                    task = next(tasks, None)
                    remaining = task is not None
                    if task is not None:
                        self._submit(task, plan, running)
                done = [future for future in running if future.done()]
                if not done:
                    time.sleep(POLL_SECONDS)
                for future in done:
                    task = running.pop(future)
                    outcomes = self._outcomes(future, task)
                    if outcomes is None:
                        for part in task.split():
                            self._submit(part, plan, running)
                    else:
                        yield outcomes
                    future.release()
        finally:
            for future in running:
                future.release()

    @contextmanager
    def pool(self) -> Iterator[Executor]:
        """Use the workers as a standard executor, for tasks of another kind such as training.

        A task whose worker dies is repeated on another worker.

        Raises
        ------
        InputError
            If a worker has another version of this package, or a task is lost for good.
        """
        from distributed import CancelledError, KilledWorker

        for address, answer in self._client.run(software_version, on_error="return").items():
            check_version(address, answer, __version__)
        executor = self._client.get_executor(pure=False)
        try:
            yield executor
        except (CancelledError, KilledWorker) as error:
            raise InputError(
                self.name, "a task was lost; completed work is kept: run the command again"
            ) from error
        finally:
            executor.shutdown(wait=False)

    def _submit(self, task: Task, plan: BatchPlan, running: dict[Future, Task]) -> None:
        try:
            future = self._client.submit(
                _run_on_worker, task, plan, local=self._local, pure=False, retries=0
            )
        except Exception as error:
            raise InputError(self.name, SCHEDULER_LOST) from error
        running[future] = task

    def _outcomes(self, future: Future, task: Task) -> list[Outcome] | None:
        """Return the outcomes of a task, or None if its lesions must be run one by one."""
        from distributed import KilledWorker

        if future.status in ("cancelled", "lost"):
            raise InputError(self.name, SCHEDULER_LOST)
        error = future.exception() if future.status == "error" else None
        if isinstance(error, KilledWorker):
            if len(task.entries) > 1:
                return None
            return [lost_task_outcome(task, ALLOWED_DEATHS + 1)]
        if isinstance(error, Exception):
            raise error
        outcomes: list[Outcome] = future.result()
        return outcomes


class _Capacity:
    """How many tasks may be in flight while workers join and leave."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._checked = self._seen = -WORKER_TIMEOUT
        self._tasks = 0

    def tasks(self) -> int:
        """Return the number of tasks, updated from the scheduler once per second.

        Raises
        ------
        InputError
            If there has been no worker for :data:`WORKER_TIMEOUT`.
        """
        now = time.monotonic()
        if now - self._checked >= 1:
            try:
                threads = sum(self._client.nthreads().values())
            except Exception as error:
                raise InputError(self._name, SCHEDULER_LOST) from error
            self._checked = now
            if threads:
                self._tasks, self._seen = TASKS_PER_THREAD * threads, now
            elif now - self._seen > WORKER_TIMEOUT:
                raise InputError(
                    self._name,
                    f"had no workers for {WORKER_TIMEOUT:.0f} s; start workers",
                )
        return self._tasks


def _run_on_worker(task: Task, plan: BatchPlan, *, local: bool) -> list[Outcome]:
    """Run a task with one thread, on the worker's own GPU if the cluster is local."""
    import torch
    from distributed import get_worker

    torch.set_num_threads(1)
    if torch.cuda.is_available() and plan.device in ("auto", "cuda") and local:
        number = int(get_worker().name) % torch.cuda.device_count()
        plan = replace(plan, device=f"cuda:{number}")
    return exhaust(run_task(task, plan))


def _dashboard(client: Client) -> str:
    return str(client.dashboard_link or "") if find_spec("bokeh") else ""
