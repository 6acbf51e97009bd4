"""What runs in a worker: the ensemble, loaded once and found to be the one that is meant; tasks.

On the CPU a worker is one process with one thread. On a GPU it is one process a GPU, whose few
threads read films while one of them has the ensemble.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair import __version__
from mammopair.batch.film_task import classify_together
from mammopair.batch.lesion_output import write_outputs
from mammopair.batch.lesion_stream import BatchLesion
from mammopair.batch.outcome import Failure, Outcome
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.errors import InputError
from mammopair.record import Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

ENSEMBLE_TURN = threading.Lock()
"""Held by whichever thread of this process loads or asks the ensemble."""


@dataclass(frozen=True)
class WorkerIdentity:
    """What a worker is, as far as its results depend on it."""

    software: str
    sha256: str
    """Of the ensemble's manifest as the worker finds it."""
    clock: float
    """Seconds since 1970, by the worker's clock."""
    sees_out: bool
    """Whether the run's folder is there."""


def identify_worker(plan: BatchPlan) -> WorkerIdentity:
    """What this process would work with.

    Raises
    ------
    InputError
        If it does not find the ensemble.
    """
    from mammopair.model.ensemble_folder import find_ensemble
    from mammopair.model.manifest import MANIFEST_FILE
    from mammopair.model.weights import file_sha256

    sha256 = file_sha256(find_ensemble(plan.model) / MANIFEST_FILE)
    return WorkerIdentity(__version__, sha256, time.time(), Path(plan.out).is_dir())


def run_task(task: Task, plan: BatchPlan) -> list[Outcome]:
    """Do the lesions of a task; outcomes for those that are wanted, in their order.

    Raises
    ------
    InputError
        If this process has another package or ensemble than the plan says.
    """
    with ENSEMBLE_TURN:
        ensemble = _load(plan.model, plan.sha256, plan.software, plan.device, plan.runtime)
    entries = [lesion.entry for lesion in task.lesions]
    results = classify_together(entries, ensemble, ENSEMBLE_TURN)
    return [
        _outcome(lesion, result, plan)
        for lesion, result in zip(task.lesions, results, strict=True)
        if lesion.number in task.wanted
    ]


def _outcome(lesion: BatchLesion, result: Record | Failure, plan: BatchPlan) -> Outcome:
    number, digest = lesion.number, lesion.digest
    if isinstance(result, Failure):
        return Outcome(number=number, digest=digest, record=None, failures=(result,))
    failures = tuple(write_outputs(result, plan))
    return Outcome(number=number, digest=digest, record=result, failures=failures)


def too_deadly(task: Task, deaths: int) -> list[Outcome]:
    """The outcome of a lesion that no worker survived."""
    (lesion,) = task.lesions
    entry = lesion.entry
    reason = (
        f"{entry.rows[0].file}: {deaths} workers ended over it, out of memory or by a defect of a "
        "decoder; export its images again, or give the workers more memory"
    )
    failure = Failure(entry.case_id, entry.lesion_id, reason)
    return [Outcome(number=lesion.number, digest=lesion.digest, record=None, failures=(failure,))]


@lru_cache(1)
def _load(model: str, sha256: str, software: str, device: str, runtime: str) -> Ensemble:
    """The plan's ensemble, made sure to be the one that is meant."""
    from mammopair.model.ensemble import load_ensemble
    from mammopair.model.runtime import with_runtime

    if software != __version__:
        raise InputError("mammopair", other_version(__version__, software))
    ensemble = with_runtime(load_ensemble(model, device), runtime)
    if ensemble.sha256 != sha256:
        raise InputError(model, other_model(ensemble.sha256, sha256))
    return ensemble


def other_version(found: str, wanted: str) -> str:
    """The problem with a worker of another version."""
    return f"is version {found} there, but the run was started with {wanted}; install that one"


def other_model(found: str, wanted: str) -> str:
    """The problem with an ensemble that is not the one that is meant."""
    return (
        f"has SHA-256 {found[:12]}... there, but the run was started with {wanted[:12]}...; "
        "put the same ensemble there"
    )
