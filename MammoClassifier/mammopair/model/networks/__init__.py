"""Specifications of the networks in recipes and manifests, from which they are built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from mammopair.model.networks.alexnet import AlexNet
    from mammopair.model.networks.googlenet import GoogLeNet
    from mammopair.model.networks.resnet import ResNet
    from mammopair.model.networks.vgg import VGG

Fraction = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Width = Annotated[float, msgspec.Meta(gt=0, le=4)]
Stride = Literal[16, 32]


class _Spec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="architecture"
):
    """Options of a network. Their order is part of the stamp of checkpoints: do not change it."""


class AlexNetSpec(_Spec, frozen=True, kw_only=True, tag="alexnet"):
    """Options of :class:`~mammopair.model.networks.alexnet.AlexNet`."""

    width: Width = 1.0
    dropout: Fraction = 0.5
    stride: Stride = 32

    def build(self, outputs: int, *, training: bool = False) -> AlexNet:
        """Build an untrained network; ``training`` has no effect."""
        from mammopair.model.networks.alexnet import AlexNet

        return AlexNet(classes=outputs, width=self.width, dropout=self.dropout, stride=self.stride)


class VGGSpec(_Spec, frozen=True, kw_only=True, tag="vgg"):
    """Options of :class:`~mammopair.model.networks.vgg.VGG`."""

    depth: int = 16
    width: Width = 1.0
    dropout: Fraction = 0.5
    stride: Stride = 32

    def __post_init__(self) -> None:
        if self.depth not in (11, 13, 16, 19):
            raise ValueError(f"depth is {self.depth}; the depth of a VGG must be 11, 13, 16 or 19")

    def build(self, outputs: int, *, training: bool = False) -> VGG:
        """Build an untrained network; ``training`` has no effect."""
        from mammopair.model.networks.vgg import VGG

        return VGG(
            depth=self.depth,
            classes=outputs,
            width=self.width,
            dropout=self.dropout,
            stride=self.stride,
        )


class GoogLeNetSpec(_Spec, frozen=True, kw_only=True, tag="googlenet"):
    """Options of :class:`~mammopair.model.networks.googlenet.GoogLeNet`."""

    width: Width = 1.0
    dropout: Fraction = 0.4
    five: Literal[3, 5] = 5
    stride: Stride = 32
    auxiliary: bool = False

    def build(self, outputs: int, *, training: bool = False) -> GoogLeNet:
        """Build an untrained network, with auxiliary classifiers if requested and for training."""
        from mammopair.model.networks.googlenet import GoogLeNet

        return GoogLeNet(
            classes=outputs,
            width=self.width,
            dropout=self.dropout,
            five=self.five,
            stride=self.stride,
            auxiliary=self.auxiliary and training,
        )


class ResNetSpec(_Spec, frozen=True, kw_only=True, tag="resnet"):
    """Options of :class:`~mammopair.model.networks.resnet.ResNet`."""

    depth: int = 18
    width: Width = 1.0
    dropout: Fraction = 0.0
    stride: Stride = 32

    def __post_init__(self) -> None:
        if self.depth not in (18, 34, 50):
            raise ValueError(f"depth is {self.depth}; the depth of a ResNet must be 18, 34 or 50")

    def build(self, outputs: int, *, training: bool = False) -> ResNet:
        """Build an untrained network; ``training`` has no effect."""
        from mammopair.model.networks.resnet import ResNet

        return ResNet(
            depth=self.depth,
            classes=outputs,
            width=self.width,
            dropout=self.dropout,
            stride=self.stride,
        )


NetworkSpec = AlexNetSpec | VGGSpec | GoogLeNetSpec | ResNetSpec
ARCHITECTURES = tuple(str(spec.__struct_config__.tag) for spec in get_args(NetworkSpec))
"""Values of the field ``architecture`` in recipes and manifests."""


def describe_spec_error(error: msgspec.MsgspecError) -> str:
    """Describe a decoding error; if it is about the architecture, list the valid ones."""
    listed = (
        f"; it must be one of {', '.join(ARCHITECTURES)}" if "architecture" in str(error) else ""
    )
    return f"{error}{listed}"
