"""Cascading weight randomisation: a map of what was learned must change with the weights.

Layers get random weights as before training, from the output towards the input. After each stage
the map is computed again and compared with that of the trained network by Spearman's rank
correlation of the relevances (the map times the sign of the network's own logit). A map that does
not change depends on the image, not on the network.

Each crop has its own random weights. One random network may agree with the trained one by chance,
so the mean over many crops must be near 0; the mean of the absolute correlation cannot be, and is
reported separately.

Source: Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018, arXiv 1810.03292.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

STAGES = {
    "classifier": 0.0,
    "upper third": 1 / 3,
    "upper two thirds": 2 / 3,
    "all layers": 1.0,
}
"""Fraction of the blocks below the classifier that are randomised with it."""


def randomise_model(
    model: DifferentiableEnsemble, fraction: float, seed: int
) -> DifferentiableEnsemble:
    """Return a copy whose networks have a random classifier and random blocks below it.

    Parameters
    ----------
    model
        The trained members.
    fraction
        Fraction of the blocks below the classifier to randomise, from the last, in [0, 1].
    seed
        Random seed. A larger fraction has the same weights as a smaller one in common blocks.
    """
    networks = tuple(
        randomise_network(deepcopy(network), fraction, seed + number)
        for number, network in enumerate(model.networks)
    )
    return replace(model, networks=networks)


def randomise_network(network: nn.Module, fraction: float, seed: int) -> nn.Module:
    """Randomise weights in place, from the output towards the input; return the network.

    Convolutions and linear layers after He et al. 2015, so that the scale of the signal is kept;
    biases are 0; batch norms, unless folded, are those of a new network.
    """
    blocks = [block for block in reversed(list(network.children())) if _has_weights(block)]
    classifier, *others = blocks
    generator = torch.Generator().manual_seed(seed)
    for block in [classifier, *others[: round(fraction * len(others))]]:
        for layer in block.modules():
            _randomise_layer(layer, generator)
    return network


@torch.no_grad()
def _randomise_layer(layer: nn.Module, generator: torch.Generator) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        weight = torch.empty(layer.weight.shape)
        nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.zero_()
    elif isinstance(layer, nn.BatchNorm2d):
        layer.reset_parameters()


def _has_weights(module: nn.Module) -> bool:
    return any(True for _ in module.parameters())
