"""Options of the commands that work side by side or on a Dask cluster, and whoever they name."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mammopair.batch.worker_pool import WorkerPool

Jobs = Annotated[
    int,
    typer.Option(
        min=1, help="Processes side by side, one thread each; more than one need the extra `batch`."
    ),
]
Scheduler = Annotated[
    str | None, typer.Option(help="A Dask scheduler that exists: tls://HOST:PORT.")
]
TlsCa = Annotated[Path | None, typer.Option(help="PEM: the authority of its cluster.")]
TlsCert = Annotated[Path | None, typer.Option(help="PEM: the certificate to show it.")]
TlsKey = Annotated[Path | None, typer.Option(help="PEM: the key of the certificate.")]

Tls = tuple[Path | None, Path | None, Path | None]
"""Authority, certificate, key."""


def check_options(scheduler: str | None, tls: Tls) -> None:
    """Raise :class:`typer.BadParameter` for options that do not go together."""
    if any(tls) and not (scheduler and all(tls)):
        raise typer.BadParameter("--tls-ca, --tls-cert and --tls-key go together, with --scheduler")


def workers_at(scheduler: str, tls: Tls) -> AbstractContextManager[WorkerPool]:
    """The workers of a scheduler that exists."""
    from mammopair.batch.cluster import TlsFiles, workers_of

    ca, certificate, key = tls
    files = TlsFiles(ca, certificate, key) if ca and certificate and key else None
    return workers_of(scheduler, files)


def side_by_side(jobs: int) -> AbstractContextManager[Executor | None]:
    """So many processes of this machine; none, where one does, which is this one."""
    from mammopair.batch.cluster import local_pool

    return local_pool(jobs) if jobs > 1 else nullcontext()


@contextmanager
def pool_at(scheduler: str, tls: Tls) -> Iterator[Executor]:
    """The workers of a scheduler that exists, as an executor."""
    with workers_at(scheduler, tls) as workers, workers.pool() as pool:
        yield pool
