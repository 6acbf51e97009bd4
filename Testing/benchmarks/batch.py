"""The batch from DICOM on disk to records: against a peer's way, and against itself.

The archive is the demo's two exams under as many names as cases are wanted, so that every lesion
has films of its own to read. Clusters are up and ensembles loaded before the clock starts, and all
ways run in turn. Run from the root of the repository::

    python -m Testing.benchmarks.batch [--lesions 160] [--rounds 2] [--runtime openvino]
    python -m Testing.benchmarks.batch --archive 20000

The first prints lesions a second against the peer of :mod:`Testing.benchmarks.throughput` (one
process, pydicom, eager torch, one image and one member at a time), two workers against one, Dask
against a bare loop, OpenVINO (if asked for) against torch, what idle clusters cost, and where the
time of one worker goes. The second prints what a lesion costs in a long run against its first 500,
and the memory at both points.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
import torch

from mammopair.batch import lesion_task
from mammopair.batch.cluster import MALLOC, local_workers
from mammopair.batch.executor import LocalExecutor, TaskExecutor
from mammopair.batch.film_groups import group_by_film
from mammopair.batch.lesion_source import TableSource
from mammopair.batch.lesion_task import classify_lesions, cut_lesions
from mammopair.batch.outcome import Outcome
from mammopair.batch.run_options import RunOptions
from mammopair.batch.runner import run_batch
from mammopair.batch.shards import Shards
from mammopair.cli.demo_command import DEMO_TABLE, exams_folder
from mammopair.io.lesion_stream import LesionEntry, stream_lesions
from mammopair.io.lesion_table import TableLesion
from mammopair.model import ensemble as ensembles
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.model.inference import FLIP_AXES
from mammopair.model.runtime import RUNTIMES, with_runtime
from mammopair.progress import exhaust
from mammopair.record import Record
from Testing.benchmarks.throughput import as_trained, peer_way
from Testing.benchmarks.timing import print_verdict, time_in_turn

PEER_LESIONS = 5
"""The peer takes as long for each; its time is taken on these."""
IDLE = 5.0
"""Seconds over which an idle cluster is watched."""
EARLY = 500
FASTER, SCALING, OVERHEAD, FLAT = 6.0, 1.8, 0.10, 0.10
"""Targets: over the peer, of two workers over one, of Dask over a loop, of late over early."""


def write_archive(folder: Path, lesions: int) -> Path:
    """A manifest of so many lesions in a folder: the demo's, case after case."""
    header, *rows = DEMO_TABLE.read_text(encoding="utf-8").splitlines()
    exams = {row.split(",")[0]: row.split(",")[4].split("/")[0] for row in rows}
    lines, count = [header], 0
    case = 0
    while count < lesions:
        for name, exam in exams.items():
            (folder / f"{case}").symlink_to(exams_folder() / exam, target_is_directory=True)
            for row in rows:
                cells = row.split(",")
                if cells[0] == name:
                    cells[0], cells[4] = f"case-{case}", f"{case}/{cells[4].split('/')[1]}"
                    lines.append(",".join(cells))
            count += len({row.split(",")[1] for row in rows if row.startswith(name)})
            case += 1
    manifest = folder / "lesions.csv"
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return manifest


def lesions_of(table: Path) -> list[TableLesion]:
    """Read the lesions of a table."""
    return [one.lesion for one in stream_lesions(table) if isinstance(one, LesionEntry)]


def run(table: Path, executor: TaskExecutor, runtime: str) -> None:
    """Run what ``mammopair batch`` runs, into a temporary folder."""
    with tempfile.TemporaryDirectory() as out:
        options = RunOptions(runtime=runtime)
        summary = exhaust(run_batch(TableSource(table), Path(out), executor, options))
    assert not summary.exit_code, summary


def loop(manifest: Path, runtime: str) -> None:
    """The same lesions in the same groups, in a bare loop; nothing is written."""
    ensemble = ensemble_of_this_process(runtime)
    lesions = lesions_of(manifest)
    for group in group_by_film(lesions, lambda lesion: [row.file for row in lesion.rows]):
        cut = exhaust(cut_lesions(group))
        results = exhaust(classify_lesions(cut, ensemble, nullcontext()))
        assert all(isinstance(result, Record) for result in results), results


@cache
def ensemble_of_this_process(runtime: str) -> Ensemble:
    """Loaded once, on one thread, as workers have it."""
    torch.set_num_threads(1)
    return with_runtime(load_ensemble(device="cpu"), runtime)


