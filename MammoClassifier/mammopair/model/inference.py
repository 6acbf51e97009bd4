"""Inference with one network: preparation of its inputs, and test-time augmentation by flips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input

BATCH_SIZE = 64
"""Maximum number of patches in one forward pass, to limit the memory."""
FLIP_AXES: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes of the four flips: none, left-right, up-down, both."""


@dataclass(frozen=True)
class NetworkOutput:
    """Outputs of a network for ``n`` patches, averaged over the flips."""

    maps: Tensor
    """``(n, h, w)``: class activation for malignancy; its mean plus the bias is the logit."""
    pooled: Tensor
    """``(n, channels)``: pooled features."""


@torch.inference_mode()
def prepare_inputs(
    patches: npt.NDArray[np.float32], spec: InputSpec, device: torch.device
) -> Tensor:
    """Compute the inputs of the networks, which all members of an ensemble share.

    Parameters
    ----------
    patches
        ``(n, rows, rows)``, in [0, 1], bright where dense.
    spec
        Input that the networks were trained with.
    device
        Device of the computation and of the result.

    Returns
    -------
    Tensor
        ``(n, 1, side, side)``

    Raises
    ------
    torch.OutOfMemoryError
        If the device does not have enough memory.
    """
    if not len(patches):
        return torch.zeros(0, 1, spec.side, spec.side, device=device)
    batches = torch.from_numpy(np.ascontiguousarray(patches)).split(BATCH_SIZE)
    return torch.cat([to_input(batch.to(device), spec) for batch in batches])


@torch.inference_mode()
def run_network(network: nn.Module, images: Tensor, *, flips: bool) -> NetworkOutput:
    """Run a network on prepared images, in batches that fit in memory.

    Parameters
    ----------
    network
        In evaluation mode, on its device, channels last.
    images
        Result of :func:`prepare_inputs`, on any device.
    flips
        Whether to average the four flips, or to run the images as they are.

    Returns
    -------
    NetworkOutput
        In double precision, on the CPU.

    Raises
    ------
    torch.OutOfMemoryError
        If the device does not have enough memory for a batch.
    """
    if not len(images):
        linear: nn.Linear = network.fc  # type: ignore[assignment]
        return NetworkOutput(torch.zeros(0, 1, 1), torch.zeros(0, linear.in_features))
    device = next(network.parameters()).device
    outputs = [
        run_network_batch(network, batch.to(device), flips=flips)
        for batch in images.split(BATCH_SIZE)
    ]
    return NetworkOutput(
        torch.cat([output.maps for output in outputs]).double().cpu(),
        torch.cat([output.pooled for output in outputs]).double().cpu(),
    )


def run_network_on_patches(
    network: nn.Module, patches: npt.NDArray[np.float32], spec: InputSpec, *, flips: bool
) -> NetworkOutput:
    """Prepare patches on the network's device and run it: :func:`prepare_inputs`, `run_network`."""
    images = prepare_inputs(patches, spec, next(network.parameters()).device)
    return run_network(network, images, flips=flips)


def run_network_batch(network: nn.Module, images: Tensor, *, flips: bool) -> NetworkOutput:
    """Run a network on all flips of ``(n, 1, side, side)`` at once; differentiable.

    The maps are flipped back before they are averaged.
    """
    flip_axes = FLIP_AXES if flips else FLIP_AXES[:1]
    batch = torch.cat([images.flip(axes) for axes in flip_axes])
    batch = batch.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cuda", torch.float16, enabled=images.device.type == "cuda"):
        features = network.features(batch).float()  # type: ignore[operator]
    maps = network.class_activation(features)[:, 0]  # type: ignore[operator]
    flipped_back = [
        part.flip(axes) for part, axes in zip(maps.chunk(len(flip_axes)), flip_axes, strict=True)
    ]
    pooled = features.mean(dim=(2, 3)).chunk(len(flip_axes))
    return NetworkOutput(torch.stack(flipped_back).mean(0), torch.stack(pooled).mean(0))
