"""Workers of a Dask cluster: one of our own on this machine, or one that exists.

Dask's processes send each other pickles. So a cluster of our own listens on 127.0.0.1 only, and
talks TLS with a certificate that is made for it and never leaves memory, which keeps out other
users of the machine too. A scheduler elsewhere is given its address and the files of its TLS
certificates. Workers are told not to spill to disk, where pickles would lie.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair.batch.outcome import Outcome
from mammopair.batch.plan import Plan, Task
from mammopair.batch.worker import (
    Identity,
    identify,
    other_model,
    other_version,
    perform,
    too_deadly,
)
from mammopair.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Future

MEMORY = "2 GiB"
"""Of a worker: what goes beyond is ended and begun anew. About a third of it is used."""
TASKS_AHEAD = 2
"""Tasks in flight a thread: one at work, one waiting; so memory does not grow with the manifest."""
DEATHS = 1
"""Workers that may end over a task; at the next its lesions are tried one by one, and over one of
these no more may end either."""
PATIENCE = 30.0
"""Seconds to wait for a scheduler or for its first worker, and for another once all are gone."""
GLANCE = 0.005
"""Seconds between looks at what is in flight."""
SKEW = 60.0
"""Seconds by which clocks may differ before it is said."""
THREADS_A_GPU = 4
"""Threads of a worker that has a GPU, which read films beside each other."""


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the authority's certificate, and our own with its key."""

    ca: Path
    certificate: Path
    key: Path


class Workers:
    """The workers of a Dask cluster, through its client."""

    def __init__(self, client: Client, name: str, *, ours: bool) -> None:
        self._client = client
        self._ours = ours
        self.name = name
        self.dashboard = _dashboard(client)

    def check(self, plan: Plan) -> list[str]:
        """Ask every worker what it is."""
        began = time.time()
        answers = self._client.run(identify, plan, on_error="return")
        ended = time.time()
        if not answers:
            raise InputError(self.name, NO_WORKERS)
        warnings = [] if self._ours else _wire_warnings(self._client.scheduler.address)
        for address, answer in answers.items():
            _check_identity(address, answer, plan)
            skew = max(began - answer.clock, answer.clock - ended, 0.0)
            if skew > SKEW:
                warnings.append(
                    f"The clock of worker {address} is {skew:.0f} s off; results do not depend on "
                    "it, but TLS certificates may."
                )
        return warnings

    def perform(self, tasks: Iterator[Task], plan: Plan) -> Iterator[list[Outcome]]:
        """Keep every thread in work, and its next task ready."""
        flight: dict[Future, Task] = {}
        room = _Room(self._client, self.name)
        try:
            while True:
                while len(flight) < room.tasks() and (task := next(tasks, None)):
                    self._submit(task, plan, flight)
                if not flight:
                    return
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

    def _submit(self, task: Task, plan: Plan, flight: dict[Future, Task]) -> None:
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


GONE = (
    "the scheduler went away; what was finished is kept, so start one again and go on with --resume"
)
NO_WORKERS = "has no worker; start some with: dask worker ADDRESS --nthreads 1"


class _Room:
    """How many tasks may be in flight, as workers come and go."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._asked = self._seen = -PATIENCE
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
            elif now - self._seen > PATIENCE:
                raise InputError(
                    self._name,
                    f"has had no worker for {PATIENCE:.0f} s; what was finished is kept, so start "
                    "workers and go on with --resume",
                )
        return self._tasks


def perform_on_worker(task: Task, plan: Plan, *, ours: bool) -> list[Outcome]:
    """A task, on one thread, and on the worker's own GPU if the cluster is ours."""
    import torch
    from distributed import get_worker

    torch.set_num_threads(1)
    if torch.cuda.is_available() and plan.device in ("auto", "cuda") and ours:
        number = int(get_worker().name) % torch.cuda.device_count()
        plan = replace(plan, device=f"cuda:{number}")
    return perform(task, plan)


