"""Run a batch: classify lesions from a source and write their results into a folder."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mammopair import __version__
from mammopair.batch.executor import TaskExecutor
from mammopair.batch.film_groups import group_by_film
from mammopair.batch.lesion_source import LesionSource
from mammopair.batch.merge import merge_results, write_common_page
from mammopair.batch.parquet import require_parquet, write_parquet
from mammopair.batch.run_folder import (
    SHARDS,
    BatchRun,
    check_existing_run,
    lock_folder,
    remove_journal,
    write_batch_run,
)
from mammopair.batch.run_options import RunOptions
from mammopair.batch.run_summary import RunCounts, RunSummary
from mammopair.batch.shards import Shards
from mammopair.batch.work_plan import BatchPlan, Task
from mammopair.errors import InputError
from mammopair.io.lesion_table import LesionEntry
from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble, included_ensembles
from mammopair.model.manifest import MANIFEST_FILE, check_adjustment, read_manifest
from mammopair.model.weights import file_sha256
from mammopair.progress import Progress
from mammopair.record import ModelReference


@dataclass
class _Counters:
    """Lesions of a run so far."""

    reused: int = 0
    done: int = 0
    failed: int = 0

    def progress(self, total: int, activity: str = "") -> Progress:
        """Return the progress of the run, with what is being done at the moment."""
        done = self.reused + self.done
        message = f"{done} lesions, {self.failed} failed"
        return Progress(done, total, f"{message}: {activity}" if activity else message)


def run_batch(
    source: LesionSource, out: Path, executor: TaskExecutor, options: RunOptions
) -> Generator[Progress, None, RunSummary]:
    """Classify the lesions of a source and write their results into a folder.

    Closing the generator stops the run. Whenever it ends, finished lesions are in the journal in
    the folder, and a run with ``existing="resume"`` continues from there: it keeps all lesions
    that were finished without a failure and whose rows in the table are unchanged. A run with
    ``existing="replace"`` is not resumable, and its journal is deleted at its end.

    Parameters
    ----------
    source
        The lesions.
    out
        Folder of the results; made if it does not exist.
    executor
        Runs the tasks.
    options
        What is computed and written.

    Yields
    ------
    Progress
        In lesions.

    Returns
    -------
    RunSummary
        As the generator's value.

    Raises
    ------
    InputError
        If there are no lesions, an option is invalid, the folder contains another run or cannot
        be written, a worker would compute other results, or no more tasks can be run.
    """
    if options.parquet:
        require_parquet()
    sha256 = source.sha256()
    valid, refused = _count(source)
    plan, model = _make_plan(out.absolute(), options)
    with lock_folder(out) as folder:
        run = BatchRun(
            software=plan.software,
            model=model,
            source=source.name,
            source_sha256=sha256,
            began=plan.moment.isoformat(timespec="seconds"),
            device=plan.device,
            runtime=plan.runtime,
            results=plan.results,
            executor=executor.name,
            resumable=options.existing != "replace",
            lesions=valid + refused,
        )
        check_existing_run(run, folder, options.existing)
        warnings = executor.check(plan)
        start = time.perf_counter()
        with _journal(folder, resumable=run.resumable) as shards:
            write_batch_run(run, folder)
            counters = _Counters(failed=refused)
            yield counters.progress(valid)
            for step in executor.run_tasks(_tasks(source, shards, counters), plan):
                if isinstance(step, Progress):
                    yield counters.progress(valid, step.message)
                    continue
                shards.append(step)
                counters.done += len(step)
                counters.failed += sum(bool(outcome.failures) for outcome in step)
                yield counters.progress(valid)
            counts = _write_results(source, folder, options)
        seconds = time.perf_counter() - start
        run.finished, run.seconds = not counts.missing, round(seconds, 1)
        run.records, run.failures = counts.records, counts.failures
        write_batch_run(run, folder)
        return RunSummary(
            counts=counts,
            reused=counters.reused,
            seconds=seconds,
            out=str(out),
            dashboard=executor.dashboard,
            warnings=warnings,
        )


@contextmanager
def _journal(folder: Path, *, resumable: bool) -> Iterator[Shards]:
    """Open the journal; at the end write its index, or delete it if the run is not resumable."""
    if not resumable:
        remove_journal(folder)
        try:
            yield Shards(folder / SHARDS)
        finally:
            remove_journal(folder)
        return
    shards = Shards(folder / SHARDS)
    try:
        yield shards
    except InputError as error:
        problem = f"{error.problem}; completed lesions are kept: run again with --resume"
        raise InputError(error.subject, problem) from error
    finally:
        with suppress(InputError):  # for information only, and on a full disk there is no space
            shards.write_index()


def _write_results(source: LesionSource, folder: Path, options: RunOptions) -> RunCounts:
    counts = merge_results(source, folder)
    if options.results.page:
        write_common_page(folder, source.title)
    if options.parquet:
        write_parquet(folder)
    return counts


def _count(source: LesionSource) -> tuple[int, int]:
    """Count valid and invalid lesions, so that the total is known and errors are found early.

    Raises
    ------
    InputError
        If there are no lesions.
    """
    valid = refused = 0
    for entry in source.entries():
        if isinstance(entry, LesionEntry):
            valid += 1
        else:
            refused += 1
    if not valid and not refused:
        raise InputError(source.name, "contains no lesions; add one row for each view of a lesion")
    return valid, refused


def _make_plan(out: Path, options: RunOptions) -> tuple[BatchPlan, ModelReference]:
    ensemble = find_ensemble(options.model)
    manifest, sha256 = read_manifest(ensemble), file_sha256(ensemble / MANIFEST_FILE)
    check_adjustment(manifest, options.results.prevalence, options.results.coverage)
    name = options.model or DEFAULT_ENSEMBLE
    plan = BatchPlan(
        model=name if name in included_ensembles() else str(ensemble.absolute()),
        sha256=sha256,
        software=__version__,
        out=str(out),
        moment=datetime.now(),
        device=options.device,
        runtime=options.runtime,
        results=options.results,
    )
    return plan, ModelReference(name=manifest.name, version=manifest.version, sha256=sha256)


def _tasks(source: LesionSource, shards: Shards, counters: _Counters) -> Iterator[Task]:
    """Yield the unfinished tasks, as they are requested.

    Tasks are composed of all lesions, finished or not, since lesions that are classified together
    share the last digits of their results. A task with a finished lesion is computed as a whole,
    and only outcomes of unfinished lesions are stored.
    """
    lesions = (entry for entry in source.entries() if isinstance(entry, LesionEntry))
    for group in group_by_film(lesions, lambda entry: [row.file for row in entry.lesion.rows]):
        unfinished = frozenset(entry.number for entry in group if not _finished(entry, shards))
        counters.reused += len(group) - len(unfinished)
        if unfinished:
            yield Task(tuple(group), unfinished)


def _finished(entry: LesionEntry, shards: Shards) -> bool:
    stored = shards.find(entry)
    return stored is not None and not stored.failures
