"""GoogLeNet (Inception v1), for one-channel input, with batch normalisation.

Source: Szegedy et al., *Going Deeper with Convolutions*, CVPR 2015,
https://arxiv.org/abs/1409.4842, table 1. Departures from it, each common today:

- batch normalisation after every convolution, whose bias is then redundant;
- no local response normalisation, which batch normalisation replaces;
- all channel counts can be scaled together (``width``), for a *lightweight* network;
- the last pooling can preserve the resolution (``stride=16``), which doubles the resolution of
  the class-activation maps at the cost of a fifth more operations and no parameters;
- the auxiliary classifiers are built only for training (``auxiliary=True``).

Parameter names and shapes are those of torchvision's ``googlenet``, apart from the one-channel
first convolution.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mammopair.model.networks.blocks import (
    ConvNormRelu,
    check_stride,
    initialise,
    scale_channels,
)
from mammopair.model.networks.network import Network


class Widths(NamedTuple):
    """Output channels of the six convolutions of an Inception block, in the order of table 1."""

    one: int
    """#1x1"""
    reduce_three: int
    """#3x3 reduce"""
    three: int
    """#3x3"""
    reduce_five: int
    """#5x5 reduce"""
    five: int
    """#5x5"""
    pooled: int
    """pool proj"""

    @property
    def out(self) -> int:
        """Channels of the concatenated output."""
        return self.one + self.three + self.five + self.pooled

    def scaled(self, width: float) -> Widths:
        """Return the block at another width; every count is a multiple of eight."""
        return Widths(*(scale_channels(channels, width) for channels in self))


TABLE_1 = {
    "3a": Widths(64, 96, 128, 16, 32, 32),
    "3b": Widths(128, 128, 192, 32, 96, 64),
    "4a": Widths(192, 96, 208, 16, 48, 64),
    "4b": Widths(160, 112, 224, 24, 64, 64),
    "4c": Widths(128, 128, 256, 24, 64, 64),
    "4d": Widths(112, 144, 288, 32, 64, 64),
    "4e": Widths(256, 160, 320, 32, 128, 128),
    "5a": Widths(256, 160, 320, 32, 128, 128),
    "5b": Widths(384, 192, 384, 48, 128, 128),
}


class GoogLeNet(Network):
    """The network of table 1, from pixels to one logit per class.

    Parameters
    ----------
    classes
        Number of logits. One, with a sigmoid, is a benign/malignant classifier.
    width
        Multiplies every channel count; 1.0 is the published network.
    dropout
        Probability of dropping a pooled feature in training.
    five
        Kernel size of the branch called "5x5": 5 as published, or 3 as in torchvision, where it is
        a known deviation (pytorch/vision issue 906).
    stride
        Input pixels per cell of the last feature map: 32 as published, or 16.
    auxiliary
        Whether to build the two auxiliary classifiers, which are used in training only.
    """

    def __init__(
        self,
        *,
        classes: int = 1,
        width: float = 1.0,
        dropout: float = 0.4,
        five: int = 5,
        stride: int = 32,
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        if five not in (3, 5):
            raise ValueError(f"five is {five}; it must be 5 (the paper) or 3 (torchvision)")
        check_stride(stride)
        block = {name: widths.scaled(width) for name, widths in TABLE_1.items()}
        stem, second = scale_channels(64, width), scale_channels(192, width)

        self.conv1 = ConvNormRelu(1, stem, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = ConvNormRelu(stem, stem, kernel_size=1)
        self.conv3 = ConvNormRelu(stem, second, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)

        self.inception3a = Inception(second, block["3a"], five)
        self.inception3b = Inception(block["3a"].out, block["3b"], five)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)

        self.inception4a = Inception(block["3b"].out, block["4a"], five)
        self.inception4b = Inception(block["4a"].out, block["4b"], five)
        self.inception4c = Inception(block["4b"].out, block["4c"], five)
        self.inception4d = Inception(block["4c"].out, block["4d"], five)
        self.inception4e = Inception(block["4d"].out, block["4e"], five)
        self.maxpool4 = (
            nn.MaxPool2d(2, stride=2, ceil_mode=True)
            if stride == 32
            else nn.MaxPool2d(3, stride=1, padding=1)
        )

        self.inception5a = Inception(block["4e"].out, block["5a"], five)
        self.inception5b = Inception(block["5a"].out, block["5b"], five)

        self.aux1 = Auxiliary(block["4a"].out, classes, width) if auxiliary else None
        self.aux2 = Auxiliary(block["4d"].out, classes, width) if auxiliary else None
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(block["5b"].out, classes)
        self.apply(initialise)

    def features(self, images: Tensor) -> Tensor:
        """Compute the last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""
        return self._after_4d(self._up_to_4d(self._up_to_4a(images)))

    def forward_with_auxiliaries(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the logits of the classifier and of both auxiliaries, each ``(n, classes)``."""
        if self.aux1 is None or self.aux2 is None:
            return super().forward_with_auxiliaries(images)
        after_4a = self._up_to_4a(images)
        after_4d = self._up_to_4d(after_4a)
        logits = self.classify(self._after_4d(after_4d))
        return logits, self.aux1(after_4a), self.aux2(after_4d)

    def _up_to_4a(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        return self.inception4a(x)

    def _up_to_4d(self, x: Tensor) -> Tensor:
        return self.inception4d(self.inception4c(self.inception4b(x)))

    def _after_4d(self, x: Tensor) -> Tensor:
        x = self.maxpool4(self.inception4e(x))
        return self.inception5b(self.inception5a(x))


class Inception(nn.Module):
    """Figure 2b of the paper: four branches of one input, concatenated along the channels."""

    def __init__(self, channels: int, widths: Widths, five: int) -> None:
        super().__init__()
        self.branch1 = ConvNormRelu(channels, widths.one, kernel_size=1)
        self.branch2 = nn.Sequential(
            ConvNormRelu(channels, widths.reduce_three, kernel_size=1),
            ConvNormRelu(widths.reduce_three, widths.three, kernel_size=3, padding=1),
        )
        self.branch3 = nn.Sequential(
            ConvNormRelu(channels, widths.reduce_five, kernel_size=1),
            ConvNormRelu(widths.reduce_five, widths.five, kernel_size=five, padding=five // 2),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            ConvNormRelu(channels, widths.pooled, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, h, w)`` to ``(n, widths.out, h, w)``."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Auxiliary(nn.Module):
    """Section 5 of the paper: a small classifier on an intermediate layer, used in training."""

    def __init__(self, channels: int, classes: int, width: float) -> None:
        super().__init__()
        reduced, hidden = scale_channels(128, width), scale_channels(1024, width)
        self.conv = ConvNormRelu(channels, reduced, kernel_size=1)
        self.fc1 = nn.Linear(reduced * 16, hidden)
        self.fc2 = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(0.7)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, h, w)`` to logits ``(n, classes)``."""
        x = self.conv(functional.adaptive_avg_pool2d(x, 4)).flatten(1)
        return self.fc2(self.dropout(functional.relu(self.fc1(x))))
