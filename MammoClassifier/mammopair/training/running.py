"""Run a recipe: train its members, one after another or side by side, each resumable."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import torch

from mammopair.errors import InputError
from mammopair.model.device import choose_device
from mammopair.progress import Progress
from mammopair.training.fitting import EpochReport, fit_member
from mammopair.training.material import Material, load_material
from mammopair.training.recipe import Member, Recipe

CHECKPOINT, LOG = "checkpoint.safetensors", "log.jsonl"
GLANCE = 1.0
"""Seconds between looks at the logs of members that train in other processes."""


def train_members(
    recipe: Recipe, data: Path, out: Path, *, device: str = "auto", jobs: int = 1
) -> Generator[Progress, None, list[Path]]:
    """Train all members of a recipe; those that are finished already cost nothing.

    Parameters
    ----------
    data
        A folder of crops; see :mod:`mammopair.reading.crop_folder`.
    out
        ``member-N`` folders with checkpoint and log are made in it.
    jobs
        Members trained side by side, a process with one thread each. With 1 they are trained in
        this process, one after another, with all its threads.

    Returns
    -------
    list of Path
        The members' checkpoints, as the generator's value.
    """
    folders = [out / f"member-{number}" for number in range(len(recipe.members))]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    if jobs == 1:
        yield from _one_after_another(recipe, data, folders, device)
    else:
        yield from _side_by_side(recipe, data, folders, device, jobs)
    return [folder / CHECKPOINT for folder in folders]


def _one_after_another(
    recipe: Recipe, data: Path, folders: list[Path], device: str
) -> Generator[Progress, None, None]:
    material = load_material(data, recipe.folds)
    epochs = recipe.optimisation.epochs
    total = epochs * len(folders)
    for number, (member, folder) in enumerate(zip(recipe.members, folders, strict=True)):
        yield Progress(number * epochs, total, f"member {number}")
        for report in _train(recipe, member, material, folder, device):
            message = f"member {number}: loss {report.loss:.3f}"
            yield Progress(number * epochs + report.epoch, total, message)


def _side_by_side(
    recipe: Recipe, data: Path, folders: list[Path], device: str, jobs: int
) -> Generator[Progress, None, None]:
    total = recipe.optimisation.epochs * len(folders)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        running = [
            pool.submit(_train_alone, recipe, member, data, folder, device)
            for member, folder in zip(recipe.members, folders, strict=True)
        ]
        while not all(future.done() for future in running):
            _raise_first(running)
            reports = [report for folder in folders for report in read_log(folder / LOG)[-1:]]
            done = sum(report.epoch for report in reports)
            losses = ", ".join(f"{report.loss:.3f}" for report in reports)
            yield Progress(done, total, f"{len(folders)} members, losses {losses or '-'}")
            time.sleep(GLANCE)
        _raise_first(running)


def _train_alone(recipe: Recipe, member: Member, data: Path, folder: Path, device: str) -> None:
    """Train one member in a process of its own, with one thread."""
    torch.set_num_threads(1)
    for _ in _train(recipe, member, load_material(data, recipe.folds), folder, device):
        pass


def _train(
    recipe: Recipe, member: Member, material: Material, folder: Path, device: str
) -> Generator[EpochReport, None, None]:
    """Train one member and keep its log beside its checkpoint."""
    try:
        for report in fit_member(
            recipe, member, material, folder / CHECKPOINT, choose_device(device)
        ):
            with (folder / LOG).open("ab") as log:
                log.write(msgspec.json.encode(report) + b"\n")
            yield report
    except torch.OutOfMemoryError as error:
        raise InputError(
            "optimisation.batch",
            f"of {recipe.optimisation.batch} does not fit in the GPU's memory; "
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
