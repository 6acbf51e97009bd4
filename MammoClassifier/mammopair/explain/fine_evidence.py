"""A signed evidence map of twice the class activation's resolution that adds up as exactly.

From an earlier block on, a network is convolutions, rectifications and maximum pooling: around
one image it is affine, and its logit is exactly

``sum(activation * gradient) + sum over later convolutions of sum(bias * gradient) + bias``

The first sum is over the block's activations (at the last block it is the class activation), the
second over the cells of each later convolution (Srinivas & Fleuret, NeurIPS 2019,
https://arxiv.org/abs/1905.00780). It departs from the publication in starting from the last
block on a finer grid instead of the pixels, whose gradient is noise, in keeping the sign, and in
staying in logits. What a later, coarser cell adds is spread evenly over the finer cells under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble


def fine_evidence(reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]) -> Steps:
    """The evidence on the grid of the last finer block; the boxes are not looked at."""
    import torch

    from mammopair.explain.differentiable_ensemble import GRADIENT_BATCH_SIZE

    chunks = torch.from_numpy(np.ascontiguousarray(patches)).split(GRADIENT_BATCH_SIZE)
    maps = []
    for number, chunk in enumerate(chunks):
        yield Progress(number, len(chunks), "Tracing the logit back to an earlier block")
        images = reader.inputs(chunk)
        turned = [
            np.flip(contributions(network, images.flip(axes)), axes)
            for network in reader.networks
            for axes in reader.flip_axes
        ]
        maps.append(reader.calibration.slope * np.mean(turned, axis=0))
    return Attribution(
        maps=np.concatenate(maps),
        logits=reader.logits(patches),
        offset=np.full(len(patches), reader.bias),
    )


def contributions(network: nn.Module, images: Tensor) -> Floats:
    """``(n, h, w)`` of images ``(n, 1, side, side)``: the mean is the logit without its bias."""
    import torch

    block = last_finer_block(network, images[:1])
    held: list[Tensor] = []
    """What each place adds to the network: the block's activations, then biases."""
    probes: list[Tensor] = []
    """Where the gradient of each is read off."""

    def at_block(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        held.append(output.detach())
        probes.append(output.detach().requires_grad_())
        return probes[-1].clone()  # a later layer may write into it

    def at_convolution(
        module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
    ) -> Tensor | None:
        bias = getattr(module, "bias", None)
        if not probes or bias is None:
            return None
        held.append(bias.detach()[None, :, None, None])
        probes.append(torch.zeros_like(output, requires_grad=True))
        return output + probes[-1]

    hooks = [
        module.register_forward_hook(at_convolution)
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    hooks.append(block.register_forward_hook(at_block))
    try:
        features = network.features(images.contiguous(memory_format=torch.channels_last))  # type: ignore[operator]
        logits = network.class_activation(features)[:, 0].mean(dim=(1, 2))  # type: ignore[operator]
        slopes = torch.autograd.grad(logits.sum(), probes)
    finally:
        for hook in hooks:
            hook.remove()

    side = probes[0].shape[-1]
    total = np.zeros((len(images), side, side))
    for part, slope in zip(held, slopes, strict=True):
        total += spread((part * slope).sum(dim=1).double().cpu().numpy(), side)
    return total


def spread(sums: Floats, side: int) -> Floats:
    """Cells ``(n, h, h)`` that sum to something, as ``(n, side, side)`` whose **mean** it is.

    A cell is spread evenly over the finer cells under it, in parts where it covers them in part.
    """
    cells = sums.shape[-1]
    fine, coarse = np.arange(side)[:, None] / side, np.arange(cells)[None] / cells
    shared = np.minimum(fine + 1 / side, coarse + 1 / cells) - np.maximum(fine, coarse)
    density = shared.clip(min=0) * side * cells
    return np.einsum("ai,nij,bj->nab", density, sums, density)


def last_finer_block(network: nn.Module, image: Tensor) -> nn.Module:
    """The last module of the network's main road whose output is finer than its features."""
    import torch

    seen: list[tuple[nn.Module, int]] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if output.ndim == 4:
            seen.append((module, output.shape[-1]))

    hooks = [module.register_forward_hook(note) for module in _main_road(network)]
    try:
        with torch.no_grad():
            cells = network.features(image).shape[-1]  # type: ignore[operator]
    finally:
        for hook in hooks:
            hook.remove()
    finer = [module for module, side in seen if side > cells]
    if not finer:
        raise ValueError("no block of this network has a finer grid than its features")
    return finer[-1]


def _main_road(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that the whole image passes through, one after the other."""
    from torch import nn

    for child in module.children():
        if isinstance(child, nn.Sequential):
            yield from _main_road(child)
        else:
            yield child
