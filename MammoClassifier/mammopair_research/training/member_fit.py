"""Fit one member: from a recipe and crops to weights, an epoch at a time."""

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

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input
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
    """What one epoch gave."""

    epoch: int
    """Epochs completed."""
    epochs: int
    loss: float
    """Mean over the epoch's augmented batches."""
    seconds: float


def fit_member(
    recipe: Recipe, member: Member, material: TrainingData, checkpoint: Path, device: torch.device
) -> Iterator[EpochReport]:
    """Train one member, or go on training it, and yield after each epoch.

    The checkpoint is written after each epoch. The same recipe, member, material, device and
    number of threads give the same weights, whether interrupted or not: each epoch seeds its own
    draws. No choice is made on the held-out fold: the last averaged weights are the member.
    """
    how = recipe.optimisation
    rows = training_rows(recipe, member, material)
    torch.manual_seed(member.seed)
    network = recipe.network.build(1 + len(recipe.concepts), training=True)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).eval().requires_grad_(False)
    state = TrainingState(network, average, make_optimiser(network, how))
    stamp = fingerprint_of(recipe, member, material)
    load_checkpoint(state, checkpoint, stamp)

    while state.epoch < how.epochs:
        began = time.monotonic()
        loss = run_epoch(state, recipe, member, material, rows, device)
        state.epoch += 1
        save_checkpoint(state, checkpoint, stamp)
        yield EpochReport(state.epoch, how.epochs, loss, time.monotonic() - began)


def fingerprint_of(recipe: Recipe, member: Member, material: TrainingData) -> str:
    """A hash of all that decides a member's weights, so that no other run's are taken for its."""
    sections: list[msgspec.Struct] = [recipe.network, recipe.input, recipe.folds]
    sections += [recipe.augmentation, recipe.optimisation, member]
    deciding = [*(beyond_defaults(section) for section in sections), recipe.concepts]
    said = msgspec.json.encode([deciding, material.rows])
    return hashlib.sha256(said + material.patches.tobytes()).hexdigest()


def beyond_defaults(section: msgspec.Struct) -> dict[str, object]:
    """What a table of a recipe says that its defaults do not, and what kind it is.

    By value: ``omit_defaults`` tells floats apart by identity, so a recipe that was sent to another
    process would be encoded otherwise. New keys with a default change no stamp.
    """
    said = {
        field.name: value
        for field in msgspec.structs.fields(section)
        if (value := getattr(section, field.name)) != field.default
    }
    return {"kind": type(section).__name__, **said}


def training_rows(recipe: Recipe, member: Member, material: TrainingData) -> npt.NDArray[np.int64]:
    """The rows that a member is trained on: its views, in every fold but its own."""
    wanted = np.array([row.view in recipe.optimisation.views for row in material.rows])
    return np.flatnonzero(wanted & (material.fold != member.fold))


def make_optimiser(network: nn.Module, how: Optimisation) -> torch.optim.Optimizer:
    """AdamW; norms and biases, the parameters of one dimension, do not decay."""
    parameters = list(network.parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": how.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=how.peak_rate,
    )


def run_epoch(
    state: TrainingState,
    recipe: Recipe,
    member: Member,
    material: TrainingData,
    rows: npt.NDArray[np.int64],
    device: torch.device,
) -> float:
    """One pass over the rows in batches; the mean loss."""
    how = recipe.optimisation
    seed = int(np.random.SeedSequence([member.seed, state.epoch]).generate_state(1)[0])
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    batches = np.array_split(order, math.ceil(len(order) / how.batch))
    targets = smooth_targets(material, recipe)
    precision = training_precision(device)

    state.network.train()
    losses = []
    for number, batch in enumerate(batches):
        progress = (state.epoch + number / len(batches)) / how.epochs
        for group in state.optimiser.param_groups:
            group["lr"] = learning_rate(progress, how)
        images = augment(
            material.batch(batch, device), recipe.augmentation, recipe.input.side, generator
        )
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, precision, enabled=precision is not None):
            loss = batch_loss(state.network, images, targets[batch].to(device), how)  # type: ignore[arg-type]
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        state.optimiser.step()
        update_average(state.average, state.network, how.average)
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def smooth_targets(material: TrainingData, recipe: Recipe) -> Tensor:
    """``(n, 1 + concepts)``: malignancy, then the words; pulled towards 1/2, NaN where unknown."""
    words = descriptor_targets(material.rows, recipe.concepts).reshape(len(material.rows), -1)
    targets = torch.cat([material.labels[:, None], torch.from_numpy(words)], 1)
    smoothing = recipe.optimisation.label_smoothing
    return targets * (1 - smoothing) + smoothing / 2


def batch_loss(network: Network, images: Tensor, targets: Tensor, how: Optimisation) -> Tensor:
    """The classifier's loss, plus the auxiliary classifiers' where there are."""
    main, *auxiliaries = network.forward_with_auxiliaries(images)
    loss = multi_task_loss(main, targets, how)
    for logits in auxiliaries:
        loss = loss + how.auxiliary_weight * multi_task_loss(logits, targets, how)
    return loss


def multi_task_loss(logits: Tensor, targets: Tensor, how: Optimisation) -> Tensor:
    """Binary cross-entropy of malignancy, plus the weighted mean over the words that are known."""
    known = ~targets.isnan()
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), targets.nan_to_num(), reduction="none"
    )
    malignancy, words = loss[:, 0].mean(), loss[:, 1:][known[:, 1:]]
    return malignancy + how.concept_weight * words.mean() if len(words) else malignancy


def learning_rate(progress: float, how: Optimisation) -> float:
    """One cycle: a cosine up to the peak, then a cosine down to nothing.

    ``rate = peak * (1 - cos(pi * t)) / 2`` with ``t`` from 0 to 1 in the warm-up and back after it.
    """
    if progress < how.warm_up:
        part = progress / how.warm_up
    else:
        part = 1 - (progress - how.warm_up) / (1 - how.warm_up)
    return how.peak_rate * max(1e-3, (1 - math.cos(math.pi * part)) / 2)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """``average <- decay * average + (1 - decay) * network``, running statistics included."""
    ours, theirs = average.state_dict(), network.state_dict()
    names = [name for name, tensor in ours.items() if tensor.is_floating_point()]
    torch._foreach_lerp_([ours[n] for n in names], [theirs[n] for n in names], 1 - decay)


@torch.inference_mode()
def plain_logits(network: Network, patches: Tensor, spec: InputSpec, batch: int = 64) -> Tensor:
    """Logits ``(n,)`` of patches ``(n, rows, rows)``, no augmentation, for watching a run."""
    return torch.cat(
        [
            network.classify(network.features(to_input(part, spec)))[:, 0]
            for part in patches.split(batch)
        ]
    )
