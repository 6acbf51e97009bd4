"""How long a network takes for a case, as it is in use."""

from __future__ import annotations

import platform
import time
from pathlib import Path

import numpy as np
import torch

from mammopair.crop import PATCH_SIDE
from mammopair.model.batch_norm import fold_batch_norms
from mammopair.model.inference import run_network_on_patches
from mammopair_research.training.recipe import Recipe

ROUNDS = 5
"""The fastest counts, as other programs on the machine only ever slow it down."""


def seconds_per_case(recipe: Recipe) -> float:
    """Seconds for the views that a network reads of one mass, on one thread of the CPU.

    From patches to logits, four mirrorings each; without reading the file and cutting the patch,
    which are the same for all networks. Weights do not matter for it, so none are needed.
    """
    network = recipe.network.build(1 + len(recipe.concepts)).eval().requires_grad_(False)
    network = fold_batch_norms(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    patches = np.random.default_rng(0).random(
        (len(recipe.optimisation.views), PATCH_SIDE, PATCH_SIDE), np.float32
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for _ in range(1 + ROUNDS):
            began = time.perf_counter()
            run_network_on_patches(network, patches, recipe.input, flips=True)
            times.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(threads)
    return min(times[1:])


def processor_name() -> str:
    """What the processor calls itself, where the system tells."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
