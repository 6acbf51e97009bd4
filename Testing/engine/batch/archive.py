"""What the tests of the batch do with manifests, processes and results."""

from __future__ import annotations

import csv
import os
import time
from itertools import chain
from pathlib import Path

import pytest

from mammopair.batch.executor import LocalExecutor
from mammopair.batch.runner import Options, run_batch
from Testing.stepwise import drive
from Testing.synthetic_lesions import LESION_BOX

COLUMNS = ["case_id", "lesion_id", "laterality", "view", "file", "box_x", "box_y", "box_w", "box_h"]
LESIONS = 40
SCHEDULER = ("-m", "distributed.cli.dask_scheduler", "--no-dashboard")
WORKER = ("-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
"""What Python is told, to be Dask's; where it listens, or whom it works for, comes behind."""
PATIENCE = 300
"""Seconds to wait for something that takes one on an idle machine."""


def write_manifest(path, rows):
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


def run_alone(manifest, out, ensemble, **options):
    """Run a batch in this process; gives its progress and its summary."""
    return drive(run_batch(manifest, out, LocalExecutor(), Options(model=str(ensemble), **options)))


def environment(**more):
    """Of the processes that tests start: one thread, and the package that is tested."""
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def outcomes_in(out):
    """How many outcomes are on the disk."""
    shards = (Path(out) / "shards").glob("*.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in shards)


def wait_until(condition, process=None):
    """Wait until a condition holds, while a process works on it."""
    patience = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None:
            pytest.fail(f"ended too early: {process.communicate()}")
        assert time.monotonic() < patience, "waited in vain"
        time.sleep(0.01)


def end(process, code):
    """Wait for the end of a process, which must have this exit code; gives what it printed."""
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, (printed, said)
    return printed, said


def failures_of(out):
    with (Path(out) / "failures.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def same_results(out, reference):
    """Whether two runs have the same bytes in all merged results."""
    names = ("records.jsonl", "table.csv", "failures.csv")
    return [(Path(out) / name).read_bytes() == (reference / name).read_bytes() for name in names]


def sentence(said):
    """What was said, which must be one sentence to the user and nothing else."""
    assert said.startswith("mammopair: "), said
    assert said.count("\n") == 1, said
    return said
