"""Cascading weight randomisation: a map of what was learned must go when what was learned goes.

Layers get fresh weights, as before training, from the output towards the input; after each stage
the map is drawn anew and compared with that of the trained network by Spearman's rank
correlation of the relevances (the map times the sign of its own network's logit). A map that
survives shows the picture, not the network.

Each picture gets weights of its own draw. One random network may by chance agree with the
trained one, so it is the mean over many draws that must vanish; the mean of the absolute
correlation cannot, and is given beside it.

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
"""The part of the layers beneath the classifier that are randomised with it."""


def randomised(reader: DifferentiableEnsemble, part: float, seed: int) -> DifferentiableEnsemble:
    """A copy of a reader whose networks have forgotten the classifier and some layers beneath it.

    Parameters
    ----------
    part
        Of the blocks beneath the classifier, from the last down, in [0, 1].
    seed
        Of the draw. A larger part keeps what a smaller one drew.
    """
    networks = tuple(
        randomise(deepcopy(network), part, seed + number)
        for number, network in enumerate(reader.networks)
    )
    return replace(reader, networks=networks)


def randomise(network: nn.Module, part: float, seed: int) -> nn.Module:
    """Draw weights anew, in place, from the output towards the input; gives the network back.

    Convolutions as He et al. 2015 have it, so that the signal keeps its strength on its way;
    biases become 0, batch norms, where they are not folded away, those of a new network.
    """
    blocks = [block for block in reversed(list(network.children())) if _has_weights(block)]
    classifier, *beneath = blocks
    generator = torch.Generator().manual_seed(seed)
    for block in [classifier, *beneath[: round(part * len(beneath))]]:
        for layer in block.modules():
            _draw_anew(layer, generator)
    return network


@torch.no_grad()
def _draw_anew(layer: nn.Module, generator: torch.Generator) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        fresh = torch.empty(layer.weight.shape)
        nn.init.kaiming_normal_(fresh, nonlinearity="relu", generator=generator)
        layer.weight.copy_(fresh)
        if layer.bias is not None:
            layer.bias.zero_()
    elif isinstance(layer, nn.BatchNorm2d):
        layer.reset_parameters()


def _has_weights(module: nn.Module) -> bool:
    return any(True for _ in module.parameters())
