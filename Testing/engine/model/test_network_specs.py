"""Properties that all networks have, and the sizes that their papers print."""

from __future__ import annotations

import copy

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from mammopair.model.batch_norm import fold_batch_norms
from mammopair.model.networks import (
    ARCHITECTURES,
    AlexNetSpec,
    GoogLeNetSpec,
    NetworkSpec,
    ResNetSpec,
    VGGSpec,
    describe_spec_error,
)
from mammopair_research.training.member_fit import batch_loss
from mammopair_research.training.network_cost import count_multiply_adds, count_parameters
from mammopair_research.training.recipe import Optimisation
from Testing.synthetic_lesions import random_network

SPECS = [
    AlexNetSpec(width=0.125),
    VGGSpec(depth=11, width=0.125),
    VGGSpec(depth=19, width=0.125),
    GoogLeNetSpec(width=0.125),
    ResNetSpec(depth=18, width=0.125),
    ResNetSpec(depth=50, width=0.125),
]


def name_of(spec):
    return f"{spec.__struct_config__.tag}{getattr(spec, 'depth', '')}"


every_network = pytest.mark.parametrize("spec", SPECS, ids=name_of)


def without_weights(spec, outputs=1000):
    """The network on the meta device, for shapes and counts."""
    with torch.device("meta"):
        return spec.build(outputs).eval()


def convolution_weights(network):
    return sum(part.weight.numel() for part in network.modules() if isinstance(part, nn.Conv2d))


# --- one interface -------------------------------------------------------------------------------


@every_network
@pytest.mark.parametrize("stride", [16, 32])
@pytest.mark.parametrize("side", [96, 128, 224])
def test_the_map_has_the_resolution_of_the_stride(spec, stride, side):
    network = without_weights(msgspec.structs.replace(spec, stride=stride), outputs=3)
    images = torch.zeros(2, 1, side, side, device="meta")
    features = network.features(images)
    assert features.shape == (2, network.fc.in_features, side // stride, side // stride)
    assert network.class_activation(features).shape == (2, 3, side // stride, side // stride)
    assert network(images).shape == (2, 3)


@every_network
def test_stride_16_adds_no_parameter(spec):
    finer = msgspec.structs.replace(spec, stride=16)
    assert count_parameters(without_weights(spec)) == count_parameters(without_weights(finer))


@every_network
def test_the_logit_is_exactly_the_mean_of_the_class_activation_plus_the_bias(spec):
    network = random_network(spec, 3, seed=5).double()
    images = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(0)).double()
    with torch.inference_mode():
        maps, logits = network.class_activation(network.features(images)), network(images)
    assert logits.std() > 0.01
    torch.testing.assert_close(maps.mean((2, 3)) + network.fc.bias, logits, rtol=0, atol=1e-10)


@every_network
def test_folding_preserves_every_output_and_leaves_no_batch_norm(spec):
    network = random_network(spec, 3, seed=9).double()
    folded = fold_batch_norms(copy.deepcopy(network))
    images = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(0)).double()
    with torch.inference_mode():
        torch.testing.assert_close(folded(images), network(images), rtol=1e-8, atol=1e-8)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())


@every_network
def test_every_network_learns_to_detect_stripes(spec):
    torch.manual_seed(0)
    network = msgspec.structs.replace(spec, dropout=0.0).build(1, training=True)
    labels = torch.arange(16) % 2
    stripes = torch.sin(torch.arange(64) * 0.8).expand(64, 64) * labels[:, None, None]
    images = (stripes + 0.3 * torch.randn(16, 64, 64))[:, None]
    targets, optimisation = labels.float()[:, None], Optimisation()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(12):
        loss = batch_loss(network, images, targets, optimisation)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@every_network
def test_without_auxiliaries_the_loss_is_that_of_the_classifier(spec):
    network = spec.build(1, training=True).eval()
    images, targets = torch.randn(2, 1, 64, 64), torch.tensor([[0.0], [1.0]])
    expected = functional.binary_cross_entropy_with_logits(network(images), targets)
    assert batch_loss(network, images, targets, Optimisation()).item() == pytest.approx(
        expected.item()
    )


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(spec=st.sampled_from(SPECS), width=st.floats(0.01, 2.0), stride=st.sampled_from([16, 32]))
def test_at_any_width_all_channel_counts_are_multiples_of_eight(spec, width, stride):
    network = without_weights(msgspec.structs.replace(spec, width=width, stride=stride), outputs=2)
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    assert all(part.out_channels % 8 == 0 for part in convolutions)
    assert network(torch.zeros(1, 1, 64, 64, device="meta")).shape == (1, 2)


