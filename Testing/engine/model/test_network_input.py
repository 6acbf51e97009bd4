"""Inputs of the networks: fixed resolution and brightness, whatever the film and scanner."""

from __future__ import annotations

import msgspec
import pytest
import torch

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import CLIP, limit_resolution, resize, standardise, to_input
from Testing.synthetic_lesions import lesion_picture

SPEC = InputSpec(side=96, detail=48)


def picture(seed=0, side=256):
    return torch.from_numpy(lesion_picture(True, seed, side))[None]


def test_the_input_has_one_channel_and_the_specified_size():
    assert to_input(torch.rand(3, 256, 256), SPEC).shape == (3, 1, 96, 96)
    assert to_input(torch.rand(1, 40, 40), SPEC).shape == (1, 1, 96, 96)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.0), (0.3, 0.6), (2.0, -0.1), (0.05, 0.0)])
def test_exposure_and_window_have_no_effect(gain, offset):
    plain = to_input(picture(), SPEC)
    assert torch.allclose(to_input(picture() * gain + offset, SPEC), plain, atol=2e-3)


def test_outer_percentiles_become_minus_one_and_one_and_outliers_are_clipped():
    images = torch.linspace(0, 1, 101 * 101).view(1, 1, 101, 101)
    images[0, 0, 50, 50] = 40.0
    out = standardise(images)
    assert torch.quantile(out, torch.tensor([0.01, 0.99])).tolist() == pytest.approx(
        [-1, 1], abs=1e-3
    )
    assert out.max() == CLIP


def test_a_flat_patch_stays_flat():
    out = to_input(torch.full((1, 256, 256), 0.4), SPEC)
    assert out.isfinite().all()
    assert out.abs().max() < 1e-3


def test_detail_above_the_resolution_is_removed_and_below_is_preserved():
    columns = torch.arange(256) / 256
    fine = torch.sin(2 * torch.pi * 60 * columns).expand(1, 1, 256, 256)
    coarse = torch.sin(2 * torch.pi * 6 * columns).expand(1, 1, 256, 256)
    assert limit_resolution(fine, 48, 96).abs().max() < 0.1
    assert limit_resolution(coarse, 48, 96).abs().max() > 0.7


def test_a_patch_of_lower_resolution_has_nearly_the_same_input():
    sharp = picture(side=256)
    blurred = resize(resize(sharp[None], 96), 256)[0]
    difference = (to_input(sharp, SPEC) - to_input(blurred, SPEC)).abs()
    assert difference.mean() < 0.05
    assert (sharp - blurred).abs().mean() > 0.01  # the patches themselves differ


def test_flipping_the_patch_flips_the_input():
    patches = picture()
    for axis in (-1, -2):
        flipped = to_input(patches.flip(axis), SPEC)
        assert torch.allclose(flipped, to_input(patches, SPEC).flip(axis), atol=1e-5)


def test_patches_of_a_batch_are_independent():
    first, second = picture(0), picture(1) * 0.2
    together = to_input(torch.cat([first, second]), SPEC)
    assert torch.allclose(together[:1], to_input(first, SPEC), atol=1e-6)
    assert torch.allclose(together[1:], to_input(second, SPEC), atol=1e-6)


@pytest.mark.parametrize("text", ['{"side": 8}', '{"side": 4096}', '{"detail": 4}', '{"size": 64}'])
def test_an_invalid_size_is_rejected(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=InputSpec)
