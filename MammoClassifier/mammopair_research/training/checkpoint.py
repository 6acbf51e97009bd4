"""Checkpoint: the state of a member's training on disk, as safetensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mammopair.atomic_write import atomic_write_bytes
from mammopair.errors import InputError
from mammopair.model.batch_norm import prepare_for_inference
from mammopair_research.training.recipe import Recipe


@dataclass
class TrainingState:
    """What changes from step to step. The random state is not included: each epoch is seeded."""

    network: nn.Module
    average: nn.Module
    """The same network with the exponential average of the weights."""
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    """Completed epochs."""


def save_checkpoint(state: TrainingState, path: Path, fingerprint: str) -> None:
    """Write a checkpoint, or leave the previous one unchanged if that fails.

    Parameters
    ----------
    state
        The state to save.
    path
        The file.
    fingerprint
        Hash of the settings and the data; see
        :func:`mammopair_research.training.member_fit.fingerprint_of`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {f"network.{name}": tensor for name, tensor in state.network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in state.average.state_dict().items()}
    for index, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in moments.items()}
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    atomic_write_bytes(path, save(contiguous, {"stamp": fingerprint, "epoch": str(state.epoch)}))


def load_checkpoint(state: TrainingState, path: Path, fingerprint: str) -> None:
    """Restore a state from a checkpoint; leave it unchanged if there is none.

    Raises
    ------
    InputError
        If the checkpoint is damaged or its fingerprint is a different one.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return
    try:
        with safe_open(path, framework="pt") as archive:
            metadata = archive.metadata() or {}
            tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(path, f"is damaged ({error}); delete it to train again") from error
    if metadata.get("stamp") != fingerprint:
        raise InputError(
            path, "was made with another recipe or other data; choose another output folder"
        )
    state.network.load_state_dict(_with_prefix(tensors, "network."))
    state.average.load_state_dict(_with_prefix(tensors, "average."))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _with_prefix(tensors, "optimiser.").items():
        index, moment = name.split(".", 1)
        moments.setdefault(int(index), {})[moment] = tensor
    state.optimiser.load_state_dict(state.optimiser.state_dict() | {"state": moments})
    state.epoch = int(metadata["epoch"])


def averaged_weights(path: Path) -> dict[str, Tensor]:
    """Read the averaged weights of a checkpoint, without auxiliary classifiers.

    Raises
    ------
    InputError
        If the checkpoint is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = _with_prefix(load_file(path), "average.")
    except (OSError, SafetensorError) as error:
        raise InputError(
            path, f"is not a complete checkpoint ({error}); train the member again"
        ) from error
    if not tensors:
        raise InputError(
            path, "is not a checkpoint but has other weights; delete it and train the member again"
        )
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("aux")}


def load_trained_network(recipe: Recipe, path: Path) -> nn.Module:
    """Build a recipe's network with the averaged weights of a checkpoint, for inference on the CPU.

    Raises
    ------
    InputError
        If the checkpoint is incomplete or of another network.
    """
    network = recipe.network.build(1 + len(recipe.concepts))
    try:
        network.load_state_dict(averaged_weights(path))
    except RuntimeError as error:
        raise InputError(
            path, "is of another network than the recipe's; delete it to train again"
        ) from error
    return prepare_for_inference(network)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
