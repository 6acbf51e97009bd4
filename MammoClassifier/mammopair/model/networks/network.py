"""What every network here ends in, a mean and one linear layer, so that its evidence is exact."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module):
    """From pixels to logits, through feature maps whose mean a linear layer reads.

    A subclass names its layers, ``dropout`` and ``fc`` last, and says how they give
    :meth:`features`.
    """

    dropout: nn.Dropout
    fc: nn.Linear

    def features(self, images: Tensor) -> Tensor:
        """The last feature maps: ``(n, 1, side, side)`` to ``(n, channels, cells, cells)``."""
        raise NotImplementedError

    def class_activation(self, features: Tensor) -> Tensor:
        """What each cell says, in logits: ``(n, channels, h, w)`` to ``(n, classes, h, w)``.

        The pooling is a mean and the classifier linear, hence exactly
        ``logit = mean over cells of class activation + bias``
        (Zhou et al., CVPR 2016, https://arxiv.org/abs/1512.04150).
        """
        return functional.conv2d(features, self.fc.weight[:, :, None, None])

    def classify(self, features: Tensor) -> Tensor:
        """Logits ``(n, classes)`` from the last feature maps: mean, dropout, one linear layer."""
        return self.fc(self.dropout(features.mean(dim=(2, 3))))

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(n, classes)`` of standardised images ``(n, 1, side, side)``."""
        return self.classify(self.features(images))

    def forward_with_auxiliaries(self, images: Tensor) -> tuple[Tensor, ...]:
        """For training: logits of the classifier, then of each auxiliary one that there is."""
        return (self(images),)
