"""Options of the commands that can work on a Dask cluster, and whoever they name."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mammopair.batch.workers import Workers

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


def workers_at(scheduler: str, tls: Tls) -> AbstractContextManager[Workers]:
    """The workers of a scheduler that exists."""
    from mammopair.batch.cluster import TlsFiles, workers_of

    ca, certificate, key = tls
    files = TlsFiles(ca, certificate, key) if ca and certificate and key else None
    return workers_of(scheduler, files)
