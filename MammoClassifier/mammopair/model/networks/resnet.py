"""ResNet, for one-channel input.

Source: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016,
https://arxiv.org/abs/1512.03385, table 1 and figure 5; shortcuts are option B, a projection where
the shape changes. Departures:

- optional dropout before the linear layer;
- all channel counts can be scaled together (``width``);
- the last stage can preserve the resolution of the preceding one (``stride=16``).

The published network already ends in a mean and one linear layer.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mammopair.model.networks.blocks import (
    ConvNorm,
    ConvNormRelu,
    check_stride,
    initialise,
    scale_channels,
)
from mammopair.model.networks.network import Network

CHANNELS = (64, 128, 256, 512)
"""Channels of the 3x3 convolutions of the four stages, conv2_x to conv5_x."""


class BasicBlock(nn.Module):
    """Figure 5, left: two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvNormRelu(inputs, channels, kernel_size=3, stride=stride, padding=1)
        self.conv2 = ConvNorm(channels, channels, kernel_size=3, padding=1)
        self.shortcut = shortcut(inputs, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, inputs, h, w)`` to ``(n, channels, h / stride, w / stride)``."""
        return functional.relu(self.conv2(self.conv1(x)) + self.shortcut(x), inplace=True)


class Bottleneck(nn.Module):
    """Figure 5, right: a 3x3 convolution between two 1x1, which reduce and restore the channels."""

    expansion = 4

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        outputs = channels * self.expansion
        self.conv1 = ConvNormRelu(inputs, channels, kernel_size=1, stride=stride)
        self.conv2 = ConvNormRelu(channels, channels, kernel_size=3, padding=1)
        self.conv3 = ConvNorm(channels, outputs, kernel_size=1)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, inputs, h, w)`` to ``(n, 4 * channels, h / stride, w / stride)``."""
        residual = self.conv3(self.conv2(self.conv1(x)))
        return functional.relu(residual + self.shortcut(x), inplace=True)


BLOCKS: dict[int, tuple[type[BasicBlock] | type[Bottleneck], tuple[int, int, int, int]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
}
"""Table 1: block type and number of blocks of each stage, by depth."""


class ResNet(Network):
    """A column of table 1, from pixels to logits.

    Parameters
    ----------
    depth
        Weight layers: 18, 34 or 50.
    classes
        Number of logits.
    width
        Multiplies every channel count.
    dropout
        Probability of dropping a pooled feature in training.
    stride
        Input pixels per cell of the last feature map: 32 as published, or 16.
    """

    def __init__(
        self,
        *,
        depth: int = 18,
        classes: int = 1,
        width: float = 1.0,
        dropout: float = 0.0,
        stride: int = 32,
    ) -> None:
        super().__init__()
        check_stride(stride)
        block, counts = BLOCKS[depth]
        two, three, four, five = (scale_channels(channels, width) for channels in CHANNELS)

        def stage(count: int, inputs: int, channels: int, step: int) -> nn.Sequential:
            rest = (block(channels * block.expansion, channels, 1) for _ in range(count - 1))
            return nn.Sequential(block(inputs, channels, step), *rest)

        self.conv1 = ConvNormRelu(1, two, kernel_size=7, stride=2, padding=3)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2_x = stage(counts[0], two, two, 1)
        self.conv3_x = stage(counts[1], two * block.expansion, three, 2)
        self.conv4_x = stage(counts[2], three * block.expansion, four, 2)
        self.conv5_x = stage(counts[3], four * block.expansion, five, 2 if stride == 32 else 1)

        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(five * block.expansion, classes)
        self.apply(initialise)

    def features(self, images: Tensor) -> Tensor:
        """Compute the last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""
        x = self.conv2_x(self.maxpool(self.conv1(images)))
        return self.conv5_x(self.conv4_x(self.conv3_x(x)))


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Build the shortcut: the identity, or a projection to the shape of the block's output."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return ConvNorm(inputs, outputs, kernel_size=1, stride=stride)
