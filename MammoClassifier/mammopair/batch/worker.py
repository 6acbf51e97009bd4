"""What runs in a worker: the ensemble, loaded once and verified, and the tasks.

On the CPU a worker is one process with one thread. On a GPU it is one process per GPU, whose few
threads read films while one of them uses the ensemble.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from functools import lru_cache
from typing import TYPE_CHECKING

from mammopair import __version__
from mammopair.batch.lesion_output import finish_lesion
from mammopair.batch.lesion_task import CutLesion, classify_lesions, cut_lesions
from mammopair.batch.outcome import Failure, Outcome
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.batch.worker_identity import model_mismatch, version_mismatch
from mammopair.errors import InputError
from mammopair.progress import Progress
from mammopair.record import Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

ENSEMBLE_LOCK = threading.Lock()
"""Held by the thread of this process that loads or uses the ensemble."""


def run_task(task: Task, plan: BatchPlan) -> Generator[Progress, None, list[Outcome]]:
    """Classify the lesions of a task and write their files, yielding progress.

    Returns
    -------
    list of Outcome
        Of the unfinished lesions, in their order, as the generator's value.

    Raises
    ------
    InputError
        If this process has another version of the package or another ensemble than the plan.
    """
    with ENSEMBLE_LOCK:
        ensemble = load_planned_ensemble(plan)
    lesions = yield from cut_lesions(
        [entry.lesion for entry in task.entries], render=plan.results.pictures
    )
    results = yield from classify_lesions(lesions, ensemble, ENSEMBLE_LOCK)
    outcomes = []
    for entry, lesion, result in zip(task.entries, lesions, results, strict=True):
        if entry.number not in task.unfinished:
            continue
        record: Record | None = None
        if isinstance(lesion, CutLesion) and isinstance(result, Record):
            finished = yield from finish_lesion(lesion, result, ensemble, plan, ENSEMBLE_LOCK)
            record, failures = finished
        else:
            assert isinstance(result, Failure)
            failures = (result,)
        outcomes.append(
            Outcome(number=entry.number, digest=entry.digest, record=record, failures=failures)
        )
    return outcomes


def load_planned_ensemble(plan: BatchPlan) -> Ensemble:
    """Load the ensemble of a plan, once per process, and verify that it is the same.

    Raises
    ------
    InputError
        If it cannot be loaded, or this process has another version or another ensemble.
    """
    return _load(plan.model, plan.sha256, plan.software, plan.device, plan.runtime)


@lru_cache(1)
def _load(model: str, sha256: str, software: str, device: str, runtime: str) -> Ensemble:
    from mammopair.model.ensemble import load_ensemble
    from mammopair.model.runtime import with_runtime

    if software != __version__:
        raise InputError("mammopair", version_mismatch(__version__, software))
    ensemble = with_runtime(load_ensemble(model, device), runtime)
    if ensemble.sha256 != sha256:
        raise InputError(model, model_mismatch(ensemble.sha256, sha256))
    return ensemble


def lost_task_outcome(task: Task, deaths: int) -> Outcome:
    """Return the outcome of a task of one lesion during which workers died."""
    (entry,) = task.entries
    lesion = entry.lesion
    reason = (
        f"{lesion.rows[0].file}: {deaths} workers died while reading it, out of memory or because "
        "of a defect of a decoder; export the images again, or give the workers more memory"
    )
    failure = Failure(lesion.case_id, lesion.lesion_id, reason)
    return Outcome(number=entry.number, digest=entry.digest, record=None, failures=(failure,))
