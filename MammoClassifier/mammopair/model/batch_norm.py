"""Prepare a network for inference; fold batch normalisation into the preceding convolutions."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def prepare_for_inference(network: nn.Module) -> nn.Module:
    """Return a network in evaluation mode, without gradients, folded and channels-last."""
    folded = fold_batch_norms(network.eval().requires_grad_(False))
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Replace each ``conv`` followed by ``bn`` by one convolution, in place.

    The network must be in evaluation mode: the running statistics become part of the weights.
    """
    for module in network.modules():
        conv, norm = getattr(module, "conv", None), getattr(module, "bn", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            module.conv, module.bn = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return network