@contextmanager
def bare_process() -> Iterator[Executor]:
    """A process without Dask that keeps freed memory as workers do, so that Dask alone differs."""
    with mock.patch.dict(os.environ, {name: str(size) for name, size in MALLOC.items()}):
        process = ProcessPoolExecutor(1, get_context("spawn"))
        process.submit(time.time).result()  # it has begun, with these settings
    with process:
        yield process


def compare(manifest: Path, rounds: int, runtime: str) -> None:
    """Print the ratios of one run."""
    ensemble = ensemble_of_this_process(runtime)
    plain, side = as_trained(load_ensemble(device="cpu")), ensemble.manifest.input.side
    mirrorings = FLIP_AXES if ensemble.manifest.flips else FLIP_AXES[:1]
    entries = lesions_of(manifest)
    few = entries[:PEER_LESIONS]
    with ExitStack() as clusters:
        one, two = (clusters.enter_context(local_workers(n, device="cpu")) for n in (1, 2))
        bare = clusters.enter_context(bare_process())
        print_idle("clusters of one and of two workers")
        ways = {
            "two workers": lambda: run(manifest, two, runtime),
            "one worker": lambda: run(manifest, one, runtime),
            "bare loop": lambda: bare.submit(loop, manifest, runtime).result(),
            "peer": lambda: peer_way(few, plain, side, mirrorings),
            "peer, pydicom alone": lambda: peer_way(few, plain, side, mirrorings, "pydicom"),
        }
        if runtime != "torch":
            ways["bare loop, torch"] = lambda: bare.submit(loop, manifest, "torch").result()
        processor: dict[str, list[float]] = {name: [] for name in ways}
        seconds = time_in_turn(
            {name: metered(way, processor[name]) for name, way in ways.items()}, rounds
        )
    count = {name: len(few if name.startswith("peer") else entries) for name in ways}
    cost = {name: min(times) / count[name] for name, times in seconds.items()}
    print(f"{'':20}  ms a lesion  two workers are faster by  processor ms a lesion")
    for name, each in cost.items():
        busy = min(processor[name][1:]) / count[name] * 1e3
        print(f"{name:20}  {each * 1e3:11.1f}  {each / cost['two workers']:24.2f}  {busy:21.1f}")
    print("Processor time is of all processes together; it bears company on the machine, mostly.")
    print('"peer" decodes as fast as what is installed here; "pydicom alone" as pip brings it.')
    print_shares(manifest, ensemble)
    print_verdict("two workers against the peer", cost["peer"] / cost["two workers"], FASTER)
    alone = cost["peer, pydicom alone"] / cost["two workers"]
    print_verdict("two workers against the peer with pydicom alone", alone, FASTER)
    print_verdict("two workers against one", cost["one worker"] / cost["two workers"], SCALING)
    over = cost["one worker"] / cost["bare loop"] - 1
    print_limit("Dask at one worker, with all that is written, over a bare loop", over, OVERHEAD)
    if runtime != "torch":
        share = cost["bare loop"] / cost["bare loop, torch"]
        print(f"a lesion by {runtime} takes {share:.2f} of its time by torch")


def metered(way: Callable[[], object], processor: list[float]) -> Callable[[], None]:
    """A way that notes the processor's seconds of this process and all its children."""

    def run_and_note() -> None:
        before = processor_seconds()
        way()
        processor.append(processor_seconds() - before)

    return run_and_note


