"""The shifted class activation has a finer grid, the right place, and a known error."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from mammopair.explain.attribution import attribute
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.methods import METHODS
from mammopair.explain.shifted_evidence import SHIFTS, interleave_maps, shift_patches
from mammopair.model.input_spec import InputSpec
from mammopair.model.networks.network import Network
from Testing.synthetic_lesions import lesion_picture

SHIFTED = METHODS["shifted-evidence"]


class CellMeans(Network):
    """The class activation of a cell of 16 pixels is four times its mean brightness."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(1, 1)
        nn.init.constant_(self.fc.weight, 4)
        nn.init.constant_(self.fc.bias, 0.5)

    def features(self, images):
        return torch.nn.functional.avg_pool2d(images, 16)


@pytest.fixture(scope="module")
def toy(ensemble):
    model = make_differentiable(ensemble, "CC", flips=False)
    return replace(
        model,
        networks=(CellMeans().eval().requires_grad_(False),),
        input=InputSpec(side=128, detail=128),
        calibration=msgspec.structs.replace(model.calibration, slope=1.0, intercept=0.0),
    )


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(3)])


def test_a_linear_network_has_the_known_map(toy):
    """For a ramp of brightness a finer cell has four times its mean brightness."""
    across = np.arange(256) + 0.5
    ramp = ((across - 24) / 208).clip(0, 1).astype(np.float32)[None, None].repeat(256, 1)
    found = attribute(SHIFTED, toy, ramp, [])
    middle = 16 * np.arange(4, 12) + 8
    expected = 4 * (2 * (middle - 24) / 208 - 1)
    assert found.maps.shape == (1, 16, 16)
    np.testing.assert_allclose(found.maps[0, :, 4:12], expected[None].repeat(16, 0), atol=1e-3)
    np.testing.assert_allclose(found.offset, 0.5)


@pytest.mark.parametrize(("row", "column"), [(4, 4), (4, 11), (9, 6)])
def test_a_spot_is_strongest_in_its_own_finer_cell(toy, row, column):
    """The halves of a cell are distinguished: a shift that is wrong by a pixel would fail."""
    patch = np.full((1, 256, 256), 0.25, np.float32)
    patch[0, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 1
    cells = attribute(SHIFTED, toy, patch, []).maps[0]
    inner = cells[2:-2, 2:-2]
    assert np.unravel_index(inner.argmax(), inner.shape) == (row - 2, column - 2)
    around = cells[row - 1 : row + 2, column - 1 : column + 2]
    np.testing.assert_allclose(around, around[::-1, ::-1], atol=1e-4)
    np.testing.assert_allclose(around, around.T, atol=1e-4)


def test_patches_are_shifted_by_a_quarter_of_a_cell_and_reflected():
    patch = np.arange(256, dtype=np.float32)[None, None].repeat(256, 1)
    assert shift_patches(patch, 8, 0, 1)[0, 0, 0] == 8
    assert shift_patches(patch, 8, 1, 0)[0, 0, 8] == 0
    assert shift_patches(patch, 8, 0, 0)[0, 0, 7] == 1
    down = patch.transpose(0, 2, 1)
    assert shift_patches(down, 8, 1, 0)[0, 0, 0] == 8


def test_a_flipped_patch_has_the_flipped_map(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    for axis in (1, 2):
        flipped = np.ascontiguousarray(np.flip(patches, axis))
        expected = attribute(SHIFTED, model, patches, []).maps
        found = attribute(SHIFTED, model, flipped, []).maps
        np.testing.assert_allclose(np.flip(found, axis), expected, atol=1e-3)


def test_the_error_is_the_mean_change_of_the_logit_by_the_shifts(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    found = attribute(SHIFTED, model, patches, [])
    cells = found.maps.shape[-1] // 2
    shifted = [model.logits(shift_patches(patches, cells, *shift)) for shift in SHIFTS]
    change = np.abs(np.mean(shifted, axis=0) - model.logits(patches))
    np.testing.assert_allclose(found.error, change, atol=1e-3)
    assert change.max() > 1e-3, "otherwise nothing is tested"


def test_a_model_without_flips_is_supported(ensemble, patches):
    model = replace(make_differentiable(ensemble, "CC"), flips=False)
    found = attribute(SHIFTED, model, patches, [])
    np.testing.assert_allclose(found.logits, model.logits(patches), atol=1e-4)


def test_interleaving_preserves_the_mean_and_a_constant_map():
    maps = np.random.default_rng(0).normal(size=(4, 2, 3, 5))
    found = interleave_maps(maps)
    assert found.shape == (2, 6, 10)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), maps.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(interleave_maps(np.ones((4, 1, 3, 3))), 1)


def test_differing_maps_make_no_stripes():
    left, right = np.zeros((1, 4, 4)), np.ones((1, 4, 4))
    found = interleave_maps([left, right, left, right])
    np.testing.assert_allclose(found[:, :, 1:-1], 0.5)
