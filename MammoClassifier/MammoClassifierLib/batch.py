"""The batch in Slicer: a lesion table in, a folder of results out, an exit code.

It is ``mammopair batch`` in this process, or on a local cluster with ``--workers``; ``--scenes``
also writes a scene for each case. Exit codes are those of the command line: 0, all lesions
classified; 1, some failed, each with a message; 2, wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from MammoClassifierLib.install import missingPackages
from mammopair import RESEARCH_USE_ONLY
from mammopair.batch.run_options import OPTION_HELP, ResultOptions, RunOptions
from mammopair.errors import InputError
from mammopair.progress import exhaust

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mammopair.batch.executor import TaskExecutor
    from mammopair.progress import Progress

PROGRAM = "Slicer --no-splash --no-main-window --python-script classify_batch.py --"


def run(arguments: Sequence[str]) -> int:
    """Classify the lesions of a table, without a window or a dialog.

    Parameters
    ----------
    arguments
        Of the command line; a leading ``--`` is ignored.

    Returns
    -------
    int
        The exit code.
    """
    given = list(arguments)[1:] if list(arguments)[:1] == ["--"] else list(arguments)
    try:
        chosen = _parser().parse_args(given)
    except SystemExit as ended:
        return int(ended.code or 0)
    try:
        return _classify(chosen)
    except InputError as error:
        _printMessage(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    """The options of ``mammopair batch`` for one machine, and ``--scenes``."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Classify many lesions in Slicer.")
    parser.add_argument("table", type=Path, help="lesion table: CSV, one row per view of a lesion")
    parser.add_argument("out", type=Path, help="folder for the results")
    for name in ("model", "device", "runtime"):
        parser.add_argument(
            f"--{name}", default=getattr(RunOptions(), name), help=OPTION_HELP[name]
        )
    for name in ("prevalence", "coverage"):
        parser.add_argument(f"--{name}", type=float, help=OPTION_HELP[name])
    for name in ("explain", "dicom", "report", "page", "evidence", "parquet"):
        parser.add_argument(f"--{name}", action="store_true", help=OPTION_HELP[name])
    parser.add_argument("--resume", action="store_true", help="continue the run in OUT")
    parser.add_argument(
        "--workers", type=int, default=0, help="worker processes; default 0: this process alone"
    )
    parser.add_argument("--scenes", action="store_true", help="write a scene for each case")
    return parser


def _runOptions(chosen: argparse.Namespace) -> RunOptions:
    results = {field.name: getattr(chosen, field.name) for field in fields(ResultOptions)}
    return RunOptions(
        model=chosen.model,
        device=chosen.device,
        runtime=chosen.runtime,
        results=ResultOptions(**results),
        parquet=chosen.parquet,
        existing="resume" if chosen.resume else "refuse",
    )


def _classify(chosen: argparse.Namespace) -> int:
    missing = missingPackages()
    if missing:
        problem = "not installed; open the module MammoClassifier once and click Classify"
        raise InputError(", ".join(missing), problem)
    from MammoClassifierLib.scene.case_scenes import checkSceneIsEmpty, writeScenes
    from mammopair.batch.lesion_source import TableSource
    from mammopair.batch.outcome import read_failures
    from mammopair.batch.run_folder import FAILURES, RECORDS, TABLE
    from mammopair.batch.runner import run_batch

    if chosen.scenes:
        checkSceneIsEmpty()
    with _executor(chosen.workers, chosen.device) as executor:
        steps = run_batch(TableSource(chosen.table), chosen.out, executor, _runOptions(chosen))
        summary = exhaust(steps, _printWhenLesionsAreDone())
    for failure in read_failures(chosen.out / FAILURES):
        _printMessage(failure.sentence)
    code = summary.exit_code
    if chosen.scenes:
        for case, problem in writeScenes(chosen.out / RECORDS, chosen.out):
            if problem:
                _printMessage(f"{case}: {problem}")
                code = 1
    print(chosen.out / RECORDS, chosen.out / TABLE, RESEARCH_USE_ONLY, sep="\n")
    return code


def _executor(workers: int, device: str) -> AbstractContextManager[TaskExecutor]:
    if workers == 0:
        from mammopair.batch.executor import LocalExecutor

        return nullcontext(LocalExecutor())
    from mammopair.batch.cluster import local_workers

    _useRealInterpreter()
    return local_workers(workers, device=device)


def _useRealInterpreter() -> None:
    """Start processes with the interpreter itself where ``PythonSlicer`` is a launcher of it.

    On Windows a child of the launcher does not inherit the pipe of its parent, so that the process
    would never start (Slicer issue 7445). The launcher's environment is already set here.
    """
    import multiprocessing

    real = Path(sys.executable).with_name("python-real.exe")
    if real.is_file():
        multiprocessing.set_executable(str(real))


def _printWhenLesionsAreDone() -> Callable[[Progress], None]:
    """A callback that prints a line whenever more lesions are done."""
    printed = -1

    def show(step: Progress) -> None:
        nonlocal printed
        if step.done != printed:
            printed = step.done
            print(f"{step.done} of {step.total}: {step.message}")

    return show


def _printMessage(sentence: str) -> None:
    print(f"MammoClassifier: {sentence}", file=sys.stderr)