def processor_seconds() -> float:
    """Of this process and those that it started and that still run."""
    this = psutil.Process()
    times = [one.cpu_times() for one in (this, *this.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def print_idle(what: str) -> None:
    """What costs the processor while there is nothing to do."""
    time.sleep(2)  # what begins has begun
    before, began = processor_seconds(), time.perf_counter()
    time.sleep(IDLE)
    share = (processor_seconds() - before) / (time.perf_counter() - began)
    print(f"idle, {what} take {share:.1%} of a core")


def print_limit(what: str, share: float, most: float) -> None:
    """A share beside what it may be at most."""
    print(f"{what}: {share:+.1%}, at most {most:.0%}: {'met' if share <= most else 'MISSED'}")


def print_shares(manifest: Path, ensemble: Ensemble) -> None:
    """Where the time of one worker goes, by a clock around each step."""
    spent = dict.fromkeys(("read and decode", "cut", "prepare", "network", "records", "write"), 0.0)
    with (
        clocked(lesion_task, "read_view", spent, "read and decode"),
        clocked(lesion_task, "with_patch_only", spent, "cut"),
        clocked(ensembles, "prepare", spent, "prepare"),
        clocked(Ensemble, "_read", spent, "network"),
        clocked(Shards, "append", spent, "write"),
    ):
        began = time.perf_counter()
        groups = group_by_film(
            (one for one in stream_lesions(manifest) if isinstance(one, LesionEntry)),
            lambda entry: [row.file for row in entry.lesion.rows],
        )
        with tempfile.TemporaryDirectory() as out:
            shards = Shards(Path(out))
            for group in groups:
                cut = exhaust(cut_lesions([entry.lesion for entry in group]))
                before = time.perf_counter()
                records = exhaust(classify_lesions(cut, ensemble, nullcontext()))
                spent["records"] += time.perf_counter() - before
                shards.append(
                    [
                        Outcome(number=entry.number, digest=entry.digest, record=record)
                        for entry, record in zip(group, records, strict=True)
                        if isinstance(record, Record)
                    ]
                )
        total = time.perf_counter() - began
    spent["records"] -= spent["prepare"] + spent["network"]
    spent["rest"] = total - sum(spent.values())
    print("of one worker:", ", ".join(f"{name} {part / total:.0%}" for name, part in spent.items()))


@contextmanager
def clocked(owner: object, name: str, spent: dict[str, float], step: str) -> Iterator[None]:
    """Add the seconds of each call of a function to a step, for a while."""
    original = getattr(owner, name)

    def timed(*arguments: object, **options: object) -> object:
        began = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            spent[step] += time.perf_counter() - began

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, original)


def grow(manifest: Path, runtime: str, workers: int) -> None:
    """Print what a lesion costs and how much memory is held, early and late in one long run.

    By the clock, and by the processor of all processes, which bears company on the machine.
    """
    with ExitStack() as stack:
        executor: TaskExecutor = LocalExecutor()
        if workers:
            executor = stack.enter_context(local_workers(workers, device="cpu"))
        out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        marks: list[Mark] = []
        options = RunOptions(runtime=runtime)
        for step in run_batch(TableSource(manifest), out, executor, options):
            if not marks or step.done >= marks[-1].lesions + EARLY // 5 or step.done == step.total:
                marks.append(Mark(step.done, time.perf_counter(), processor_seconds(), *memory()))
    # The first mark with work in it is the start: workers have loaded their ensemble by then.
    start = marks[1]
    early = next(mark for mark in marks if mark.lesions >= EARLY)
    late = marks[-1]
    print(
        f"{'lesions':>8}  {'ms a lesion':>11}  {'processor ms':>12}  {'client MB':>9}  "
        f"{'largest worker MB':>17}"
    )
    for mark in (early, late):
        clock, busy = mark.cost_since(start)
        print(
            f"{mark.lesions:8}  {clock * 1e3:11.1f}  {busy * 1e3:12.1f}  {mark.client_mb:9.0f}  "
            f"{mark.worker_mb:17.0f}"
        )
    more = (late.cost_since(start) / early.cost_since(start)) - 1
    for by, share in zip(("clock", "processor"), more, strict=True):
        what = f"a lesion of {late.lesions} over one of {early.lesions}, by the {by}"
        print_limit(what, share, FLAT)


@dataclass(frozen=True)
class Mark:
    """How far a run is."""

    lesions: int
    clock: float
    processor: float
    client_mb: float
    worker_mb: float

    def cost_since(self, start: Mark) -> np.ndarray:
        """Seconds a lesion, by the clock and by the processor."""
        spent = np.array([self.clock - start.clock, self.processor - start.processor])
        return spent / (self.lesions - start.lesions)


def memory() -> tuple[float, float]:
    """Resident MB of this process, and of the largest of its workers."""
    this = psutil.Process()
    workers = [child.memory_info().rss for child in this.children(recursive=True)]
    return this.memory_info().rss / 1e6, max(workers, default=0) / 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--lesions", type=int, default=160, help="so many that workers end together"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runtime", choices=RUNTIMES, default="torch")
    parser.add_argument("--archive", type=int, help="lesions of a long run, in place of the rest")
    parser.add_argument("--workers", type=int, default=2, help="of the long run; 0: no Dask")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        manifest = write_archive(Path(folder), chosen.archive or chosen.lesions)
        if chosen.archive:
            grow(manifest, chosen.runtime, chosen.workers)
        else:
            compare(manifest, chosen.rounds, chosen.runtime)


if __name__ == "__main__":
    main()
