"""The batch from DICOM files to records, compared with a simple script and with itself.

The archive repeats the two exams of the demo under different names, so that every lesion has films
of its own. Clusters and ensembles are loaded before the measurement, and all commands run in turn.
Run from the root of the repository::

    python -m Testing.benchmarks.batch [--lesions 160] [--rounds 2] [--runtime openvino]
    python -m Testing.benchmarks.batch --archive 20000

The first command prints lesions per second, compared with the peer of
:mod:`Testing.benchmarks.throughput` (one process, pydicom, eager torch, one image and one member at
a time), two workers compared with one, Dask compared with a loop, OpenVINO (if requested) compared
with torch, the load of idle clusters, and the steps of one worker. The second command prints the
cost per lesion in a long run compared with its first 500, and the memory at both points.
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
from mammopair.io.lesion_table import LesionEntry, TableLesion, stream_lesions
from mammopair.model import ensemble as ensembles
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.model.inference import FLIP_AXES
from mammopair.model.runtime import RUNTIMES, with_runtime
from mammopair.progress import exhaust
from mammopair.record import Record
from Testing.benchmarks.throughput import run_peer, unfolded_networks
from Testing.benchmarks.timing import print_verdict, time_in_turn

PEER_LESIONS = 5
"""Number of lesions for the peer, whose time per lesion is constant."""
IDLE = 5.0
"""Seconds over which an idle cluster is measured."""
EARLY = 500
"""Lesions after which the first measurement of a long run is taken."""
FASTER, SCALING, OVERHEAD, FLAT = 6.0, 1.8, 0.10, 0.10
"""Targets: speed relative to the peer, speed of two workers relative to one, overhead of Dask over
a loop, and increase of the cost per lesion in a long run."""


def write_archive(folder: Path, lesions: int) -> Path:
    """Write a table of so many lesions into a folder, repeating those of the demo."""
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
    table = folder / "lesions.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def lesions_of(table: Path) -> list[TableLesion]:
    """Read the lesions of a table."""
    return [one.lesion for one in stream_lesions(table) if isinstance(one, LesionEntry)]


def run(table: Path, executor: TaskExecutor, runtime: str) -> None:
    """Run what ``mammopair batch`` runs, into a temporary folder."""
    with tempfile.TemporaryDirectory() as out:
        options = RunOptions(runtime=runtime)
        summary = exhaust(run_batch(TableSource(table), Path(out), executor, options))
    assert not summary.exit_code, summary


def loop(table: Path, runtime: str) -> None:
    """Classify the same lesions in the same groups in a loop, without writing results."""
    ensemble = ensemble_of_this_process(runtime)
    lesions = lesions_of(table)
    for group in group_by_film(lesions, lambda lesion: [row.file for row in lesion.rows]):
        cut = exhaust(cut_lesions(group))
        results = exhaust(classify_lesions(cut, ensemble, nullcontext()))
        assert all(isinstance(result, Record) for result in results), results


@cache
def ensemble_of_this_process(runtime: str) -> Ensemble:
    """Load the ensemble once, on one thread, as workers do."""
    torch.set_num_threads(1)
    return with_runtime(load_ensemble(device="cpu"), runtime)


@contextmanager
def bare_process() -> Iterator[Executor]:
    """Start a process without Dask, with the same memory settings as workers."""
    with mock.patch.dict(os.environ, {name: str(size) for name, size in MALLOC.items()}):
        process = ProcessPoolExecutor(1, get_context("spawn"))
        process.submit(time.time).result()  # waits until it has started with these settings
    with process:
        yield process


def compare(table: Path, rounds: int, runtime: str) -> None:
    """Print the ratios of one run."""
    ensemble = ensemble_of_this_process(runtime)
    plain, side = unfolded_networks(load_ensemble(device="cpu")), ensemble.manifest.input.side
    flips = FLIP_AXES if ensemble.manifest.flips else FLIP_AXES[:1]
    entries = lesions_of(table)
    few = entries[:PEER_LESIONS]
    with ExitStack() as clusters:
        one, two = (clusters.enter_context(local_workers(n, device="cpu")) for n in (1, 2))
        bare = clusters.enter_context(bare_process())
        print_idle("clusters of one and two workers")
        commands = {
            "two workers": lambda: run(table, two, runtime),
            "one worker": lambda: run(table, one, runtime),
            "bare loop": lambda: bare.submit(loop, table, runtime).result(),
            "peer": lambda: run_peer(few, plain, side, flips),
            "peer, pydicom only": lambda: run_peer(few, plain, side, flips, "pydicom"),
        }
        if runtime != "torch":
            commands["bare loop, torch"] = lambda: bare.submit(loop, table, "torch").result()
        processor: dict[str, list[float]] = {name: [] for name in commands}
        seconds = time_in_turn(
            {name: metered(command, processor[name]) for name, command in commands.items()}, rounds
        )
    count = {name: len(few if name.startswith("peer") else entries) for name in commands}
    cost = {name: min(times) / count[name] for name, times in seconds.items()}
    print(f"{'':20}  ms per lesion  two workers are faster by  processor ms per lesion")
    for name, each in cost.items():
        used = min(processor[name][1:]) / count[name] * 1e3
        print(f"{name:20}  {each * 1e3:13.1f}  {each / cost['two workers']:24.2f}  {used:23.1f}")
    print("Processor time is that of all processes; other load on the machine hardly affects it.")
    print('"peer" uses the installed decoders; "peer, pydicom only" those that pydicom installs.')
    print_steps(table, ensemble)
    print_verdict(
        "speed of two workers relative to the peer", cost["peer"] / cost["two workers"], FASTER
    )
    pydicom_only = cost["peer, pydicom only"] / cost["two workers"]
    print_verdict("speed of two workers relative to the peer, pydicom only", pydicom_only, FASTER)
    print_verdict(
        "speed of two workers relative to one", cost["one worker"] / cost["two workers"], SCALING
    )
    over = cost["one worker"] / cost["bare loop"] - 1
    print_limit("overhead of one Dask worker and writing over a bare loop", over, OVERHEAD)
    if runtime != "torch":
        share = cost["bare loop"] / cost["bare loop, torch"]
        print(f"time per lesion with {runtime}, relative to torch: {share:.2f}")


def metered(command: Callable[[], object], processor: list[float]) -> Callable[[], None]:
    """Return a command that records the processor seconds of this process and its children."""

    def run_and_record() -> None:
        before = processor_seconds()
        command()
        processor.append(processor_seconds() - before)

    return run_and_record


def processor_seconds() -> float:
    """Return the processor seconds of this process and its running children."""
    this = psutil.Process()
    times = [one.cpu_times() for one in (this, *this.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def print_idle(what: str) -> None:
    """Print the processor load while there is no work."""
    time.sleep(2)  # until the start is over
    before, start = processor_seconds(), time.perf_counter()
    time.sleep(IDLE)
    share = (processor_seconds() - before) / (time.perf_counter() - start)
    print(f"load of idle {what}: {share:.1%} of a core")


def print_limit(what: str, share: float, most: float) -> None:
    """Print a fraction and whether it is within its limit."""
    print(f"{what}: {share:+.1%}, at most {most:.0%}: {'met' if share <= most else 'MISSED'}")


def print_steps(table: Path, ensemble: Ensemble) -> None:
    """Print the time of each step of one worker."""
    spent = dict.fromkeys(("read and decode", "cut", "prepare", "network", "records", "write"), 0.0)
    with (
        clocked(lesion_task, "read_view", spent, "read and decode"),
        clocked(lesion_task, "with_patch_only", spent, "cut"),
        clocked(ensembles, "prepare_inputs", spent, "prepare"),
        clocked(Ensemble, "_run_member", spent, "network"),
        clocked(Shards, "append", spent, "write"),
    ):
        start = time.perf_counter()
        groups = group_by_film(
            (one for one in stream_lesions(table) if isinstance(one, LesionEntry)),
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
        total = time.perf_counter() - start
    spent["records"] -= spent["prepare"] + spent["network"]
    spent["rest"] = total - sum(spent.values())
    print("of one worker:", ", ".join(f"{name} {part / total:.0%}" for name, part in spent.items()))


@contextmanager
def clocked(owner: object, name: str, spent: dict[str, float], step: str) -> Iterator[None]:
    """Add the seconds of each call of a function to a step, while in the context."""
    original = getattr(owner, name)

    def timed(*arguments: object, **options: object) -> object:
        start = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            spent[step] += time.perf_counter() - start

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, original)


def grow(table: Path, runtime: str, workers: int) -> None:
    """Print the cost per lesion and the memory, early and late in one long run.

    The cost is in seconds and in processor seconds of all processes.
    """
    with ExitStack() as stack:
        executor: TaskExecutor = LocalExecutor()
        if workers:
            executor = stack.enter_context(local_workers(workers, device="cpu"))
        out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        marks: list[Mark] = []
        options = RunOptions(runtime=runtime)
        for step in run_batch(TableSource(table), out, executor, options):
            if not marks or step.done >= marks[-1].lesions + EARLY // 5 or step.done == step.total:
                marks.append(Mark(step.done, time.perf_counter(), processor_seconds(), *memory()))
    # The second mark is the start: by then workers have loaded their ensemble.
    start = marks[1]
    early = next(mark for mark in marks if mark.lesions >= EARLY)
    late = marks[-1]
    print(
        f"{'lesions':>8}  {'ms per lesion':>13}  {'processor ms':>12}  {'client MB':>9}  "
        f"{'largest worker MB':>17}"
    )
    for mark in (early, late):
        clock, used = mark.cost_since(start)
        print(
            f"{mark.lesions:8}  {clock * 1e3:13.1f}  {used * 1e3:12.1f}  {mark.client_mb:9.0f}  "
            f"{mark.worker_mb:17.0f}"
        )
    more = (late.cost_since(start) / early.cost_since(start)) - 1
    for by, share in zip(("clock", "processor"), more, strict=True):
        what = f"cost per lesion of {late.lesions} relative to {early.lesions}, by {by}"
        print_limit(what, share, FLAT)


@dataclass(frozen=True)
class Mark:
    """State of a run at one time."""

    lesions: int
    clock: float
    processor: float
    client_mb: float
    worker_mb: float

    def cost_since(self, start: Mark) -> np.ndarray:
        """Return seconds and processor seconds per lesion."""
        spent = np.array([self.clock - start.clock, self.processor - start.processor])
        return spent / (self.lesions - start.lesions)


def memory() -> tuple[float, float]:
    """Return the resident memory, in MB, of this process and of the largest worker."""
    this = psutil.Process()
    workers = [child.memory_info().rss for child in this.children(recursive=True)]
    return this.memory_info().rss / 1e6, max(workers, default=0) / 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lesions", type=int, default=160, help="Number of lesions (default 160).")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runtime", choices=RUNTIMES, default="torch")
    parser.add_argument(
        "--archive", type=int, help="Number of lesions of a long run, instead of the comparison."
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=2,
        help="Workers of the long run (default 2); 0 for a loop without Dask.",
    )
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        table = write_archive(Path(folder), chosen.archive or chosen.lesions)
        if chosen.archive:
            grow(table, chosen.runtime, chosen.workers)
        else:
            compare(table, chosen.rounds, chosen.runtime)


if __name__ == "__main__":
    main()
