"""What one network says of patches: every mirroring read, and the readings averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input

BATCH_SIZE = 64
"""Patches that go through a network at once; a longer call is cut, to bound the memory."""
FLIP_AXES: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes to flip: none, left-right, up-down, both."""


@dataclass(frozen=True)
class NetworkOutput:
    """What a network says of ``n`` patches, the mean over the mirrorings."""

    maps: Tensor
    """``(n, h, w)``: class activation for malignancy; its mean, plus the bias, is the logit."""
    pooled: Tensor
    """``(n, channels)``"""


@torch.inference_mode()
def prepare_inputs(
    patches: npt.NDArray[np.float32], spec: InputSpec, device: torch.device
) -> Tensor:
    """What all networks of an ensemble are fed, ``(n, 1, side, side)``, on a device.

    Parameters
    ----------
    patches
        ``(n, rows, rows)``, in [0, 1], bright where dense.
    spec
        The input that the networks were trained on.
    device
        Where the work is done and its result is.

    Raises
    ------
    torch.OutOfMemoryError
        If the device has too little memory.
    """
    if not len(patches):
        return torch.zeros(0, 1, spec.side, spec.side, device=device)
    chunks = torch.from_numpy(np.ascontiguousarray(patches)).split(BATCH_SIZE)
    return torch.cat([to_input(chunk.to(device), spec) for chunk in chunks])


@torch.inference_mode()
def run_network(network: nn.Module, images: Tensor, *, flips: bool) -> NetworkOutput:
    """Read prepared patches in chunks that fit in memory; in double precision, on the CPU.

    Parameters
    ----------
    network
        In evaluation mode, on its device, channels last.
    images
        Of :func:`prepare`, on any device.
    flips
        Whether all four mirrorings are read, or the patch as it is only.

    Raises
    ------
    torch.OutOfMemoryError
        If the device has too little memory for a chunk.
    """
    if not len(images):
        linear: nn.Linear = network.fc  # type: ignore[assignment]
        return NetworkOutput(torch.zeros(0, 1, 1), torch.zeros(0, linear.in_features))
    device = next(network.parameters()).device
    read = [
        run_network_chunk(network, chunk.to(device), flips=flips)
        for chunk in images.split(BATCH_SIZE)
    ]
    return NetworkOutput(
        torch.cat([part.maps for part in read]).double().cpu(),
        torch.cat([part.pooled for part in read]).double().cpu(),
    )


def run_network_on_patches(
    network: nn.Module, patches: npt.NDArray[np.float32], spec: InputSpec, *, flips: bool
) -> NetworkOutput:
    """Prepare patches for one network, on its device, and have it read them.

    The same as :func:`prepare`, then :func:`run_network`; where several networks read the same
    patches, prepare them once.
    """
    images = prepare_inputs(patches, spec, next(network.parameters()).device)
    return run_network(network, images, flips=flips)


def run_network_chunk(network: nn.Module, images: Tensor, *, flips: bool) -> NetworkOutput:
    """Read every mirroring of ``(n, 1, side, side)``, all at once and with its gradient.

    The maps are mirrored back before they are averaged.
    """
    mirrorings = FLIP_AXES if flips else FLIP_AXES[:1]
    batch = torch.cat([images.flip(axes) for axes in mirrorings])
    batch = batch.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cuda", torch.float16, enabled=images.device.type == "cuda"):
        features = network.features(batch).float()  # type: ignore[operator]
    maps = network.class_activation(features)[:, 0]  # type: ignore[operator]
    turned = [
        part.flip(axes) for part, axes in zip(maps.chunk(len(mirrorings)), mirrorings, strict=True)
    ]
    pooled = features.mean(dim=(2, 3)).chunk(len(mirrorings))
    return NetworkOutput(torch.stack(turned).mean(0), torch.stack(pooled).mean(0))
