"""AlexNet, for one-channel input, with batch normalisation and no dense layers.

Source: Krizhevsky et al., *ImageNet Classification with Deep Convolutional Neural Networks*,
NeurIPS 2012, in the form without two columns of Krizhevsky, *One weird trick for parallelizing
convolutional neural networks*, 2014, https://arxiv.org/abs/1404.5997. Departures:

- the two dense layers of 4096 units, which have most of the parameters, are replaced by a mean
  over the last feature maps and one linear layer, which make the class activation exact;
- batch normalisation after every convolution instead of local response normalisation after two;
- dropout before the linear layer instead of the dense layers;
- all channel counts can be scaled together (``width``);
- layers are padded so that a cell of the last map spans exactly ``stride`` pixels, and the last
  pooling can preserve the resolution (``stride=16``).
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

CHANNELS = (64, 192, 384, 384, 256)
"""Channels of the five convolutions, without columns."""


class AlexNet(Network):
    """Five convolutions, from pixels to logits.

    Parameters
    ----------
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
        self, *, classes: int = 1, width: float = 1.0, dropout: float = 0.5, stride: int = 32
    ) -> None:
        super().__init__()
        check_stride(stride)
        one, two, three, four, five = (scale_channels(channels, width) for channels in CHANNELS)

        self.conv1 = ConvNormRelu(1, one, kernel_size=11, stride=4, padding=5)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = ConvNormRelu(one, two, kernel_size=5, padding=2)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv3 = ConvNormRelu(two, three, kernel_size=3, padding=1)
        self.conv4 = ConvNormRelu(three, four, kernel_size=3, padding=1)
        self.conv5 = ConvNormRelu(four, five, kernel_size=3, padding=1)
        self.maxpool5 = (
            nn.MaxPool2d(3, stride=2, ceil_mode=True)
            if stride == 32
            else nn.MaxPool2d(3, stride=1, padding=1)
        )

        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(five, classes)
        self.apply(initialise)

    def features(self, images: Tensor) -> Tensor:
        """Compute the last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""
        x = self.maxpool1(self.conv1(images))
        x = self.maxpool2(self.conv2(x))
        return self.maxpool5(self.conv5(self.conv4(self.conv3(x))))
