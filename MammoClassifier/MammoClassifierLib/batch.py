"""The engine's batch inside Slicer: a manifest in, a folder of results out, an exit code.

It is ``mammopair batch`` in this process, or on a local cluster with ``--workers``; with
``--scenes`` it writes a scene a case too. Exit codes are those of the command line: 0, all done;
1, some input could not be used, each named; 2, wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from MammoClassifierLib.install import missingPackages
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mammopair.batch.executor import TaskExecutor

USAGE = (
    "Slicer --no-splash --no-main-window --python-script classify_batch.py "
    "-- MANIFEST OUT [ENSEMBLE] [--resume] [--workers N] [--scenes] [--dicom] [--report] "
    "[--evidence]"
)


def run(arguments: Sequence[str]) -> int:
    """Classify the lesions of a manifest, without a window and without a question.

    Parameters
    ----------
    arguments
        As :data:`USAGE` has them; a leading ``--`` is passed over.

    Returns
    -------
    int
        The exit code.
    """
    given = list(arguments)[1:] if list(arguments)[:1] == ["--"] else list(arguments)
    try:
        chosen = _parser().parse_args(given, _Chosen())
    except SystemExit as ended:
        return int(ended.code or 0)
    try:
        return _classify(chosen)
    except InputError as error:
        _say(str(error))
        return 1


class _Chosen(argparse.Namespace):
    """What the user chose."""

    manifest: Path
    out: Path
    ensemble: str | None
    resume: bool
    workers: int
    scenes: bool


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(usage=USAGE, description="Classify many lesions in Slicer.")
    parser.add_argument("manifest", type=Path, help="CSV table, one row a view of a lesion")
    parser.add_argument("out", type=Path, help="folder for all that is written")
    parser.add_argument("ensemble", nargs="?", help="by name or as a folder")
    parser.add_argument("--resume", action="store_true", help="go on with the run that OUT holds")
    parser.add_argument("--workers", type=int, default=0, help="processes of a local Dask cluster")
    parser.add_argument("--scenes", action="store_true", help="a scene a case")
    for output in ("dicom", "report", "evidence"):
        parser.add_argument(f"--{output}", action="store_true", help=f"{output}, a folder a lesion")
    return parser


def _classify(chosen: _Chosen) -> int:
    missing = missingPackages()
    if missing:
        problem = "not installed; open the module MammoClassifier once and click Classify"
        raise InputError(", ".join(missing), problem)
    from MammoClassifierLib.scene.case_scenes import checkSceneIsEmpty, writeScenes
    from mammopair import RESEARCH_USE_ONLY
    from mammopair.batch.runner import Options, run_batch
    from mammopair.batch.work_plan import OUTPUTS
    from mammopair.progress import exhaust

    if chosen.scenes:
        checkSceneIsEmpty()
    options = Options(
        model=chosen.ensemble,
        outputs=tuple(output for output in OUTPUTS if getattr(chosen, output)),
        resume=chosen.resume,
    )
    with _crew(chosen.workers) as crew:
        steps = run_batch(chosen.manifest, chosen.out, crew, options)
        summary = exhaust(steps, lambda step: print(f"{step.done} of {step.total}: {step.message}"))
    _sayFailures(chosen.out / "failures.csv")
    code = summary.exit_code
    if chosen.scenes:
        for case, problem in writeScenes(chosen.out / "records.jsonl", chosen.out):
            if problem:
                _say(f"{case}: {problem}")
                code = 1
    print(chosen.out / "records.jsonl", chosen.out / "table.csv", RESEARCH_USE_ONLY, sep="\n")
    return code


def _crew(workers: int) -> AbstractContextManager[TaskExecutor]:
    if workers == 0:
        from mammopair.batch.executor import LocalExecutor

        return nullcontext(LocalExecutor())
    from mammopair.batch.cluster import local_workers

    _startRealPython()
    return local_workers(workers)


def _startRealPython() -> None:
    """Have processes start the interpreter itself where ``PythonSlicer`` is a launcher of it.

    On Windows a launcher's child does not get the pipe that its parent was handed, so the process
    would never begin (Slicer issue 7445). What the launcher sets, this process has set already.
    """
    import multiprocessing

    real = Path(sys.executable).with_name("python-real.exe")
    if real.is_file():
        multiprocessing.set_executable(str(real))


def _sayFailures(path: Path) -> None:
    import csv

    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            _say(f"{row['case_id']} lesion {row['lesion_id']}: {row['reason']}")


def _say(sentence: str) -> None:
    print(f"MammoClassifier: {sentence}", file=sys.stderr)
