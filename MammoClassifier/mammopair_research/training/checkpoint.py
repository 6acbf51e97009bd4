"""A training run on disk: everything needed to go on after an interruption, as safetensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mammopair.atomic_write import atomic_write_bytes
from mammopair.errors import InputError


@dataclass
class TrainingState:
    """What changes from step to step. Random draws are not part of it: epochs seed their own."""

    network: nn.Module
    average: nn.Module
    """The same network with the exponential average of the weights."""
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    """Epochs completed."""


def save_checkpoint(state: TrainingState, path: Path, stamp: str) -> None:
    """Write atomically: a kill at any time leaves this or the previous checkpoint whole.

    Raises
    ------
    InputError
        If it cannot be written; the previous checkpoint stays.
    """
    from safetensors.torch import save

    tensors = {f"network.{name}": tensor for name, tensor in state.network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in state.average.state_dict().items()}
    for index, moments in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in moments.items()}
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    content = save(contiguous, {"stamp": stamp, "epoch": str(state.epoch)})
    atomic_write_bytes(path, content)


def load_checkpoint(state: TrainingState, path: Path, stamp: str) -> None:
    """Bring a state to where a checkpoint left it; do nothing where there is none.

    Raises
    ------
    InputError
        If the checkpoint was made by another recipe or on other data.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return
    try:
        with safe_open(path, framework="pt") as archive:
            metadata = archive.metadata() or {}
            tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(path, f"is damaged ({error}); delete it to train anew") from error
    if metadata.get("stamp") != stamp:
        raise InputError(
            path, "was made by another recipe or on other data; choose another output folder"
        )
    state.network.load_state_dict(_part(tensors, "network."))
    state.average.load_state_dict(_part(tensors, "average."))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimiser.").items():
        index, moment = name.split(".", 1)
        moments.setdefault(int(index), {})[moment] = tensor
    state.optimiser.load_state_dict(state.optimiser.state_dict() | {"state": moments})
    state.epoch = int(metadata["epoch"])


def averaged_weights(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint, which are the member; no auxiliary classifiers.

    Raises
    ------
    InputError
        If the checkpoint is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = _part(load_file(path), "average.")
    except (OSError, SafetensorError) as error:
        raise InputError(path, f"is not a whole checkpoint ({error}); train the member") from error
    if not tensors:
        raise InputError(path, "is not a whole checkpoint, but other weights; train the member")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("aux")}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
