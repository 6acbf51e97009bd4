"""Base class of the networks: feature maps, their mean, and one linear layer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module):
    """A network that applies a linear layer to the mean of its feature maps.

    Subclasses define their layers, ``dropout`` and ``fc`` last, and :meth:`features`.
    """

    dropout: nn.Dropout
    fc: nn.Linear

    def features(self, images: Tensor) -> Tensor:
        """Compute the last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""
        raise NotImplementedError

    def class_activation(self, features: Tensor) -> Tensor:
        """Compute the contribution of each cell: ``(n, channels, h, w)`` to ``(n, classes, h, w)``.

        The pooling is a mean and the classifier is linear, so the logit is exactly the mean of the
        class activation over the cells, plus the bias (Zhou et al., CVPR 2016,
        https://arxiv.org/abs/1512.04150).
        """
        return functional.conv2d(features, self.fc.weight[:, :, None, None])

    def classify(self, features: Tensor) -> Tensor:
        """Compute logits ``(n, classes)`` of the last feature maps: mean, dropout, linear layer."""
        return self.fc(self.dropout(features.mean(dim=(2, 3))))

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits ``(n, classes)`` of standardised images ``(n, 1, side, side)``."""
        return self.classify(self.features(images))

    def forward_with_auxiliaries(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute, for training, the logits of the classifier and of each auxiliary classifier."""
        return (self(images),)
