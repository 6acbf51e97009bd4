"""GoogLeNet agrees with table 1 of its paper, and with torchvision's names and results."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from mammopair.model.networks import GoogLeNetSpec
from mammopair.model.networks.blocks import scale_channels
from mammopair.model.networks.googlenet import GoogLeNet

# Table 1 of arXiv 1409.4842v1, typed from the paper: output size (rows, columns, channels), then
# #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj, then the column "params" in K.
INCEPTIONS = {
    "inception3a": ((28, 28, 256), (64, 96, 128, 16, 32, 32), 159),
    "inception3b": ((28, 28, 480), (128, 128, 192, 32, 96, 64), 380),
    "inception4a": ((14, 14, 512), (192, 96, 208, 16, 48, 64), 364),
    "inception4b": ((14, 14, 512), (160, 112, 224, 24, 64, 64), 437),
    "inception4c": ((14, 14, 512), (128, 128, 256, 24, 64, 64), 463),
    "inception4d": ((14, 14, 528), (112, 144, 288, 32, 64, 64), 580),
    "inception4e": ((14, 14, 832), (256, 160, 320, 32, 128, 128), 840),
    "inception5a": ((7, 7, 832), (256, 160, 320, 32, 128, 128), 1072),
    "inception5b": ((7, 7, 1024), (384, 192, 384, 48, 128, 128), 1388),
}
OTHERS = {
    "conv1": (112, 112, 64),
    "maxpool1": (56, 56, 64),
    "conv3": (56, 56, 192),
    "maxpool2": (28, 28, 192),
    "maxpool3": (14, 14, 480),
    "maxpool4": (7, 7, 832),
}
CHANNELS_INTO = {
    "inception3a": 192,
    "inception3b": 256,
    "inception4a": 480,
    "inception4b": 512,
    "inception4c": 512,
    "inception4d": 512,
    "inception4e": 528,
    "inception5a": 832,
    "inception5b": 832,
}
# Where the paper's own column "params" does not follow from its own columns of widths. With K of
# 1024, which its 112K for the second convolution shows, the others agree within 1 %.
NOT_AS_PRINTED = {"inception4c": 498, "inception4d": 590, "inception5a": 1018, "inception5b": 1409}


@pytest.fixture(scope="module")
def published():
    """The published network with 1000 classes, for one grey channel."""
    torch.manual_seed(0)
    return GoogLeNet(classes=1000).eval()


def shapes_of_blocks(network, side):
    """The output shape of every layer of the network, for one image."""
    shapes = {}
    hooks = [
        part.register_forward_hook(
            lambda _module, _inputs, output, name=name: shapes.update({name: tuple(output.shape)})
        )
        for name, part in network.named_children()
    ]
    with torch.inference_mode():
        network(torch.zeros(1, 1, side, side))
    for hook in hooks:
        hook.remove()
    return shapes


def convolution_parameters(module):
    return sum(part.weight.numel() for part in module.modules() if isinstance(part, nn.Conv2d))


def test_every_block_has_the_output_size_of_table_1(published):
    found = shapes_of_blocks(published, 224)
    expected = OTHERS | {name: size for name, (size, _, _) in INCEPTIONS.items()}
    for name, (rows, columns, channels) in expected.items():
        assert found[name] == (1, channels, rows, columns), name
    assert found["fc"] == (1, 1000)


@pytest.mark.parametrize("name", INCEPTIONS)
def test_every_inception_block_has_the_weights_that_table_1_implies(published, name):
    _, (one, reduce_three, three, reduce_five, five, pooled), printed = INCEPTIONS[name]
    into = CHANNELS_INTO[name]
    implied = (
        into * (one + reduce_three + reduce_five + pooled)
        + reduce_three * three * 9
        + reduce_five * five * 25
    )
    assert convolution_parameters(getattr(published, name)) == implied
    assert implied / 1024 == pytest.approx(NOT_AS_PRINTED.get(name, printed), rel=0.01)


def test_stem_and_classifier_have_the_weights_that_table_1_implies(published):
    # The paper prints 2.7K for the first convolution; 7 x 7 kernels on 3 channels are 9.2K, and
    # on our one grey channel a third of it.
    assert convolution_parameters(published.conv1) == 7 * 7 * 1 * 64
    # "3x3 reduce" 64 and "3x3" 192: 112K.
    second = convolution_parameters(published.conv2) + convolution_parameters(published.conv3)
    assert second == 64 * 64 + 64 * 192 * 9
    assert second / 1024 == pytest.approx(112)
    # "linear", 1000K.
    assert published.fc.weight.numel() / 1024 == 1000


# What `torchvision.models.googlenet(aux_logits=True).state_dict()` holds (pytorch/vision,
# torchvision/models/googlenet.py): each basic convolution has a weight without bias, and a batch
# norm; the branch called 5x5 has 3x3 kernels (pytorch/vision issue 906).
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def basic(name, into, out, kernel):
    norm = {f"{name}.bn.{part}": (out,) for part in NORM[:-1]} | {f"{name}.bn.{NORM[-1]}": ()}
    return {f"{name}.conv.weight": (out, into, kernel, kernel)} | norm


def torchvision_shapes(colours=3, classes=1000):
    shapes = basic("conv1", colours, 64, 7) | basic("conv2", 64, 64, 1) | basic("conv3", 64, 192, 3)
    for name, (_, widths, _) in INCEPTIONS.items():
        one, reduce_three, three, reduce_five, five, pooled = widths
        into = CHANNELS_INTO[name]
        shapes |= basic(f"{name}.branch1", into, one, 1)
        shapes |= basic(f"{name}.branch2.0", into, reduce_three, 1)
        shapes |= basic(f"{name}.branch2.1", reduce_three, three, 3)
        shapes |= basic(f"{name}.branch3.0", into, reduce_five, 1)
        shapes |= basic(f"{name}.branch3.1", reduce_five, five, 3)
        shapes |= basic(f"{name}.branch4.1", into, pooled, 1)
    for name, into in (("aux1", 512), ("aux2", 528)):
        shapes |= basic(f"{name}.conv", into, 128, 1)
        shapes |= {f"{name}.fc1.weight": (1024, 2048), f"{name}.fc1.bias": (1024,)}
        shapes |= {f"{name}.fc2.weight": (classes, 1024), f"{name}.fc2.bias": (classes,)}
    return shapes | {"fc.weight": (classes, 1024), "fc.bias": (classes,)}


def test_names_and_shapes_are_torchvisions_except_for_the_grey_input():
    network = GoogLeNet(classes=1000, five=3, auxiliary=True)
    ours = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert len(ours) == 57 * 6 + 2 * 6 + 2 * 4 + 2
    assert ours == torchvision_shapes(colours=1)


def test_the_option_five_changes_only_the_kernels_of_that_branch():
    published = GoogLeNet(classes=1000, five=5, auxiliary=True).state_dict()
    for name, shape in torchvision_shapes(colours=1).items():
        if name.endswith("branch3.1.conv.weight"):
            shape = (*shape[:2], 5, 5)
        assert tuple(published[name].shape) == shape, name


def test_invalid_values_of_five_and_stride_are_rejected():
    with pytest.raises(ValueError, match="five is 4"):
        GoogLeNet(five=4)
    with pytest.raises(ValueError, match="stride is 8"):
        GoogLeNet(stride=8)


def torchvision_weights(seed=0):
    """Random weights with torchvision's names, scaled so that activations keep their size."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in torchvision_shapes().items():
        if name.endswith("num_batches_tracked"):
            weights[name] = torch.tensor(0)
        elif name.endswith("running_var") or name.endswith("bn.weight"):
            weights[name] = torch.rand(shape, generator=generator) + 0.5
        elif name.endswith("conv.weight"):
            scale = (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
            weights[name] = torch.randn(shape, generator=generator) * scale
        else:
            weights[name] = torch.randn(shape, generator=generator) * 0.1
    return weights


def torchvision_features(weights, images):
    """Features of torchvision's network for colour images, computed with plain functions."""

    def conv(name, x, **options):
        norm = [weights[f"{name}.bn.{part}"] for part in ("running_mean", "running_var", *NORM[:2])]
        x = functional.conv2d(x, weights[f"{name}.conv.weight"], **options)
        return functional.relu(functional.batch_norm(x, *norm, eps=1e-3))

    def inception(name, x):
        return torch.cat(
            [
                conv(f"{name}.branch1", x),
                conv(f"{name}.branch2.1", conv(f"{name}.branch2.0", x), padding=1),
                conv(f"{name}.branch3.1", conv(f"{name}.branch3.0", x), padding=1),
                conv(f"{name}.branch4.1", functional.max_pool2d(x, 3, 1, 1, ceil_mode=True)),
            ],
            1,
        )

    def pool(x, kernel=3):
        return functional.max_pool2d(x, kernel, 2, ceil_mode=True)

    x = pool(conv("conv1", images, stride=2, padding=3))
    x = pool(conv("conv3", conv("conv2", x), padding=1))
    for name in INCEPTIONS:
        x = inception(name, x)
        if name == "inception3b":
            x = pool(x)
        if name == "inception4e":
            x = pool(x, 2)
    return x


def grey_weights(weights):
    """Colour weights for one grey channel: kernels summed over the colours, no classifiers."""
    grey = {name: t for name, t in weights.items() if not name.startswith(("fc.", "aux"))}
    grey["conv1.conv.weight"] = grey["conv1.conv.weight"].sum(dim=1, keepdim=True)
    return grey


def test_features_agree_with_torchvisions_network_for_a_grey_image():
    colour = torchvision_weights()
    network = GoogLeNet(classes=3, five=3).eval()
    keys = network.load_state_dict(grey_weights(colour), strict=False)
    assert not keys.unexpected_keys
    assert sorted(keys.missing_keys) == ["fc.bias", "fc.weight"]
    grey = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = torchvision_features(colour, grey.expand(-1, 3, -1, -1))
        found = network.features(grey)
        logits = network(grey)
    assert expected.std() > 0.1
    assert torch.allclose(found, expected, atol=1e-4)
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()


@pytest.mark.parametrize(("side", "cells"), [(224, 7), (128, 4), (96, 3)])
def test_stride_16_doubles_the_map_without_more_parameters(side, cells):
    images = torch.zeros(1, 1, side, side)
    coarser = GoogLeNet(width=0.125).eval()
    finer = GoogLeNet(width=0.125, stride=16).eval()
    with torch.inference_mode():
        assert coarser.features(images).shape[2:] == (cells, cells)
        assert finer.features(images).shape[2:] == (2 * cells, 2 * cells)
    assert [p.shape for p in coarser.parameters()] == [p.shape for p in finer.parameters()]


def test_width_scales_every_channel_count_to_a_multiple_of_eight():
    assert scale_channels(100, 1.0) == 100
    assert [scale_channels(64, width) for width in (0.5, 0.48, 0.125, 0.01)] == [32, 32, 8, 8]
    half = GoogLeNet(width=0.5).eval()
    shapes = shapes_of_blocks(half, 64)
    for name, (size, _, _) in INCEPTIONS.items():
        assert shapes[name][1] == pytest.approx(size[2] / 2, abs=16), name
    assert half.fc.in_features == shapes["inception5b"][1]


def test_the_mean_class_activation_is_the_logit_minus_the_bias():
    torch.manual_seed(3)
    network = GoogLeNet(classes=4, width=0.125).eval()
    nn.init.normal_(network.fc.weight)
    nn.init.normal_(network.fc.bias)
    images = torch.randn(3, 1, 96, 96)
    with torch.inference_mode():
        maps = network.class_activation(network.features(images))
        logits = network(images)
    assert maps.shape == (3, 4, 3, 3)
    assert logits.std() > 0.1
    assert torch.allclose(maps.mean((2, 3)) + network.fc.bias, logits, atol=1e-5)


def test_auxiliary_classifiers_exist_in_training_only():
    spec = GoogLeNetSpec(width=0.125, auxiliary=True)
    trained = spec.build(2, training=True)
    images = torch.randn(4, 1, 64, 64)
    main, first, second = trained.forward_with_auxiliaries(images)
    assert main.shape == first.shape == second.shape == (4, 2)
    assert trained(images).shape == (4, 2)

    used = spec.build(2)
    assert used.aux1 is None
    assert not any(name.startswith("aux") for name in used.state_dict())
    assert [logits.shape for logits in used.forward_with_auxiliaries(images)] == [(4, 2)]
    plain = GoogLeNetSpec(width=0.125).build(2, training=True)
    assert plain.aux1 is None


def test_the_auxiliaries_take_the_outputs_of_4a_and_4d():
    network = GoogLeNet(classes=1, width=0.125, auxiliary=True).eval()
    inputs_of = {}
    network.aux1.register_forward_pre_hook(lambda _m, inputs: inputs_of.update(aux1=inputs[0]))
    network.aux2.register_forward_pre_hook(lambda _m, inputs: inputs_of.update(aux2=inputs[0]))
    outputs_of = {}
    network.inception4a.register_forward_hook(lambda _m, _i, out: outputs_of.update(aux1=out))
    network.inception4d.register_forward_hook(lambda _m, _i, out: outputs_of.update(aux2=out))
    with torch.inference_mode():
        network.forward_with_auxiliaries(torch.randn(1, 1, 64, 64))
    assert torch.equal(inputs_of["aux1"], outputs_of["aux1"])
    assert torch.equal(inputs_of["aux2"], outputs_of["aux2"])


def test_dropout_is_active_in_training_only():
    network = GoogLeNet(classes=1, width=0.125, dropout=0.5)
    nn.init.normal_(network.fc.weight)
    features = torch.rand(1, network.fc.in_features, 2, 2)
    network.train()
    assert len({network.classify(features).item() for _ in range(5)}) > 1
    network.eval()
    assert len({network.classify(features).item() for _ in range(5)}) == 1


@pytest.mark.parametrize("stride", [16, 32])
def test_small_and_odd_input_sizes_are_supported(stride):
    network = GoogLeNet(classes=1, width=0.125, stride=stride).eval()
    with torch.inference_mode():
        for side in (32, 57, 131):
            assert network(torch.zeros(1, 1, side, side)).shape == (1, 1)
