"""VGG, for one-channel input, with batch normalisation and no dense layers.

Source: Simonyan & Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*,
ICLR 2015, https://arxiv.org/abs/1409.1556, table 1. Departures:

- the two dense layers of 4096 units, which have most of the parameters, are replaced by a mean
  over the last feature maps and one linear layer, which make the class activation exact;
- batch normalisation after every convolution;
- dropout before the linear layer instead of the dense layers;
- all channel counts can be scaled together (``width``);
- the last pooling can preserve the resolution (``stride=16``).
"""

from __future__ import annotations

from torch import Tensor, nn

from mammopair.model.networks.blocks import (
    ConvNormRelu,
    check_stride,
    initialise,
    scale_channels,
)
from mammopair.model.networks.network import Network

CHANNELS = (64, 128, 256, 512, 512)
"""Channels of the five groups of 3x3 convolutions, each followed by a pooling."""
CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""Convolutions of each group, by the number of weight layers in the paper (columns A, B, D, E).
Three of the weight layers are dense in the paper; here one is left."""


class VGG(Network):
    """A column of table 1, from pixels to logits.

    Parameters
    ----------
    depth
        Weight layers of the published network: 11, 13, 16 or 19.
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
        depth: int = 16,
        classes: int = 1,
        width: float = 1.0,
        dropout: float = 0.5,
        stride: int = 32,
    ) -> None:
        super().__init__()
        check_stride(stride)
        one, two, three, four, five = (scale_channels(channels, width) for channels in CHANNELS)
        counts = CONVOLUTIONS[depth]

        self.group1 = convolutions(counts[0], 1, one)
        self.maxpool1 = nn.MaxPool2d(2, stride=2)
        self.group2 = convolutions(counts[1], one, two)
        self.maxpool2 = nn.MaxPool2d(2, stride=2)
        self.group3 = convolutions(counts[2], two, three)
        self.maxpool3 = nn.MaxPool2d(2, stride=2)
        self.group4 = convolutions(counts[3], three, four)
        self.maxpool4 = nn.MaxPool2d(2, stride=2)
        self.group5 = convolutions(counts[4], four, five)
        self.maxpool5 = (
            nn.MaxPool2d(2, stride=2) if stride == 32 else nn.MaxPool2d(3, stride=1, padding=1)
        )

        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(five, classes)
        self.apply(initialise)

    def features(self, images: Tensor) -> Tensor:
        """Compute the last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""
        x = self.maxpool1(self.group1(images))
        x = self.maxpool2(self.group2(x))
        x = self.maxpool3(self.group3(x))
        x = self.maxpool4(self.group4(x))
        return self.maxpool5(self.group5(x))


def convolutions(count: int, inputs: int, outputs: int) -> nn.Sequential:
    """Build a group of ``count`` 3x3 convolutions at one resolution."""
    into = [inputs] + [outputs] * (count - 1)
    return nn.Sequential(*(ConvNormRelu(i, outputs, kernel_size=3, padding=1) for i in into))
