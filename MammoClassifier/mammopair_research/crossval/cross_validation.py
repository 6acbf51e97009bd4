"""Cross-validate a recipe: train its members, and keep what each says of patients it never saw.

Nothing is chosen on the held-out patients: the last averaged weights of each member predict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from mammopair import __version__
from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow, read_index
from mammopair.model.batch_norm import fold_batch_norms
from mammopair.model.device import choose_device
from mammopair.model.inference import run_network_on_patches
from mammopair.progress import Progress
from mammopair_research.crossval.predictions import Prediction, read_predictions, write_predictions
from mammopair_research.crossval.run_description import (
    FILE,
    PREDICTIONS,
    CrossValidationRun,
    Predictor,
    read_cross_validation,
    read_cross_validation_run,
    write_cross_validation_run,
)
from mammopair_research.datasets.folds import split_patients
from mammopair_research.datasets.training_data import TrainingData
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.inference_time import processor_name, seconds_per_case
from mammopair_research.training.member_tasks import (
    CHECKPOINT,
    MemberTask,
    member_tasks,
    train_tasks,
)
from mammopair_research.training.network_cost import count_multiply_adds, count_parameters
from mammopair_research.training.recipe import Member, Recipe


def cross_validate(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    device: str = "auto",
    pool: Executor | None = None,
) -> Generator[Progress, None, CrossValidationRun]:
    """Train all members of a recipe and gather their held-out predictions.

    ``run.json`` and ``predictions.csv`` in ``out`` are written anew whenever a member is finished,
    so a run that is stopped leaves those that were. The same call goes on from there, also where
    only these two files were kept of a run: whoever is in them is not trained again.

    Parameters
    ----------
    data
        A folder of crops; see :mod:`mammopair.io.crop_folder`.
    out, device, pool
        As in :func:`mammopair_research.training.member_tasks.train_members`.

    Returns
    -------
    CrossValidationRun
        What ``run.json`` says, as the generator's value.

    Raises
    ------
    InputError
        If the folder, a picture or a checkpoint cannot be used, the patients cannot be divided, or
        ``out`` holds the run of another recipe or of other data.
    """
    rows = read_index(data)
    for member in {member.repeat: member for member in recipe.members}.values():
        split_patients(rows, recipe.split_of(member))  # refuse at once what would fail later
    run = describe_run(recipe, rows)
    check_same_run(run, out)
    tasks = member_tasks(recipe, data, out, device)
    restore_predictions(tasks, out)
    gathered: list[MemberTask] = []
    left = [task for task in tasks if not is_predicted(task)]
    steps = train_tasks(left, pool=pool, sequel=predict_held_out)
    try:
        for step in steps:
            yield step
            gathered = collect_predictions(run, tasks, gathered, out)
    finally:
        steps.close()
        collect_predictions(run, tasks, gathered, out)
    timed = msgspec.structs.replace(
        read_cross_validation(out).run,
        seconds_a_case=seconds_per_case(recipe),
        machine=processor_name(),
    )
    write_cross_validation_run(timed, out)
    return timed


def check_same_run(run: CrossValidationRun, out: Path) -> None:
    """Refuse a folder with another run, whose predictions would be gathered under this one's name.

    More or fewer networks, title and description may have changed since.

    Raises
    ------
    InputError
        If what decides a network, the split or the data is another than ``run.json`` says.
    """
    if not (out / FILE).exists():
        return
    held = read_cross_validation_run(out)
    both = min(len(held.planned), len(run.planned))
    if (
        deciding(held) != deciding(run)
        or held.planned[:both] != run.planned[:both]
        or (held.crops, held.patients) != (run.crops, run.patients)
    ):
        raise InputError(
            out / FILE, "is of another recipe or of other data; choose another output folder"
        )


def deciding(run: CrossValidationRun) -> list[Any]:
    """What of a run's recipe decides its networks, beside their folds and seeds.

    Of a recipe that this version cannot read, nothing.
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
    """Give each member what the run's ``predictions.csv`` has of it, where its folder is gone.

    Raises
    ------
    InputError
        If the run's files are damaged.
    """
    gone = [task for task in tasks if not task.folder.exists()]
    if not gone or not (out / FILE).exists():
        return
    kept: dict[tuple[int, int, int], list[Prediction]] = defaultdict(list)
    for row in read_cross_validation(out).predictions:
        kept[row.repeat, row.fold, row.seed].append(row)
    for task in gone:
        if rows := kept[task.member.repeat, task.member.fold, task.member.seed]:
            task.folder.mkdir()
            write_predictions(task.folder / PREDICTIONS, rows)