@contextmanager
def local_workers(count: int | None = None, *, device: str = "auto") -> Iterator[Workers]:
    """A cluster of our own on this machine, that only this user can reach.

    Parameters
    ----------
    count
        Worker processes; by default one a core, or one a GPU where the ensemble runs on GPUs.
    device
        As the plan has it.

    Raises
    ------
    InputError
        If Dask is not installed.
    """
    _need_dask()
    from distributed import Client, LocalCluster
    from distributed.security import Security

    gpus = _gpus(device)
    threads = min(THREADS_A_GPU, max(1, _cores() // gpus)) if gpus else 1
    count = count or gpus or _cores()
    with _quiet_dask():
        with _deaf_to_interrupts():
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=threads,
                processes=True,
                host="127.0.0.1",
                protocol="tls",
                security=Security.temporary(),
                dashboard_address="127.0.0.1:0",
                memory_limit=MEMORY.replace(" ", ""),
                silence_logs=logging.CRITICAL,
            )
        name = f"{count} worker{'s' if count > 1 else ''} on this machine"
        with cluster, Client(cluster, set_as_default=False) as client:
            yield Workers(client, name, ours=True)


@contextmanager
def workers_of(address: str, tls: TlsFiles | None = None) -> Iterator[Workers]:
    """The workers of a scheduler that exists.

    Raises
    ------
    InputError
        If Dask is not installed, no scheduler answers, TLS fails, or there is no worker.
    """
    _need_dask()
    from distributed import Client
    from distributed.security import Security

    security = None
    if tls is not None:
        for path in (tls.ca, tls.certificate, tls.key):
            if not path.is_file():
                raise InputError(path, "is not there; give the PEM file of the certificate or key")
        security = Security(
            tls_ca_file=str(tls.ca),
            tls_client_cert=str(tls.certificate),
            tls_client_key=str(tls.key),
            require_encryption=True,
        )
    with _quiet_dask():
        try:
            client = Client(address, security=security, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(
                address,
                "no scheduler answers there; start one with `dask scheduler`, and give its "
                "address as tls://HOST:PORT with --tls-ca, --tls-cert and --tls-key",
            ) from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            client.close()
            raise InputError(address, NO_WORKERS) from error
        try:
            yield Workers(client, f"the workers of {address}", ours=False)
        finally:
            client.close(timeout=2)


def _check_identity(address: str, answer: Identity | BaseException, plan: Plan) -> None:
    """Refuse a worker whose results would be others."""
    subject = f"worker {address}"
    if isinstance(answer, ModuleNotFoundError | AttributeError):
        raise InputError(subject, f"has no mammopair {plan.software} ({answer}); install it there")
    if isinstance(answer, InputError):
        raise InputError(subject, str(answer))
    if isinstance(answer, BaseException):
        raise InputError(subject, f"cannot be asked what it is: {answer!r}")
    if answer.software != plan.software:
        raise InputError(subject, f"mammopair {other_version(answer.software, plan.software)}")
    if answer.sha256 != plan.sha256:
        raise InputError(subject, f"{plan.model} {other_model(answer.sha256, plan.sha256)}")
    if plan.outputs and not answer.sees_out:
        raise InputError(
            subject,
            f"does not see {plan.out}, into which it should write {' and '.join(plan.outputs)}; "
            "give a folder that all machines share",
        )


def _wire_warnings(address: str) -> list[str]:
    """What is to be said of the way to a scheduler."""
    protocol, _, host = address.partition("://")
    if protocol == "tls" or host.startswith(("127.", "[::1]", "localhost:")):
        return []
    return [
        f"Whoever reaches {address} can run programs as you, since it does not use TLS; see "
        "mammopair/batch/README.md."
    ]


def _need_dask() -> None:
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            "Dask",
            'is not installed; run: pip install "mammopair[batch]", or give --workers 0 to work in '
            "one process",
        ) from error


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Dask as this room needs it: no pickles on disk, no log in the user's terminal."""
    import dask
    import distributed  # noqa: F401  it makes the loggers

    settings: dict[str, Any] = {
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.scheduler.allowed-failures": DEATHS,
    }
    chatty = ("distributed", "tornado", "asyncio")
    loggers = [
        logging.getLogger(name)
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in chatty
    ]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with dask.config.set(settings):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes begun meanwhile are not stopped by the Ctrl-C that is meant for this one."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _dashboard(client: Client) -> str:
    return str(client.dashboard_link or "") if _has_bokeh() else ""


def _has_bokeh() -> bool:
    from importlib.util import find_spec

    return find_spec("bokeh") is not None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus(device: str) -> int:
    """GPUs that workers are to have, by what the plan says of the device."""
    import torch

    if device == "auto" or device.startswith("cuda"):
        return torch.cuda.device_count()
    return 0
