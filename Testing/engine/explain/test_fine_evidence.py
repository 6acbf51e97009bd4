"""Fine evidence is exact, and has twice the resolution of the class activation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mammopair.explain.attribution import attribute
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.fine_evidence import contributions, distribute, last_finer_block
from mammopair.explain.methods import METHODS
from mammopair.model.batch_norm import fold_batch_norms
from mammopair.model.networks import GoogLeNetSpec
from Testing.synthetic_lesions import lesion_picture, random_network


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(3)])


def test_the_resolution_is_twice_that_of_the_class_activation(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    coarse = attribute(METHODS["evidence"], model, patches, [])
    fine = attribute(METHODS["fine-evidence"], model, patches, [])
    assert fine.maps.shape[-1] == 2 * coarse.maps.shape[-1]
    assert fine.error.max() < 1e-3


@pytest.mark.parametrize("stride", [16, 32])
def test_the_contributions_of_one_network_are_its_logit_without_the_bias(stride):
    network = random_network(GoogLeNetSpec(width=0.125, stride=stride), 2, seed=3)
    network = fold_batch_norms(network.requires_grad_(False))
    images = torch.randn(2, 1, 96, 96)
    with torch.no_grad():
        logits = (network(images)[:, 0] - network.fc.bias[0]).numpy()
    found = contributions(network, images)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), logits, atol=1e-4)


def test_the_block_is_the_last_one_before_the_final_pooling():
    network = random_network(GoogLeNetSpec(width=0.125, stride=16), 1, seed=3)
    assert last_finer_block(network, torch.zeros(1, 1, 64, 64)) is network.inception3b
    network = random_network(GoogLeNetSpec(width=0.125, stride=32), 1, seed=3)
    assert last_finer_block(network, torch.zeros(1, 1, 64, 64)) is network.inception4e


def test_hooks_are_removed_afterwards(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    before = model.logits(patches)
    attribute(METHODS["fine-evidence"], model, patches, [])
    hooked = [m for net in model.networks for m in net.modules() if m._forward_hooks]
    assert not hooked
    np.testing.assert_array_equal(model.logits(patches), before)


def test_a_network_that_sums_brightness_has_a_map_of_the_brightness():
    network = random_network(GoogLeNetSpec(width=0.125, stride=16), 1, seed=3)
    for name, tensor in network.state_dict().items():
        tensor.fill_(1.0 if name.endswith(("bn.weight", "running_var")) else 0.0)
    state = network.state_dict()
    state["conv1.conv.weight"][0, 0, 3, 3] = 1
    state["conv2.conv.weight"][0, 0] = 1
    state["conv3.conv.weight"][0, 0, 1, 1] = 1
    for name in state:
        if name.endswith("branch1.conv.weight"):
            state[name][0, 0] = 1
    state["fc.weight"][0, 0] = 4
    network = fold_batch_norms(network.eval().requires_grad_(False))
    image = torch.zeros(1, 1, 128, 128)
    image[..., 32:48, 80:96] = 1
    found = contributions(network, image)[0]
    assert found.shape == (16, 16)
    assert found[3:6, 9:12].sum() > 0.8 * found.sum() > 0


@pytest.mark.parametrize(("cells", "side"), [(8, 16), (8, 15), (7, 13), (4, 4)])
def test_distributing_preserves_the_sum_as_the_mean(cells, side):
    sums = np.random.default_rng(0).normal(size=(2, cells, cells))
    found = distribute(sums, side)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), sums.sum(axis=(1, 2)), atol=1e-9)
    if side == 2 * cells:
        np.testing.assert_allclose(found[:, ::2, ::2], sums * cells**2)
