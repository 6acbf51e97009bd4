"""Run a recipe: train its members, one after another or side by side, each resumable.

What there is to do is a list of tasks, none of which needs another; how they are run is decided
here.
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
GLANCE = 1.0
"""Seconds between looks at the logs of members that train in other processes."""


@dataclass(frozen=True)
class MemberTask:
    """One member to be trained, by whatever runs it: here, or in a process of its own."""

    recipe: Recipe
    member: Member
    data: Path
    """A folder of crops."""
    folder: Path
    """Where checkpoint and log go."""
    device: str


Sequel = Callable[[MemberTask, TrainingData], None]
"""What is done with a member as soon as it is trained, where it was trained."""


def nothing_more(_task: MemberTask, _material: TrainingData) -> None:
    """The sequel of training alone."""


def member_tasks(recipe: Recipe, data: Path, out: Path, device: str) -> list[MemberTask]:
    """A task for each member of a recipe, each with its folder ``member-N``."""
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
    data
        A folder of crops; see :mod:`mammopair.io.crop_folder`.
    out
        ``member-N`` folders with checkpoint and log are made in it.

    Returns
    -------
    list of Path
        The members' checkpoints, as the generator's value.
    """
    tasks = member_tasks(recipe, data, out, device)
    yield from train_tasks(tasks, pool=pool)
    return [task.folder / CHECKPOINT for task in tasks]


def train_tasks(
    tasks: list[MemberTask], *, pool: Executor | None = None, sequel: Sequel = nothing_more
) -> Generator[Progress, None, None]:
    """Train members; those that are finished already cost nothing.

    Parameters
    ----------
    tasks
        Of one recipe.
    pool
        Processes that train members side by side, with one thread each, such as the workers of a
        Dask cluster; they must see ``data`` and ``out`` under the same paths. Without, members are
        trained in this process, one after another, with all its threads.
    sequel
        A function of a module, so that it can be named to another process.
    """
    for task in tasks:
        task.folder.mkdir(parents=True, exist_ok=True)
    if not tasks:
        return
    if pool is None:
        yield from _one_after_another(tasks, sequel)
    else:
        yield from _side_by_side(tasks, sequel, pool)


def _one_after_another(tasks: list[MemberTask], sequel: Sequel) -> Generator[Progress, None, None]:
    first = tasks[0]
    material = load_training_data(first.data, first.recipe.split_of(first.member))
    epochs = first.recipe.optimisation.epochs
    total = epochs * len(tasks)
    for number, task in enumerate(tasks):
        if number and task.member.repeat != tasks[number - 1].member.repeat:
            material = material.divided(task.recipe.split_of(task.member))
        yield Progress(number * epochs, total, task.folder.name)
        for report in _train(task, material):
            message = f"{task.folder.name}: loss {report.loss:.3f}"
            yield Progress(number * epochs + report.epoch, total, message)
        sequel(task, material)


def _side_by_side(
    tasks: list[MemberTask], sequel: Sequel, pool: Executor
) -> Generator[Progress, None, None]:
    total = tasks[0].recipe.optimisation.epochs * len(tasks)
    running = [pool.submit(_train_alone, task, sequel) for task in tasks]
    while not all(future.done() for future in running):
        _raise_first(running)
        reports = [report for task in tasks for report in read_log(task.folder / LOG)[-1:]]
        done = sum(report.epoch for report in reports)
        losses = ", ".join(f"{report.loss:.3f}" for report in reports)
        yield Progress(done, total, f"{len(tasks)} members, losses {losses or '-'}")
        time.sleep(GLANCE)
    _raise_first(running)


def _train_alone(task: MemberTask, sequel: Sequel) -> None:
    """Train one member in a process of its own, with one thread."""
    torch.set_num_threads(1)
    material = _material_of_this_process(task.data, task.recipe.split_of(task.member))
    for _ in _train(task, material):
        pass
    sequel(task, material)


@lru_cache(maxsize=1)
def _material_of_this_process(data: Path, folds: Folds) -> TrainingData:
    """The crops, which a process that trains one member after another reads once."""
    return load_training_data(data, folds)


def _train(task: MemberTask, material: TrainingData) -> Generator[EpochReport, None, None]:
    """Train one member and keep its log beside its checkpoint."""
    checkpoint, device = task.folder / CHECKPOINT, choose_device(task.device)
    try:
        for report in fit_member(task.recipe, task.member, material, checkpoint, device):
            with (task.folder / LOG).open("ab") as log:
                log.write(msgspec.json.encode(report) + b"\n")
            yield report
    except torch.OutOfMemoryError as error:
        raise InputError(
            "optimisation.batch",
            f"of {task.recipe.optimisation.batch} does not fit in the GPU's memory; "
            "make it smaller, or train with --device cpu; epochs that were finished are kept",
        ) from error


def read_log(path: Path) -> list[EpochReport]:
    """What the epochs of a member gave so far; a line that is half written is left out."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=EpochReport) for line in lines]


def _raise_first(running: list[Future[None]]) -> None:
    for future in running:
        if future.done() and (error := future.exception()):
            for other in running:
                other.cancel()
            raise error