# --- the papers' sizes ---------------------------------------------------------------------------


def test_alexnet_has_the_weights_that_its_five_layers_imply():
    # Krizhevsky 2014 prints no count; kernels 11, 5, 3, 3, 3 and one input channel.
    implied = 64 * 1 * 121 + 192 * 64 * 25 + (384 * 192 + 384 * 384 + 256 * 384) * 9
    assert convolution_weights(without_weights(AlexNetSpec())) == implied


@pytest.mark.parametrize(("depth", "millions"), [(11, 133), (13, 133), (16, 138), (19, 144)])
def test_vgg_has_the_millions_of_parameters_of_table_2(depth, millions):
    network = without_weights(VGGSpec(depth=depth))
    colours = 2 * 9 * 64  # the paper's first convolution has three input channels
    biases = sum(part.out_channels for part in network.modules() if isinstance(part, nn.Conv2d))
    dense = (7 * 7 * 512 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    published = convolution_weights(network) + colours + biases + dense
    assert round(published / 1e6) == millions


@pytest.mark.parametrize(("depth", "billions"), [(18, 1.8), (34, 3.6), (50, 3.8)])
def test_resnet_costs_the_multiply_adds_of_table_1(depth, billions):
    # The paper's FLOPs are multiply-adds. They say nothing of the projections of option B, which
    # are a small part; two more colours are 2 * 49 * 64 weights on 112 x 112 positions.
    colours = 2 * 49 * 64 * 112 * 112
    found = count_multiply_adds(without_weights(ResNetSpec(depth=depth)), 224) + colours
    assert found / 1e9 == pytest.approx(billions, abs=0.1)


@pytest.mark.parametrize("depth", [18, 34])
def test_resnet_has_the_weights_that_table_1_implies(depth):
    blocks = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}[depth]
    widths = (64, 128, 256, 512)
    implied = 49 * 64
    into = 64
    for count, width in zip(blocks, widths, strict=True):
        implied += 9 * (into * width + (2 * count - 1) * width * width)
        implied += into * width if into != width else 0
        into = width
    assert convolution_weights(without_weights(ResNetSpec(depth=depth))) == implied


def test_multiply_adds_are_those_of_the_convolutions_and_the_linear_layer():
    network = without_weights(AlexNetSpec(), outputs=1)
    one, two = 64 * 121 * 56**2, 192 * 64 * 25 * 28**2
    rest = (384 * 192 + 384 * 384 + 256 * 384) * 9 * 14**2
    assert count_multiply_adds(network, 224) == one + two + rest + 256


def test_norms_and_the_linear_layer_count_as_parameters():
    network = without_weights(AlexNetSpec(), outputs=2)
    norms = 2 * (64 + 192 + 384 + 384 + 256)
    assert count_parameters(network) == convolution_weights(network) + norms + 2 * 256 + 2


# --- by name -------------------------------------------------------------------------------------


@every_network
def test_a_specification_is_encoded_and_decoded(spec):
    fields = msgspec.to_builtins(spec)
    assert fields["architecture"] in ARCHITECTURES
    assert msgspec.convert(fields, NetworkSpec) == spec


@pytest.mark.parametrize(
    ("network", "remedy"),
    [
        ({"architecture": "lenet"}, "alexnet, vgg, googlenet, resnet"),
        ({"width": 0.5}, "alexnet, vgg, googlenet, resnet"),
        ({"architecture": "vgg", "depth": 12}, "must be 11, 13, 16 or 19"),
        ({"architecture": "resnet", "depth": 101}, "must be 18, 34 or 50"),
        ({"architecture": "alexnet", "depth": 8}, "unknown field `depth`"),
        ({"architecture": "resnet", "width": 0}, "width"),
        ({"architecture": "vgg", "stride": 8}, "stride"),
    ],
)
def test_an_invalid_network_is_rejected_with_a_remedy(network, remedy):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(network, NetworkSpec)
    assert remedy in describe_spec_error(caught.value)


def test_the_encoding_of_a_googlenet_does_not_change_the_stamp_of_checkpoints():
    assert msgspec.json.encode(GoogLeNetSpec(width=0.48, stride=16)) == (
        b'{"architecture":"googlenet","width":0.48,"dropout":0.4,"five":5,"stride":16,'
        b'"auxiliary":false}'
    )
