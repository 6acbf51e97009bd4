"""The folder of a run: its files, who may write to it, and which run it contains."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import msgspec

from mammopair.batch.run_options import ResultOptions
from mammopair.batch.worker_identity import model_mismatch, version_mismatch
from mammopair.errors import InputError
from mammopair.io.json_file import read_json, write_json
from mammopair.record import ModelReference

RUN, SHARDS, LOCK = "run.json", "shards", ".lock"
RECORDS, TABLE, FAILURES = "records.jsonl", "table.csv", "failures.csv"
PAGE, PARQUET = "report.html", "records.parquet"


class BatchRun(msgspec.Struct, kw_only=True):
    """Content of ``run.json``: what a run is, and its progress. Written at its start and end."""

    schema: Literal[2] = 2
    software: str
    model: ModelReference
    source: str
    """The lesion table."""
    source_sha256: str
    began: str
    """By the client's clock, ISO 8601; for information only."""
    device: str
    runtime: str
    results: ResultOptions
    executor: str
    """Where the lesions are classified."""
    resumable: bool
    """Whether its journal is kept, so that it can be resumed."""
    finished: bool = False
    lesions: int = 0
    records: int = 0
    failures: int = 0
    seconds: float = 0.0
    """Duration of the last start."""


@contextmanager
def lock_folder(out: Path) -> Iterator[Path]:
    """Make a folder and exclude other runs from it until the block ends or the process dies.

    Yields
    ------
    Path
        The absolute folder.

    Raises
    ------
    InputError
        If it cannot be made, or another run is writing to it.
    """
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            out, "is in use by another run; wait until it ends, or specify another folder"
        ) from error
    except OSError as error:
        raise InputError(
            out, f"cannot be written to: {error.strerror}; specify another folder"
        ) from error
    try:
        yield out.absolute()
    finally:
        lock.release()


def check_existing_run(
    run: BatchRun, out: Path, existing: Literal["refuse", "resume", "replace"]
) -> None:
    """Check that a folder contains no run that prevents another.

    Parameters
    ----------
    run
        The run to be started.
    out
        Its folder, locked.
    existing
        What to do if the folder contains a run: raise an error, continue it, or start again.

    Raises
    ------
    InputError
        If the folder contains a run that may not be continued or replaced, none to continue, or
        one with another version, model or options.
    """
    found = read_batch_run(out)
    if existing == "resume":
        if found is None or not found.resumable:
            raise InputError(out, "contains no run to resume; leave out --resume")
        _check_same(found, run, out / RUN)
    elif found is not None and (existing == "refuse" or found.resumable):
        remedy = "continue it with `mammopair batch --resume`" if found.resumable else "delete it"
        raise InputError(out, f"contains another run; {remedy}, or specify another folder")


def _check_same(found: BatchRun, run: BatchRun, path: Path) -> None:
    if found.software != run.software:
        raise InputError(path, f"mammopair {version_mismatch(run.software, found.software)}")
    if found.model.sha256 != run.model.sha256:
        problem = model_mismatch(run.model.sha256, found.model.sha256)
        raise InputError(path, f"{found.model.name} {problem}, or specify another folder")
    before = {"runtime": found.runtime, **asdict(found.results)}
    for name, now in {"runtime": run.runtime, **asdict(run.results)}.items():
        if before[name] != now:
            raise InputError(
                path,
                f"the run was started with {name} {_text(before[name])}, not {_text(now)}; resume "
                "it with the same options, or specify another folder",
            )


def _text(value: object) -> str:
    """An option's value, for messages."""
    if value is None:
        return "unset"
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def remove_journal(out: Path) -> None:
    """Delete the journal of a run that is not resumed."""
    shutil.rmtree(out / SHARDS, ignore_errors=True)


def read_batch_run(out: Path) -> BatchRun | None:
    """Read ``run.json``; None if the folder contains no run.

    Raises
    ------
    InputError
        If ``run.json`` cannot be read.
    """
    return read_json(out / RUN, BatchRun, "specify another folder")


def write_batch_run(run: BatchRun, out: Path) -> None:
    """Write ``run.json`` atomically."""
    write_json(out / RUN, run)
