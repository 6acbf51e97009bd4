"""A member's network as it is used for inference: evaluation mode, batch norms folded."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from mammopair.errors import InputError
from mammopair.model.batch_norm import fold_batch_norms
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.recipe import Recipe


def load_trained_network(recipe: Recipe, checkpoint: Path) -> nn.Module:
    """Build a recipe's network with the averaged weights of a checkpoint, on the CPU.

    Raises
    ------
    InputError
        If the checkpoint is incomplete or of another network.
    """
    network = recipe.network.build(1 + len(recipe.concepts))
    try:
        network.load_state_dict(averaged_weights(checkpoint))
    except RuntimeError as error:
        raise InputError(
            checkpoint, "is of another network than the recipe's; delete it to train again"
        ) from error
    return for_inference(network)


def for_inference(network: nn.Module) -> nn.Module:
    """Return a network in evaluation mode, without gradients, folded and channels-last."""
    folded = fold_batch_norms(network.eval().requires_grad_(False))
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
