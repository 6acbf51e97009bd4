"""Options of commands that use several processes or a Dask cluster, and the cluster they name."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from mammopair.batch.cluster import TlsFiles, local_pool, workers_of
from mammopair.batch.worker_pool import WorkerPool

Jobs = Annotated[
    int,
    typer.Option(
        min=1,
        help="Number of processes, with one thread each; more than 1 requires the extra `batch`.",
    ),
]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of an existing Dask scheduler: tls://HOST:PORT.")
]
TlsCa = Annotated[
    Path | None, typer.Option(help="PEM file: certificate of the cluster's authority.")
]
TlsCert = Annotated[Path | None, typer.Option(help="PEM file: client certificate.")]
TlsKey = Annotated[Path | None, typer.Option(help="PEM file: key of the client certificate.")]

Tls = tuple[Path | None, Path | None, Path | None]
"""Authority, certificate, key."""


def check_options(scheduler: str | None, tls: Tls) -> None:
    """Raise :class:`typer.BadParameter` for an invalid combination of options."""
    if any(tls) and not (scheduler and all(tls)):
        raise typer.BadParameter(
            "specify --tls-ca, --tls-cert and --tls-key together, and with --scheduler"
        )


def workers_at(scheduler: str, tls: Tls) -> AbstractContextManager[WorkerPool]:
    """Connect to the workers of an existing scheduler."""
    ca, certificate, key = tls
    files = TlsFiles(ca, certificate, key) if ca and certificate and key else None
    return workers_of(scheduler, files)


def local_jobs(jobs: int) -> AbstractContextManager[Executor | None]:
    """Start processes on this machine; None for a single job, which runs in this process."""
    return local_pool(jobs) if jobs > 1 else nullcontext()


@contextmanager
def pool_at(scheduler: str, tls: Tls) -> Iterator[Executor]:
    """Connect to the workers of an existing scheduler as a standard executor."""
    with workers_at(scheduler, tls) as workers, workers.pool() as pool:
        yield pool
