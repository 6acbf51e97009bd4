"""Train one member, from a recipe and training data to weights, one epoch at a time."""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from mammopair_research.datasets.training_data import TrainingData
from mammopair_research.training.augmentation import augment
from mammopair_research.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from mammopair_research.training.descriptor_targets import descriptor_targets
from mammopair_research.training.precision import training_precision
from mammopair_research.training.recipe import Member, Optimisation, Recipe

if TYPE_CHECKING:
    from mammopair.model.networks.network import Network


@dataclass(frozen=True)
class EpochReport:
    """Summary of one epoch."""

    epoch: int
    """Completed epochs."""
    epochs: int
    """Epochs of the run."""
    loss: float
    """Mean loss of the epoch's augmented batches."""
    seconds: float


def fit_member(
    recipe: Recipe, member: Member, data: TrainingData, checkpoint: Path, device: torch.device
) -> Iterator[EpochReport]:
    """Train one member, or continue training it, and yield after each epoch.

    A checkpoint is written after each epoch. The same recipe, member, data, device and number of
    threads give the same weights, interrupted or not, since each epoch has its own random seed.
    Nothing is selected on the left-out fold: the member is the weight average of the last epoch.

    Parameters
    ----------
    recipe, member
        The settings, and the member to train.
    data
        The training data, divided into the recipe's folds.
    checkpoint
        File to continue from and to write.
    device
        Where to train.

    Raises
    ------
    InputError
        If the checkpoint is of another recipe or other data, is damaged or cannot be written.
    """
    settings = recipe.optimisation
    rows = data.training_rows(member.fold, settings.views)
    torch.manual_seed(member.seed)
    network = recipe.network.build(1 + len(recipe.concepts), training=True)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).eval().requires_grad_(False)
    state = TrainingState(network, average, make_optimiser(network, settings))
    fingerprint = fingerprint_of(recipe, member, data)
    load_checkpoint(state, checkpoint, fingerprint)

    while state.epoch < settings.epochs:
        start = time.monotonic()
        loss = run_epoch(state, recipe, member, data, rows, device)
        state.epoch += 1
        save_checkpoint(state, checkpoint, fingerprint)
        yield EpochReport(state.epoch, settings.epochs, loss, time.monotonic() - start)


def fingerprint_of(recipe: Recipe, member: Member, data: TrainingData) -> str:
    """Hash everything that determines a member's weights, to recognise its checkpoint."""
    sections: list[msgspec.Struct] = [recipe.network, recipe.input, recipe.folds]
    sections += [recipe.augmentation, recipe.optimisation, member]
    determining = [*(without_defaults(section) for section in sections), recipe.concepts]
    encoded = msgspec.json.encode([determining, data.rows])
    return hashlib.sha256(encoded + data.patches.tobytes()).hexdigest()


def without_defaults(section: msgspec.Struct) -> dict[str, object]:
    """Return the type of a recipe's table and the values that differ from the defaults.

    Compared by value: ``omit_defaults`` compares floats by identity, so a recipe sent to another
    process would be encoded differently. A new key with a default does not change the result.
    """
    values = {
        field.name: value
        for field in msgspec.structs.fields(section)
        if (value := getattr(section, field.name)) != field.default
    }
    return {"kind": type(section).__name__, **values}


def make_optimiser(network: nn.Module, settings: Optimisation) -> torch.optim.Optimizer:
    """Make an AdamW optimiser without weight decay for norms and biases (one-dimensional)."""
    parameters = list(network.parameters())
    decayed = [p for p in parameters if p.ndim > 1]
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=settings.peak_rate,
    )


def run_epoch(
    state: TrainingState,
    recipe: Recipe,
    member: Member,
    data: TrainingData,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> float:
    """Train on each row once; return the mean loss."""
    settings = recipe.optimisation
    seed = int(np.random.SeedSequence([member.seed, state.epoch]).generate_state(1)[0])
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    batches = np.array_split(order, math.ceil(len(order) / settings.batch))
    targets = smooth_targets(data, recipe)
    precision = training_precision(device)

    state.network.train()
    losses = []
    for number, batch in enumerate(batches):
        progress = (state.epoch + number / len(batches)) / settings.epochs
        for group in state.optimiser.param_groups:
            group["lr"] = learning_rate(progress, settings)
        images = augment(
            data.batch(batch, device), recipe.augmentation, recipe.input.side, generator
        )
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, precision, enabled=precision is not None):
            loss = batch_loss(state.network, images, targets[batch].to(device), settings)  # type: ignore[arg-type]
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        state.optimiser.step()
        update_average(state.average, state.network, settings.average)
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def smooth_targets(data: TrainingData, recipe: Recipe) -> Tensor:
    """Return ``(n, 1 + descriptors)``: malignancy and descriptors, smoothed, NaN if unknown."""
    descriptors = descriptor_targets(data.rows, recipe.concepts).reshape(len(data.rows), -1)
    targets = torch.cat([data.labels[:, None], torch.from_numpy(descriptors)], 1)
    smoothing = recipe.optimisation.label_smoothing
    return targets * (1 - smoothing) + smoothing / 2


def batch_loss(network: Network, images: Tensor, targets: Tensor, settings: Optimisation) -> Tensor:
    """Compute the classifier's loss, plus the weighted losses of auxiliary classifiers."""
    main, *auxiliaries = network.forward_with_auxiliaries(images)
    loss = multi_task_loss(main, targets, settings)
    for logits in auxiliaries:
        loss = loss + settings.auxiliary_weight * multi_task_loss(logits, targets, settings)
    return loss


def multi_task_loss(logits: Tensor, targets: Tensor, settings: Optimisation) -> Tensor:
    """Compute the cross-entropy of malignancy, plus the weighted mean over known descriptors."""
    known = ~targets.isnan()
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), targets.nan_to_num(), reduction="none"
    )
    malignancy, descriptors = loss[:, 0].mean(), loss[:, 1:][known[:, 1:]]
    if not len(descriptors):
        return malignancy
    return malignancy + settings.concept_weight * descriptors.mean()


def learning_rate(progress: float, settings: Optimisation) -> float:
    """Compute the learning rate of the one-cycle schedule at a progress in [0, 1].

    ``rate = peak * (1 - cos(pi * t)) / 2`` with ``t`` from 0 to 1 in the warm-up and back to 0
    after it.
    """
    if progress < settings.warm_up:
        part = progress / settings.warm_up
    else:
        part = 1 - (progress - settings.warm_up) / (1 - settings.warm_up)
    return settings.peak_rate * max(1e-3, (1 - math.cos(math.pi * part)) / 2)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Set ``average <- decay * average + (1 - decay) * network``, running statistics included."""
    averaged, current = average.state_dict(), network.state_dict()
    names = [name for name, tensor in averaged.items() if tensor.is_floating_point()]
    torch._foreach_lerp_([averaged[n] for n in names], [current[n] for n in names], 1 - decay)
