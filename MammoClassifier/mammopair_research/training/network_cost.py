"""What a network costs: its parameters, and its multiply-adds an image."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Learned numbers; running statistics of batch norms are not learned."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def count_multiply_adds(network: nn.Module, side: int) -> int:
    """Of the convolutions and linear layers, for one image ``(1, 1, side, side)``.

    A multiplication and the addition after it count as one, as in the papers; norms, rectification
    and pooling count for nothing.
    """
    like = next(network.parameters())
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 1, side, side, dtype=like.dtype, device=like.device))
    return counter.get_total_flops() // 2