def predict_held_out(task: MemberTask, material: TrainingData) -> None:
    """Write what a trained member says of its fold, unless that is done already."""
    if is_predicted(task):
        return
    network = trained_network(task.recipe, task.folder / CHECKPOINT)
    places = held_out_by(task.recipe, task.member, material)
    patches = material.batch(places, torch.device("cpu")).numpy()
    spec = task.recipe.input
    try:
        network = network.to(choose_device(task.device))
        maps = run_network_on_patches(network, patches, spec, flips=True).maps
    except torch.OutOfMemoryError:
        maps = run_network_on_patches(network.cpu(), patches, spec, flips=True).maps
    linear: nn.Linear = network.fc  # type: ignore[assignment]
    logits = maps.mean(dim=(1, 2)) + linear.bias[0].double().cpu()
    write_predictions(
        task.folder / PREDICTIONS,
        [
            prediction(material.rows[place], task.member, logit)
            for place, logit in zip(places, logits.tolist(), strict=True)
        ],
    )


def held_out_by(recipe: Recipe, member: Member, material: TrainingData) -> npt.NDArray[np.int64]:
    """The rows that a member may predict: of its fold, and of a view that it was trained on."""
    wanted = np.array([row.view in recipe.optimisation.views for row in material.rows])
    return np.flatnonzero(wanted & (material.fold == member.fold))


def prediction(row: CropRow, member: Member, logit: float) -> Prediction:
    """A row of the table."""
    return Prediction(
        file=row.file,
        patient_id=row.patient_id,
        laterality=row.laterality,
        view=row.view,
        abnormality_id=row.abnormality_id,
        pair_id=row.pair_id,
        label=row.label,
        repeat=member.repeat,
        fold=member.fold,
        seed=member.seed,
        logit=logit,
    )


def trained_network(recipe: Recipe, checkpoint: Path) -> nn.Module:
    """A member as it is in use: averaged weights, evaluation, folded, channels last, on the CPU.

    Raises
    ------
    InputError
        If the checkpoint is not whole, or of another network.
    """
    network = recipe.network.build(1 + len(recipe.concepts))
    try:
        network.load_state_dict(averaged_weights(checkpoint))
    except RuntimeError as error:
        raise InputError(checkpoint, "holds another network than the recipe's") from error
    folded = fold_batch_norms(network.eval().requires_grad_(False))
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def is_predicted(task: MemberTask) -> bool:
    """Whether a member's predictions are there, and not older than its weights, if those are."""
    predictions, checkpoint = task.folder / PREDICTIONS, task.folder / CHECKPOINT
    if not predictions.exists() or not checkpoint.exists():
        return predictions.exists()
    return predictions.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns


def collect_predictions(
    run: CrossValidationRun, tasks: list[MemberTask], gathered: list[MemberTask], out: Path
) -> list[MemberTask]:
    """Write the run's two files if a member was finished since; give the finished ones."""
    finished = [task for task in tasks if is_predicted(task)]
    if finished == gathered:
        return finished
    predictions = [row for task in finished for row in read_predictions(task.folder / PREDICTIONS)]
    predictors = as_predictors([task.member for task in finished])
    write_predictions(out / PREDICTIONS, predictions)
    write_cross_validation_run(msgspec.structs.replace(run, predictors=predictors), out)
    return finished


def describe_run(recipe: Recipe, rows: list[CropRow]) -> CrossValidationRun:
    """The run before any member of it is finished."""
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
        reduced=what_is_left_out(recipe),
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network, recipe.input.side),
        recipe=msgspec.to_builtins(recipe),
        software=f"mammopair {__version__}",
    )


def as_predictors(members: Sequence[Member]) -> list[Predictor]:
    """Members as ``run.json`` names them."""
    return [Predictor(repeat=one.repeat, fold=one.fold, seed=one.seed) for one in members]


def what_is_left_out(recipe: Recipe) -> str:
    """``folds 0, 2 of 4 only`` where some fold is never held out; else empty."""
    folds = sorted({member.fold for member in recipe.members})
    if len(folds) == recipe.folds.count:
        return ""
    return f"folds {', '.join(map(str, folds))} of {recipe.folds.count} only"
