"""Cross-validate a recipe: train its members and predict the crops of each one's own fold.

Nothing is selected on the out-of-fold patients: the weight average of the last epoch predicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import nn

from mammopair import __version__
from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow, read_index
from mammopair.model.device import choose_device
from mammopair.model.inference import run_network_on_patches
from mammopair.progress import Progress
from mammopair_research.crossval.predictions import (
    Prediction,
    make_prediction,
    read_predictions,
    write_predictions,
)
from mammopair_research.crossval.run_description import (
    FILE,
    PREDICTIONS,
    CrossValidationRun,
    Predictor,
    processor_name,
    read_cross_validation,
    read_cross_validation_run,
    write_cross_validation_run,
)
from mammopair_research.datasets.folds import split_patients
from mammopair_research.datasets.training_data import TrainingData
from mammopair_research.training.checkpoint import load_trained_network
from mammopair_research.training.member_tasks import (
    CHECKPOINT,
    MemberTask,
    member_tasks,
    train_tasks,
)
from mammopair_research.training.network_cost import (
    count_multiply_adds,
    count_parameters,
    seconds_per_case,
)
from mammopair_research.training.recipe import Member, Recipe


def cross_validate(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    device: str = "auto",
    pool: Executor | None = None,
) -> Generator[Progress, None, CrossValidationRun]:
    """Train all members of a recipe and collect their out-of-fold predictions.

    ``run.json`` and ``predictions.csv`` in ``out`` are rewritten whenever a member is complete, so
    an interrupted run keeps them. The same call continues it, also if only these two files of the
    run still exist: members with predictions are not trained again.

    Parameters
    ----------
    recipe
        The settings.
    data
        A crop folder; see :mod:`mammopair.io.crop_folder`.
    out, device, pool
        As in :func:`mammopair_research.training.member_tasks.train_members`.

    Returns
    -------
    CrossValidationRun
        The contents of ``run.json``, as the generator's value.

    Raises
    ------
    InputError
        If the folder, an image or a checkpoint cannot be used, the patients cannot be divided, or
        ``out`` has the run of another recipe or other data.
    """
    rows = read_index(data)
    split_patients(rows, recipe.folds)  # raises before anything is trained
    run = describe_run(recipe, rows)
    check_same_run(run, out)
    tasks = member_tasks(recipe, data, out, device)
    restore_predictions(tasks, out)
    collected: list[MemberTask] = []
    remaining = [task for task in tasks if not is_predicted(task)]
    steps = train_tasks(remaining, pool=pool, follow_up=predict_out_of_fold_crops)
    try:
        for step in steps:
            yield step
            collected = collect_predictions(run, tasks, collected, out)
    finally:
        steps.close()
        collect_predictions(run, tasks, collected, out)
    timed = msgspec.structs.replace(
        read_cross_validation(out).run,
        seconds_per_case=seconds_per_case(recipe),
        machine=processor_name(),
    )
    write_cross_validation_run(timed, out)
    return timed


def check_same_run(run: CrossValidationRun, out: Path) -> None:
    """Raise if a folder has another run, whose predictions would be mixed with this one's.

    Title, description and the number of networks may differ.

    Raises
    ------
    InputError
        If the settings of the networks, the split or the data differ from ``run.json``.
    """
    if not (out / FILE).exists():
        return
    existing = read_cross_validation_run(out)
    common = min(len(existing.planned), len(run.planned))
    if (
        network_settings(existing) != network_settings(run)
        or existing.planned[:common] != run.planned[:common]
        or (existing.crops, existing.patients) != (run.crops, run.patients)
    ):
        raise InputError(
            out / FILE, "is of another recipe or other data; choose another output folder"
        )


def network_settings(run: CrossValidationRun) -> list[Any]:
    """Return the settings of a run's recipe that determine its networks, without folds and seeds.

    Empty for a recipe that this version cannot read.
    """
    try:
        recipe = msgspec.convert(run.recipe, Recipe)
    except msgspec.ValidationError:
        return []
    return [
        *(recipe.network, recipe.input, recipe.folds, recipe.augmentation, recipe.optimisation),
        recipe.concepts,
    ]


def restore_predictions(tasks: list[MemberTask], out: Path) -> None:
    """Write the predictions of members whose folders were deleted, from the run's table.

    Raises
    ------
    InputError
        If the run's files are damaged.
    """
    deleted = [task for task in tasks if not task.folder.exists()]
    if not deleted or not (out / FILE).exists():
        return
    existing: dict[tuple[int, int], list[Prediction]] = defaultdict(list)
    for row in read_cross_validation(out).predictions:
        existing[row.fold, row.seed].append(row)
    for task in deleted:
        if rows := existing[task.member.fold, task.member.seed]:
            task.folder.mkdir()
            write_predictions(task.folder / PREDICTIONS, rows)


def predict_out_of_fold_crops(task: MemberTask, data: TrainingData) -> None:
    """Write a trained member's predictions for its own fold, unless they exist.

    Raises
    ------
    InputError
        If the checkpoint is incomplete, or the file cannot be written.
    """
    if is_predicted(task):
        return
    recipe, member = task.recipe, task.member
    network = load_trained_network(recipe, task.folder / CHECKPOINT)
    indices = data.out_of_fold_rows(member.fold, recipe.optimisation.views)
    patches = data.batch(indices, torch.device("cpu")).numpy()
    try:
        network = network.to(choose_device(task.device))
        maps = run_network_on_patches(network, patches, recipe.input, flips=True).maps
    except torch.OutOfMemoryError:
        maps = run_network_on_patches(network.cpu(), patches, recipe.input, flips=True).maps
    linear: nn.Linear = network.fc  # type: ignore[assignment]
    logits = maps.mean(dim=(1, 2)) + linear.bias[0].double().cpu()
    write_predictions(
        task.folder / PREDICTIONS,
        [
            make_prediction(data.rows[index], fold=member.fold, seed=member.seed, logit=logit)
            for index, logit in zip(indices, logits.tolist(), strict=True)
        ],
    )


def is_predicted(task: MemberTask) -> bool:
    """Return whether a member's predictions exist and are not older than its checkpoint."""
    predictions, checkpoint = task.folder / PREDICTIONS, task.folder / CHECKPOINT
    if not predictions.exists() or not checkpoint.exists():
        return predictions.exists()
    return predictions.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns


def collect_predictions(
    run: CrossValidationRun, tasks: list[MemberTask], collected: list[MemberTask], out: Path
) -> list[MemberTask]:
    """Rewrite the run's two files if more members are complete; return the complete ones."""
    complete = [task for task in tasks if is_predicted(task)]
    if complete == collected:
        return complete
    predictions = [row for task in complete for row in read_predictions(task.folder / PREDICTIONS)]
    predictors = as_predictors([task.member for task in complete])
    write_predictions(out / PREDICTIONS, predictions)
    write_cross_validation_run(msgspec.structs.replace(run, predictors=predictors), out)
    return complete


def describe_run(recipe: Recipe, rows: list[CropRow]) -> CrossValidationRun:
    """Describe a run of which no member is complete."""
    network = recipe.network.build(1 + len(recipe.concepts)).eval()
    return CrossValidationRun(
        name=recipe.name,
        title=recipe.title or recipe.name,
        method=type(recipe.network).__struct_config__.tag,  # type: ignore[arg-type]
        views=recipe.optimisation.views,
        data=recipe.data,
        crops=len(rows),
        patients=len({row.patient_id for row in rows}),
        folds=recipe.folds.count,
        predictors=[],
        planned=as_predictors(recipe.members),
        reduced=describe_reduction(recipe),
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network, recipe.input.side),
        recipe=msgspec.to_builtins(recipe),
        software=f"mammopair {__version__}",
    )


def as_predictors(members: Sequence[Member]) -> list[Predictor]:
    """Return members as the predictors of ``run.json``."""
    return [Predictor(fold=member.fold, seed=member.seed) for member in members]


def describe_reduction(recipe: Recipe) -> str:
    """Return ``folds 0, 2 of 4 only`` if not all folds are predicted; else an empty string."""
    folds = sorted({member.fold for member in recipe.members})
    if len(folds) == recipe.folds.count:
        return ""
    return f"folds {', '.join(map(str, folds))} of {recipe.folds.count} only"
