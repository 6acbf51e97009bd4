"""Lesion tables, processes and results for the tests of the batch."""

from __future__ import annotations

import csv
import os
import time
from itertools import chain
from pathlib import Path

import pytest

from mammopair.batch.executor import LocalExecutor
from mammopair.batch.lesion_source import TableSource
from mammopair.batch.run_options import ResultOptions, RunOptions
from mammopair.batch.runner import run_batch
from Testing.stepwise import drive
from Testing.synthetic_lesions import LESION_BOX

COLUMNS = ["case_id", "lesion_id", "laterality", "view", "file", "box_x", "box_y", "box_w", "box_h"]
LESIONS = 40
SCHEDULER = ("-m", "distributed.cli.dask_scheduler", "--no-dashboard")
WORKER = ("-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
"""Arguments of Python that start Dask's processes; addresses are added."""
PATIENCE = 300
"""Seconds to wait for something that takes one second on an idle machine."""


def write_table(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(chain([COLUMNS], rows))
    return path


def lesion_rows(number, *, case=None, files=None, box=LESION_BOX, laterality="R"):
    """The two rows of a lesion, each on a film of its own."""
    files = files or [f"films/{number}-{view}.png" for view in ("CC", "MLO")]
    return [
        [case or f"case-{number}", "1", laterality, view, file, *box]
        for view, file in zip(("CC", "MLO"), files, strict=True)
    ]


def run_local(table, out, ensemble, *, existing="refuse", runtime="torch", **results):
    """Run a batch in this process; return its progress and its summary."""
    options = RunOptions(
        model=str(ensemble),
        runtime=runtime,
        results=ResultOptions(**results),
        existing=existing,
    )
    return drive(run_batch(TableSource(table), out, LocalExecutor(), options))


def environment(modules=None):
    """Return the environment of processes that tests start, with a folder of modules to prefer."""
    paths = [str(modules)] if modules else []
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


def outcomes_in(out):
    """Count the outcomes on disk."""
    shards = (Path(out) / "shards").glob("*.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in shards)


def wait_until(condition, process=None):
    """Wait until a condition is true, while a process is running."""
    patience = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None:
            pytest.fail(f"ended before the condition was true: {process.communicate()}")
        assert time.monotonic() < patience, "timeout"
        time.sleep(0.01)


def end(process, code):
    """Wait for the end of a process and check its exit code; return its output and messages."""
    printed, messages = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, (printed, messages)
    return printed, messages


def failures_of(out):
    with (Path(out) / "failures.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def same_results(out, reference):
    """Compare the bytes of all merged results of two runs."""
    names = ("records.jsonl", "table.csv", "failures.csv")
    return [(Path(out) / name).read_bytes() == (reference / name).read_bytes() for name in names]


def only_message(messages):
    """Return the only message that a command printed."""
    assert messages.startswith("mammopair: "), messages
    assert messages.count("\n") == 1, messages
    return messages
