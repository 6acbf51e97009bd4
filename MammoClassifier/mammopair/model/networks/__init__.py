"""Networks by name: what a recipe or a manifest says of one, and how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from torch import Tensor

    from mammopair.model.networks.googlenet import GoogLeNet

Fraction = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Width = Annotated[float, msgspec.Meta(gt=0, le=4)]


class Network(Protocol):
    """What every network here can do, so that evidence is exact whatever the architecture."""

    def features(self, images: Tensor) -> Tensor:
        """The last feature maps: ``(n, 1, side, side)`` to ``(n, channels, h, w)``."""

    def class_activation(self, features: Tensor) -> Tensor:
        """Maps ``(n, classes, h, w)`` whose mean, plus the bias, is the logit."""

    def classify(self, features: Tensor) -> Tensor:
        """Logits ``(n, classes)`` from the last feature maps."""


class GoogLeNetSpec(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="architecture",
    tag="googlenet",
):
    """Options of :class:`~mammopair.model.networks.googlenet.GoogLeNet`."""

    width: Width = 1.0
    dropout: Fraction = 0.4
    five: Literal[3, 5] = 5
    stride: Literal[16, 32] = 32
    auxiliary: bool = False

    def build(self, outputs: int, *, training: bool = False) -> GoogLeNet:
        """A fresh network; the auxiliary classifiers exist only for training."""
        from mammopair.model.networks.googlenet import GoogLeNet

        return GoogLeNet(
            classes=outputs,
            width=self.width,
            dropout=self.dropout,
            five=self.five,
            stride=self.stride,
            auxiliary=self.auxiliary and training,
        )


NetworkSpec = GoogLeNetSpec
