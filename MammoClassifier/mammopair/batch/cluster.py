"""Clusters of Dask: one of our own on this machine, or one that exists.

Dask's processes send each other pickles. So a cluster of our own listens on 127.0.0.1 only, and
talks TLS with a certificate that is made for it and never leaves memory, which keeps out other
users of the machine too. A scheduler elsewhere is given its address and the files of its TLS
certificates. WorkerPool are told not to spill to disk, where pickles would lie.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair.batch.worker_pool import DEATHS, NO_WORKERS, WorkerPool
from mammopair.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

MEMORY = "2 GiB"
"""Of a worker: what goes beyond is ended and begun anew. About a third of it is used."""
MALLOC = {"MALLOC_TRIM_THRESHOLD_": 2**29, "MALLOC_MMAP_THRESHOLD_": 2**25}
"""What glibc keeps of freed memory, in bytes. Dask has it give back all at once, and then every
film and every layer of a network pays for its pages anew."""
SETTINGS: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": DEATHS,
    "distributed.worker.memory.target": False,  # no pickles on disk
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # It holds the stack of every 10 ms of the last hour: 200 MB of each worker.
    "distributed.worker.profile.enabled": False,
    # It only tells of blocked processes; at its usual 20 ms an idle cluster costs thrice as much.
    "distributed.admin.tick.interval": "500 ms",
    # Tasks that it keeps for its own debugging; its usual 1000 fill some 20 MB of the client.
    "distributed.admin.low-level-log-length": 100,
    **{f"distributed.nanny.pre-spawn-environ.{name}": size for name, size in MALLOC.items()},
}
"""Dask's settings; the same stand in ``dask.yaml``, for clusters that users start themselves."""
PATIENCE = 30.0
"""Seconds to wait for a scheduler, and for its first worker."""
THREADS_A_GPU = 4
"""Threads of a worker that has a GPU, which read films beside each other."""


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the authority's certificate, and our own with its key."""

    ca: Path
    certificate: Path
    key: Path


@contextmanager
def local_workers(count: int | None = None, *, device: str = "auto") -> Iterator[WorkerPool]:
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
    _need_dask("give --workers 0 to work in one process")
    gpus = _gpus(device)
    threads = min(THREADS_A_GPU, max(1, _cores() // gpus)) if gpus else 1
    count = count or gpus or _cores()
    with _client_of_our_own(count, threads, MEMORY.replace(" ", "")) as client:
        yield WorkerPool(client, _on_this_machine(count), ours=True)


@contextmanager
def local_pool(count: int) -> Iterator[Executor]:
    """The same kind of cluster as an executor, for tasks of another kind, such as training.

    Processes with one thread each, which may have what memory there is.

    Raises
    ------
    InputError
        If Dask is not installed, or a task is lost for good.
    """
    _need_dask("give --jobs 1 to work in one process")
    with (
        _client_of_our_own(count, threads=1, memory=None) as client,
        WorkerPool(client, _on_this_machine(count), ours=True).pool() as pool,
    ):
        yield pool


@contextmanager
def _client_of_our_own(count: int, threads: int, memory: str | None) -> Iterator[Client]:
    """A cluster on this machine that only this user can reach; memory is a worker's."""
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with _quiet_dask():
        try:
            with _deaf_to_interrupts():
                cluster = LocalCluster(
                    n_workers=count,
                    threads_per_worker=threads,
                    processes=True,
                    host="127.0.0.1",
                    protocol="tls",
                    security=Security.temporary(),
                    dashboard_address="127.0.0.1:0",
                    memory_limit=memory,
                    silence_logs=logging.CRITICAL,
                )
        except (RuntimeError, OSError) as error:
            raise InputError(
                "Dask",
                "cannot start its workers here; work in one process, or in a script begin only "
                'where __name__ == "__main__"',
            ) from error
        with cluster, Client(cluster, set_as_default=False) as client:
            yield client


def _on_this_machine(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''} on this machine"


@contextmanager
def workers_of(address: str, tls: TlsFiles | None = None) -> Iterator[WorkerPool]:
    """The workers of a scheduler that exists.

    Raises
    ------
    InputError
        If Dask is not installed, no scheduler answers, TLS fails, or there is no worker.
    """
    _need_dask("give no --scheduler")
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
            yield WorkerPool(client, f"the workers of {address}", ours=False)
        finally:
            client.close(timeout=2)


def _need_dask(otherwise: str) -> None:
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            "Dask",
            f'is not installed; run: pip install "mammopair[batch]", or {otherwise}',
        ) from error


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Dask by our settings, and with no log of its own in the user's terminal."""
    import dask
    import distributed  # noqa: F401  it makes the loggers

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
        with dask.config.set(SETTINGS):
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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus(device: str) -> int:
    """GPUs that workers are to have, by what the plan says of the device."""
    import torch

    if device == "auto" or device.startswith("cuda"):
        return torch.cuda.device_count()
    return 0
