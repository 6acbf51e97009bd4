"""A batch from its manifest to its results: the loop that everything else here is for."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mammopair import __version__
from mammopair.batch.batch_summary import Summary
from mammopair.batch.executor import TaskExecutor
from mammopair.batch.film_groups import group_by_film
from mammopair.batch.lesion_stream import BatchLesion, stream_lesions
from mammopair.batch.merge import merge
from mammopair.batch.run_folder import SHARDS, BatchRun, begin, own_folder, write_batch_run
from mammopair.batch.shards import Shards
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.errors import InputError
from mammopair.progress import Progress
from mammopair.record import ModelReference


@dataclass(frozen=True)
class Options:
    """What a user decides of a run."""

    model: str | None = None
    device: str = "auto"
    runtime: str = "torch"
    outputs: tuple[str, ...] = ()
    """Of :data:`~mammopair.batch.work_plan.OUTPUTS`."""
    resume: bool = False


@dataclass
class _Survey:
    """What a manifest holds, before any work."""

    sha256: str
    lesions: int = 0
    refused: int = 0


@dataclass
class _Count:
    """How far a run is."""

    kept: int = 0
    done: int = 0
    failed: int = 0
    waiting: dict[int, BatchLesion] = field(default_factory=dict)


def run_batch(
    manifest: Path, out: Path, crew: TaskExecutor, options: Options = Options()
) -> Generator[Progress, None, Summary]:
    """Classify the lesions of a manifest into a folder; closing the generator stops it.

    Whenever it ends, and however, what was finished by then is in the folder's shards, and
    ``resume`` goes on from there: it keeps all lesions that were finished without a failure and
    of which the manifest still says the same.

    Yields
    ------
    Progress
        After each task; its message counts lesions and failures.

    Returns
    -------
    Summary
        As the generator's value.

    Raises
    ------
    InputError
        If the manifest holds no lesion, the folder is another run's, a worker would give other
        results, the folder cannot be written, or the crew is gone.
    """
    survey = _survey(manifest)
    with own_folder(out) as folder:
        plan, stamp = _make_plan(folder, options)
        run = BatchRun(
            software=plan.software,
            model=stamp,
            manifest=str(manifest.absolute()),
            manifest_sha256=survey.sha256,
            began=plan.moment.isoformat(timespec="seconds"),
            device=plan.device,
            runtime=plan.runtime,
            outputs=plan.outputs,
            crew=crew.name,
            lesions=survey.lesions + survey.refused,
        )
        begin(run, folder, resume=options.resume)
        warnings = crew.check(plan)

        began = time.perf_counter()
        shards, count = Shards(folder / SHARDS), _Count(failed=survey.refused)
        yield Progress(0, survey.lesions, _message(count))
        try:
            for outcomes in crew.run_tasks(_tasks(manifest, shards, count), plan):
                shards.append(outcomes)
                count.done += len(outcomes)
                count.failed += sum(bool(outcome.failures) for outcome in outcomes)
                yield Progress(count.kept + count.done, survey.lesions, _message(count))
        except BaseException:
            with suppress(InputError):  # on a full disk; what stopped the run is told, not this
                _write_index(shards, count)
            raise
        _write_index(shards, count)
        tally = merge(manifest, folder / SHARDS, folder)
        seconds = time.perf_counter() - began
        run.finished, run.seconds = not tally.missing, round(seconds, 1)
        run.records, run.failures = tally.records, tally.failures
        write_batch_run(run, folder)
        return Summary(
            tally=tally,
            kept=count.kept,
            seconds=seconds,
            out=str(out),
            dashboard=crew.dashboard,
            warnings=warnings,
        )


def _survey(manifest: Path) -> _Survey:
    """Go through the manifest once, so that its end is known and trouble is seen early.

    Raises
    ------
    InputError
        If it cannot be read, or holds no lesion at all.
    """
    try:
        with manifest.open("rb") as stream:
            survey = _Survey(hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as error:
        raise InputError(manifest, f"cannot be read: {error.strerror}") from error
    for lesion in stream_lesions(manifest):
        if isinstance(lesion, BatchLesion):
            survey.lesions += 1
        else:
            survey.refused += 1
    if not survey.lesions and not survey.refused:
        raise InputError(manifest, "holds no lesion; a row a view of a lesion is needed")
    return survey


def _make_plan(folder: Path, options: Options) -> tuple[BatchPlan, ModelReference]:
    from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble, included_ensembles
    from mammopair.model.manifest import MANIFEST_FILE, read_manifest
    from mammopair.model.weights import file_sha256

    ensemble = find_ensemble(options.model)
    about, sha256 = read_manifest(ensemble), file_sha256(ensemble / MANIFEST_FILE)
    name = options.model or DEFAULT_ENSEMBLE
    plan = BatchPlan(
        model=name if name in included_ensembles() else str(ensemble.absolute()),
        sha256=sha256,
        software=__version__,
        out=str(folder),
        moment=datetime.now(),
        device=options.device,
        runtime=options.runtime,
        outputs=options.outputs,
    )
    return plan, ModelReference(name=about.name, version=about.version, sha256=sha256)


def _tasks(manifest: Path, shards: Shards, count: _Count) -> Iterator[Task]:
    """The tasks that are left, as they are asked for.

    Tasks are made of all lesions, finished or not, since lesions that are read together share
    the last digits of their numbers; a task with a finished lesion is done whole, and what is
    finished is not written again.
    """
    lesions = (one for one in stream_lesions(manifest) if isinstance(one, BatchLesion))
    for group in group_by_film(lesions, lambda one: [row.file for row in one.entry.rows]):
        stored = [shards.find(lesion) for lesion in group]
        left = [
            lesion
            for lesion, found in zip(group, stored, strict=True)
            if found is None or found.failures
        ]
        count.kept += len(group) - len(left)
        if left:
            yield Task(tuple(group), frozenset(lesion.number for lesion in left))


def _write_index(shards: Shards, count: _Count) -> None:
    if count.done:
        shards.write_index()


def _message(count: _Count) -> str:
    return f"{count.kept + count.done} lesions, {count.failed} failed"
