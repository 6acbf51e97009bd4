"""Exact signed evidence on the grid of an earlier block, twice as fine as the class activation.

From an earlier block on, a network consists of convolutions, ReLUs and max pooling. Around one
image it is an affine function, and its logit is exactly

``sum(activation * gradient) + sum over later convolutions of sum(bias * gradient) + bias``

The first sum is over the activations of the block (for the last block it is the class activation),
the second over the cells of each later convolution (Srinivas & Fleuret, NeurIPS 2019,
https://arxiv.org/abs/1905.00780). It departs from the publication in three ways: it starts from
the last block with a finer grid instead of from the pixels, whose gradient is noisy; it keeps the
sign; and it is in logits. The contribution of a later, coarser cell is distributed evenly over the
finer cells within it.
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


def fine_evidence(model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]) -> Steps:
    """Compute the maps on the grid of the last finer block; the boxes are not used."""
    import torch

    from mammopair.explain.differentiable_ensemble import GRADIENT_BATCH_SIZE

    batches = torch.from_numpy(np.ascontiguousarray(patches)).split(GRADIENT_BATCH_SIZE)
    maps = []
    for number, batch in enumerate(batches):
        yield Progress(number, len(batches), "Computing the evidence of an earlier block")
        images = model.inputs(batch)
        flipped_back = [
            np.flip(contributions(network, images.flip(axes)), axes)
            for network in model.networks
            for axes in model.flip_axes
        ]
        maps.append(model.calibration.slope * np.mean(flipped_back, axis=0))
    return Attribution(
        maps=np.concatenate(maps),
        logits=model.logits(patches),
        offset=np.full(len(patches), model.bias),
    )


def contributions(network: nn.Module, images: Tensor) -> Floats:
    """Compute maps ``(n, h, w)``, whose mean is the logit without its bias.

    Parameters
    ----------
    network
        In evaluation mode, batch norms folded.
    images
        ``(n, 1, side, side)``, prepared.
    """
    import torch

    block = last_finer_block(network, images[:1])
    terms: list[Tensor] = []
    """Factors of the gradients: the activations of the block, then the biases."""
    probes: list[Tensor] = []
    """Tensors at which the gradients are taken."""

    def at_block(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        terms.append(output.detach())
        probes.append(output.detach().requires_grad_())
        return probes[-1].clone()  # a later layer may change it in place

    def at_convolution(
        module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
    ) -> Tensor | None:
        bias = getattr(module, "bias", None)
        if not probes or bias is None:
            return None
        terms.append(bias.detach()[None, :, None, None])
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
        gradients = torch.autograd.grad(logits.sum(), probes)
    finally:
        for hook in hooks:
            hook.remove()

    side = probes[0].shape[-1]
    total = np.zeros((len(images), side, side))
    for term, gradient in zip(terms, gradients, strict=True):
        total += distribute((term * gradient).sum(dim=1).double().cpu().numpy(), side)
    return total


def distribute(sums: Floats, side: int) -> Floats:
    """Distribute cells ``(n, h, h)`` over ``(n, side, side)``, whose **mean** is their sum.

    A cell is distributed evenly over the finer cells that it covers, in proportion to the overlap.
    """
    cells = sums.shape[-1]
    fine, coarse = np.arange(side)[:, None] / side, np.arange(cells)[None] / cells
    overlap = np.minimum(fine + 1 / side, coarse + 1 / cells) - np.maximum(fine, coarse)
    density = overlap.clip(min=0) * side * cells
    return np.einsum("ai,nij,bj->nab", density, sums, density)


def last_finer_block(network: nn.Module, image: Tensor) -> nn.Module:
    """Return the last block whose output has a finer grid than the network's features.

    Raises
    ------
    ValueError
        If there is none.
    """
    import torch

    sides: list[tuple[nn.Module, int]] = []

    def record_side(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if output.ndim == 4:
            sides.append((module, output.shape[-1]))

    hooks = [module.register_forward_hook(record_side) for module in _sequential_modules(network)]
    try:
        with torch.no_grad():
            cells = network.features(image).shape[-1]  # type: ignore[operator]
    finally:
        for hook in hooks:
            hook.remove()
    finer = [module for module, side in sides if side > cells]
    if not finer:
        raise ValueError("no block of this network has a finer grid than its features")
    return finer[-1]


def _sequential_modules(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the modules that are applied one after the other, without those inside a block."""
    from torch import nn

    for child in module.children():
        if isinstance(child, nn.Sequential):
            yield from _sequential_modules(child)
        else:
            yield child
