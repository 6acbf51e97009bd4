"""Dask clusters: a local one on this machine, or an existing one.

Dask's processes exchange pickles. A local cluster therefore listens on 127.0.0.1 only and uses TLS
with a certificate that is never stored, which also excludes other users of the machine. For an
existing scheduler the user specifies the address and the TLS files. Workers do not spill to disk,
where pickles would be stored.
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

from mammopair.batch.worker_pool import ALLOWED_DEATHS, NO_WORKERS, WorkerPool
from mammopair.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

MEMORY = "2 GiB"
"""Memory limit of a worker; Dask restarts a worker that exceeds it. About a third is used."""
MALLOC = {"MALLOC_TRIM_THRESHOLD_": 2**29, "MALLOC_MMAP_THRESHOLD_": 2**25}
"""Freed memory that glibc keeps, in bytes. By default Dask has it returned at once, so that every
film and every layer of a network causes page faults again."""
SETTINGS: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
    "distributed.worker.memory.target": False,  # no pickles on disk
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # It records a stack every 10 ms for an hour: 200 MB per worker.
    "distributed.worker.profile.enabled": False,
    # It only detects blocked processes; at the default 20 ms an idle cluster uses 3 times the CPU.
    "distributed.admin.tick.interval": "500 ms",
    # Tasks kept for debugging Dask; the default 1000 use 20 MB of the client.
    "distributed.admin.low-level-log-length": 100,
    **{f"distributed.nanny.pre-spawn-environ.{name}": size for name, size in MALLOC.items()},
}
"""Dask's settings; ``dask.yaml`` has the same for clusters that users start."""
CONNECTION_TIMEOUT = 30.0
"""Seconds to wait for a scheduler, and for its first worker."""
THREADS_PER_GPU = 4
"""Threads of a worker with a GPU, which read films in parallel."""


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the certificate of the authority, and the client's certificate with its key."""

    ca: Path
    certificate: Path
    key: Path


@contextmanager
def local_workers(count: int | None = None, *, device: str = "auto") -> Iterator[WorkerPool]:
    """Start a cluster on this machine that only this process can reach.

    Parameters
    ----------
    count
        Worker processes; by default one per core, or one per GPU if the ensemble runs on GPUs.
    device
        Device of the ensemble: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    InputError
        If Dask is not installed.
    """
    _require_dask("use --workers 0 for a single process")
    gpus = _gpus(device)
    threads = min(THREADS_PER_GPU, max(1, _cores() // gpus)) if gpus else 1
    count = count or gpus or _cores()
    with _local_client(count, threads, MEMORY.replace(" ", "")) as client:
        yield WorkerPool(client, _describe(count), local=True)


@contextmanager
def local_pool(count: int) -> Iterator[Executor]:
    """Start the same kind of cluster as a standard executor, for tasks such as training.

    The processes have one thread each and no memory limit.

    Raises
    ------
    InputError
        If Dask is not installed, or a task is lost for good.
    """
    _require_dask("use --jobs 1 for a single process")
    with (
        _local_client(count, threads=1, memory=None) as client,
        WorkerPool(client, _describe(count), local=True).pool() as pool,
    ):
        yield pool


@contextmanager
def _local_client(count: int, threads: int, memory: str | None) -> Iterator[Client]:
    """Start a cluster; ``memory`` is the limit of a worker, None for no limit."""
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with _configured_dask():
        try:
            with _interrupts_ignored():
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
                "cannot start workers in this process; use a single process, or protect the main "
                'code of a script with: if __name__ == "__main__"',
            ) from error
        with cluster, Client(cluster, set_as_default=False) as client:
            yield client


def _describe(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''} on this machine"


@contextmanager
def workers_of(address: str, tls: TlsFiles | None = None) -> Iterator[WorkerPool]:
    """Connect to the workers of an existing scheduler.

    Parameters
    ----------
    address
        ``tls://HOST:PORT``.
    tls
        TLS files; None for an unencrypted connection.

    Raises
    ------
    InputError
        If Dask is not installed, the scheduler does not answer, TLS fails, or there is no worker.
    """
    _require_dask("leave out --scheduler")
    from distributed import Client
    from distributed.security import Security

    security = None
    if tls is not None:
        for path in (tls.ca, tls.certificate, tls.key):
            if not path.is_file():
                raise InputError(path, "does not exist; specify the PEM file")
        security = Security(
            tls_ca_file=str(tls.ca),
            tls_client_cert=str(tls.certificate),
            tls_client_key=str(tls.key),
            require_encryption=True,
        )
    with _configured_dask():
        try:
            client = Client(
                address, security=security, timeout=CONNECTION_TIMEOUT, set_as_default=False
            )
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(
                address,
                "no scheduler answers there; start one with `dask scheduler`, and specify its "
                "address as tls://HOST:PORT with --tls-ca, --tls-cert and --tls-key",
            ) from error
        try:
            client.wait_for_workers(1, timeout=CONNECTION_TIMEOUT)
        except TimeoutError as error:
            client.close()
            raise InputError(address, NO_WORKERS) from error
        try:
            yield WorkerPool(client, f"the workers of {address}", local=False)
        finally:
            client.close(timeout=2)


def _require_dask(alternative: str) -> None:
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            "Dask",
            f'is not installed; run: pip install "mammopair[batch]", or {alternative}',
        ) from error


@contextmanager
def _configured_dask() -> Iterator[None]:
    """Apply our settings, and keep Dask's log out of the user's terminal."""
    import dask
    import distributed  # noqa: F401  creates the loggers

    silenced = ("distributed", "tornado", "asyncio")
    loggers = [
        logging.getLogger(name)
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in silenced
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
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that Ctrl-C in this terminal does not interrupt; this one ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus(device: str) -> int:
    """Number of GPUs that workers use with this device."""
    import torch

    if device == "auto" or device.startswith("cuda"):
        return torch.cuda.device_count()
    return 0
