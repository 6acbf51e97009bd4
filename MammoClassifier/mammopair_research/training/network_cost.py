"""Cost of a network: parameters, multiply-adds and inference time."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mammopair.crop import PATCH_SIDE
from mammopair.model.batch_norm import prepare_for_inference
from mammopair.model.inference import run_network_on_patches
from mammopair_research.training.recipe import Recipe

ROUNDS = 5
"""Timed runs; the fastest counts, since other programs can only slow a run down."""


def count_parameters(network: nn.Module) -> int:
    """Count the trained numbers, without the running statistics of batch norms."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def count_multiply_adds(network: nn.Module, side: int) -> int:
    """Count the multiply-adds of convolutions and linear layers for one image.

    A multiplication and the addition after it count as one, as in the papers; norms, activations
    and pooling are not counted.

    Parameters
    ----------
    network
        In evaluation mode.
    side
        Rows and columns of the image.
    """
    like = next(network.parameters())
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 1, side, side, dtype=like.dtype, device=like.device))
    return counter.get_total_flops() // 2


def seconds_per_case(recipe: Recipe) -> float:
    """Measure the seconds for the views that a network reads of one lesion, on one CPU thread.

    From patches to logits, with four mirrored copies each; without reading the file and cutting
    the patch, which are the same for all networks. The weights are random, as they do not affect
    the time.
    """
    network = prepare_for_inference(recipe.network.build(1 + len(recipe.concepts)))
    patches = np.random.default_rng(0).random(
        (len(recipe.optimisation.views), PATCH_SIDE, PATCH_SIDE), np.float32
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for _ in range(1 + ROUNDS):
            start = time.perf_counter()
            run_network_on_patches(network, patches, recipe.input, flips=True)
            times.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return min(times[1:])  # the first run includes initialisation
