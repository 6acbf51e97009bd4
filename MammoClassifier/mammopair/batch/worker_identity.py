"""Check, before any work, that every worker would compute the same results."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mammopair import __version__
from mammopair.batch.work_plan import BatchPlan
from mammopair.errors import InputError
from mammopair.model.ensemble_folder import find_ensemble
from mammopair.model.manifest import MANIFEST_FILE
from mammopair.model.weights import file_sha256

MAX_CLOCK_DIFFERENCE = 60.0
"""Seconds by which a worker's clock may differ before there is a warning."""


@dataclass(frozen=True)
class WorkerIdentity:
    """What the results of a worker depend on."""

    software: str
    sha256: str
    """Of the ensemble's manifest that the worker finds."""
    clock: float
    """Seconds since 1970 by the worker's clock."""
    sees_out: bool
    """Whether the folder of the run exists for the worker."""


def identify_worker(plan: BatchPlan) -> WorkerIdentity:
    """Return the identity of this process.

    Raises
    ------
    InputError
        If the ensemble is not found.
    """
    sha256 = file_sha256(find_ensemble(plan.model) / MANIFEST_FILE)
    return WorkerIdentity(__version__, sha256, time.time(), Path(plan.out).is_dir())


def software_version() -> str:
    """Return the version of the package in this process."""
    return __version__


def check_identity(address: str, answer: WorkerIdentity | BaseException, plan: BatchPlan) -> None:
    """Raise :class:`InputError` for a worker whose results would differ."""
    subject = f"worker {address}"
    if isinstance(answer, BaseException):
        check_version(address, answer, plan.software)
        return
    check_version(address, answer.software, plan.software)
    if answer.sha256 != plan.sha256:
        raise InputError(subject, f"{plan.model} {model_mismatch(answer.sha256, plan.sha256)}")
    if plan.results.files and not answer.sees_out:
        raise InputError(
            subject,
            f"cannot find the output folder {plan.out}; specify a folder that all machines share",
        )


def check_version(address: str, answer: str | BaseException, expected: str) -> None:
    """Raise :class:`InputError` for a worker without this version, or that does not answer."""
    subject = f"worker {address}"
    if isinstance(answer, ModuleNotFoundError | AttributeError):
        raise InputError(
            subject, f"does not have mammopair {expected} ({answer}); install it there"
        )
    if isinstance(answer, InputError):
        raise InputError(subject, str(answer))
    if isinstance(answer, BaseException):
        raise InputError(subject, f"does not return its version: {answer!r}; restart it")
    if answer != expected:
        raise InputError(subject, f"mammopair {version_mismatch(answer, expected)}")


def version_mismatch(found: str, expected: str) -> str:
    """Describe a process with another version of the package."""
    return f"is version {found}, but the run was started with {expected}; install {expected}"


def model_mismatch(found: str, expected: str) -> str:
    """Describe an ensemble that is not the one of the run."""
    return (
        f"has SHA-256 {found[:12]}..., but the run was started with {expected[:12]}...; "
        "provide the same ensemble"
    )


def clock_warning(address: str, clock: float, before: float, after: float) -> list[str]:
    """Return a warning if a worker's clock differs from ours.

    Parameters
    ----------
    address
        Of the worker.
    clock
        Time of the worker, in seconds since 1970.
    before, after
        Our time before and after the worker read its clock.
    """
    difference = max(before - clock, clock - after, 0.0)
    if difference <= MAX_CLOCK_DIFFERENCE:
        return []
    return [
        f"The clock of worker {address} differs by {difference:.0f} s; the results are not "
        "affected, but TLS certificates may appear invalid."
    ]


def connection_warning(address: str) -> list[str]:
    """Return a warning if the connection to a scheduler is not encrypted."""
    protocol, _, host = address.partition("://")
    if protocol == "tls" or host.startswith(("127.", "[::1]", "localhost:")):
        return []
    return [
        f"The connection to {address} does not use TLS: anyone who can reach it can run programs "
        "as your user; use TLS, as the documentation on clusters describes."
    ]
