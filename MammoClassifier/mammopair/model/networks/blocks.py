"""Building blocks of the networks: normalised convolutions, scaled widths, initial weights."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ConvNorm(nn.Module):
    """Convolution without bias, and batch normalisation.

    The layers are called ``conv`` and ``bn`` as in torchvision;
    :func:`~mammopair.model.batch_norm.fold_batch_norms` depends on these names.
    """

    def __init__(self, inputs: int, outputs: int, **convolution: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, bias=False, **convolution)  # type: ignore[arg-type]
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, inputs, h, w)`` to ``(n, outputs, h', w')``."""
        return self.bn(self.conv(x))


class ConvNormRelu(ConvNorm):
    """Convolution, batch normalisation and ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        """``(n, inputs, h, w)`` to ``(n, outputs, h', w')``."""
        return functional.relu(self.bn(self.conv(x)), inplace=True)


def check_stride(stride: int) -> None:
    """Check the stride of a network.

    Raises
    ------
    ValueError
        If it is neither 16 nor 32.
    """
    if stride not in (16, 32):
        raise ValueError(f"stride is {stride}; it must be 32 (the paper) or 16")


def scale_channels(channels: int, width: float) -> int:
    """Scale a channel count to the nearest multiple of eight, at least eight."""
    if width == 1.0:
        return channels
    return max(8, 8 * round(channels * width / 8))


def initialise(module: nn.Module) -> None:
    """Initialise a layer after He et al. (ICCV 2015), for networks with ReLU."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
