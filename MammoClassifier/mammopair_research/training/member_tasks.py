"""Train the members of a recipe, sequentially or in parallel; each can be resumed.

The work is a list of independent tasks, one per member.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import torch

from mammopair.errors import InputError
from mammopair.model.device import choose_device
from mammopair.progress import Progress
from mammopair_research.datasets.folds import Folds
from mammopair_research.datasets.training_data import TrainingData, load_training_data
from mammopair_research.training.member_fit import EpochReport, fit_member
from mammopair_research.training.recipe import Member, Recipe

CHECKPOINT, LOG = "checkpoint.safetensors", "log.jsonl"
POLL_SECONDS = 1.0
"""Interval at which the logs of members in other processes are read."""


@dataclass(frozen=True)
class MemberTask:
    """One member to train, in this process or another."""

    recipe: Recipe
    member: Member
    data: Path
    """A crop folder."""
    folder: Path
    """Folder of its checkpoint and log."""
    device: str


FollowUp = Callable[[MemberTask, TrainingData], None]
"""Function called in the same process as soon as a member is trained."""


def no_follow_up(_task: MemberTask, _data: TrainingData) -> None:
    """Do nothing after a member is trained."""


def member_tasks(recipe: Recipe, data: Path, out: Path, device: str) -> list[MemberTask]:
    """Return a task for each member of a recipe, each with a folder ``member-N`` in ``out``."""
    return [
        MemberTask(recipe, member, data, out / f"member-{number}", device)
        for number, member in enumerate(recipe.members)
    ]


def train_members(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    device: str = "auto",
    pool: Executor | None = None,
) -> Generator[Progress, None, list[Path]]:
    """Train all members of a recipe, as :func:`train_tasks` does.

    Parameters
    ----------
    recipe
        The settings.
    data
        A crop folder; see :mod:`mammopair.io.crop_folder`.
    out
        Folder for the ``member-N`` folders with checkpoint and log.
    device, pool
        ``auto``, ``cpu`` or ``cuda``; and as in :func:`train_tasks`.

    Returns
    -------
    list of Path
        The members' checkpoints, as the generator's value.

    Raises
    ------
    InputError
        As :func:`train_tasks`.
    """
    tasks = member_tasks(recipe, data, out, device)
    yield from train_tasks(tasks, pool=pool)
    return [task.folder / CHECKPOINT for task in tasks]


def train_tasks(
    tasks: list[MemberTask], *, pool: Executor | None = None, follow_up: FollowUp = no_follow_up
) -> Generator[Progress, None, None]:
    """Train members; those that are complete are not trained again.

    Parameters
    ----------
    tasks
        Members of one recipe.
    pool
        Processes that train members in parallel, with one thread each, such as the workers of a
        Dask cluster; they must see the folders under the same paths. None trains the members in
        this process, one after another, with all its threads.
    follow_up
        A function at module level, so that it can be sent to another process.

    Raises
    ------
    InputError
        If the data cannot be read or divided, a checkpoint cannot be used or written, or the GPU
        has too little memory.
    """
    for task in tasks:
        task.folder.mkdir(parents=True, exist_ok=True)
    if not tasks:
        return
    if pool is None:
        yield from _train_sequentially(tasks, follow_up)
    else:
        yield from _train_in_parallel(tasks, follow_up, pool)


def _train_sequentially(
    tasks: list[MemberTask], follow_up: FollowUp
) -> Generator[Progress, None, None]:
    recipe = tasks[0].recipe
    data = load_training_data(tasks[0].data, recipe.folds)
    epochs = recipe.optimisation.epochs
    total = epochs * len(tasks)
    for number, task in enumerate(tasks):
        yield Progress(number * epochs, total, task.folder.name)
        for report in _train(task, data):
            message = f"{task.folder.name}: loss {report.loss:.3f}"
            yield Progress(number * epochs + report.epoch, total, message)
        follow_up(task, data)


def _train_in_parallel(
    tasks: list[MemberTask], follow_up: FollowUp, pool: Executor
) -> Generator[Progress, None, None]:
    total = tasks[0].recipe.optimisation.epochs * len(tasks)
    running = [pool.submit(_train_in_worker, task, follow_up) for task in tasks]
    while not all(future.done() for future in running):
        _raise_first_error(running)
        reports = [report for task in tasks for report in read_log(task.folder / LOG)[-1:]]
        done = sum(report.epoch for report in reports)
        losses = ", ".join(f"{report.loss:.3f}" for report in reports)
        yield Progress(done, total, f"{len(tasks)} members, losses {losses or '-'}")
        time.sleep(POLL_SECONDS)
    _raise_first_error(running)


def _train_in_worker(task: MemberTask, follow_up: FollowUp) -> None:
    """Train one member in a worker process, with one thread."""
    torch.set_num_threads(1)
    data = _training_data_of_process(task.data, task.recipe.folds)
    for _ in _train(task, data):
        pass
    follow_up(task, data)


@lru_cache(maxsize=1)
def _training_data_of_process(data: Path, folds: Folds) -> TrainingData:
    """Load training data once per process, for all members that it trains."""
    return load_training_data(data, folds)


def _train(task: MemberTask, data: TrainingData) -> Generator[EpochReport, None, None]:
    """Train one member and append to its log after each epoch."""
    checkpoint, device = task.folder / CHECKPOINT, choose_device(task.device)
    try:
        for report in fit_member(task.recipe, task.member, data, checkpoint, device):
            with (task.folder / LOG).open("ab") as log:
                log.write(msgspec.json.encode(report) + b"\n")
            yield report
    except torch.OutOfMemoryError as error:
        raise InputError(
            "optimisation.batch",
            f"is {task.recipe.optimisation.batch}, which does not fit in the GPU's memory; "
            "reduce it, or use --device cpu; completed epochs are kept",
        ) from error


def read_log(path: Path) -> list[EpochReport]:
    """Read the log of a member; an incomplete last line is ignored."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=EpochReport) for line in lines]


def _raise_first_error(running: list[Future[None]]) -> None:
    for future in running:
        if future.done() and (error := future.exception()):
            for other in running:
                other.cancel()
            raise error
