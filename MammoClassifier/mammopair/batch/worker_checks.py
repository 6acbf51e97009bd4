"""Whether workers elsewhere would give the same results, asked of each before any work."""

from __future__ import annotations

from mammopair import __version__
from mammopair.batch.work_plan import BatchPlan
from mammopair.batch.worker import WorkerIdentity, other_model, other_version
from mammopair.errors import InputError

SKEW = 60.0
"""Seconds by which clocks may differ before it is said."""


def check_identity(address: str, answer: WorkerIdentity | BaseException, plan: BatchPlan) -> None:
    """Refuse a worker whose results would be others."""
    subject = f"worker {address}"
    if isinstance(answer, BaseException):
        check_version(subject, answer, plan.software)
        return
    check_version(subject, answer.software, plan.software)
    if answer.sha256 != plan.sha256:
        raise InputError(subject, f"{plan.model} {other_model(answer.sha256, plan.sha256)}")
    if plan.outputs and not answer.sees_out:
        raise InputError(
            subject,
            f"does not see {plan.out}, into which it should write {' and '.join(plan.outputs)}; "
            "give a folder that all machines share",
        )


def check_version(subject: str, answer: str | BaseException, wanted: str) -> None:
    """Refuse a worker without this version of the package, or one that cannot be asked."""
    if isinstance(answer, ModuleNotFoundError | AttributeError):
        raise InputError(subject, f"has no mammopair {wanted} ({answer}); install it there")
    if isinstance(answer, InputError):
        raise InputError(subject, str(answer))
    if isinstance(answer, BaseException):
        raise InputError(subject, f"cannot be asked what it is: {answer!r}")
    if answer != wanted:
        raise InputError(subject, f"mammopair {other_version(answer, wanted)}")


def version_here() -> str:
    """The package's version where this runs."""
    return __version__


def clock_warning(address: str, clock: float, began: float, ended: float) -> list[str]:
    """A sentence if a clock that was read between two moments of ours is far off."""
    skew = max(began - clock, clock - ended, 0.0)
    if skew <= SKEW:
        return []
    return [
        f"The clock of worker {address} is {skew:.0f} s off; results do not depend on it, but TLS "
        "certificates may."
    ]


def wire_warnings(address: str) -> list[str]:
    """What is to be said of the way to a scheduler."""
    protocol, _, host = address.partition("://")
    if protocol == "tls" or host.startswith(("127.", "[::1]", "localhost:")):
        return []
    return [
        f"Whoever reaches {address} can run programs as you, since it does not use TLS; see "
        "mammopair/batch/README.md."
    ]
