"""What a network is fed: one detail and one brightness, whatever film and scanner gave."""

from __future__ import annotations

import msgspec
import pytest
import torch

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import CLIP, limit_detail, resize, standardise, to_input
from Testing.synthetic_lesions import lesion_picture

SPEC = InputSpec(side=96, detail=48)


def picture(seed=0, side=256):
    return torch.from_numpy(lesion_picture(True, seed, side))[None]


def test_the_input_has_one_channel_of_the_size_that_the_network_wants():
    assert to_input(torch.rand(3, 256, 256), SPEC).shape == (3, 1, 96, 96)
    assert to_input(torch.rand(1, 40, 40), SPEC).shape == (1, 1, 96, 96)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.0), (0.3, 0.6), (2.0, -0.1), (0.05, 0.0)])
def test_exposure_and_window_drop_out(gain, offset):
    plain = to_input(picture(), SPEC)
    assert torch.allclose(to_input(picture() * gain + offset, SPEC), plain, atol=2e-3)


def test_the_outer_percentiles_become_minus_one_and_one_and_the_rest_is_clipped():
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


def test_detail_beyond_the_limit_is_gone_and_detail_within_it_stays():
    columns = torch.arange(256) / 256
    fine = torch.sin(2 * torch.pi * 60 * columns).expand(1, 1, 256, 256)
    coarse = torch.sin(2 * torch.pi * 6 * columns).expand(1, 1, 256, 256)
    assert limit_detail(fine, 48, 96).abs().max() < 0.1
    assert limit_detail(coarse, 48, 96).abs().max() > 0.7


def test_a_patch_of_less_resolution_gives_nearly_the_same_input():
    sharp = picture(side=256)
    blurred = resize(resize(sharp[None], 96), 256)[0]
    difference = (to_input(sharp, SPEC) - to_input(blurred, SPEC)).abs()
    assert difference.mean() < 0.05
    assert (sharp - blurred).abs().mean() > 0.01  # the patches themselves differ


def test_mirroring_the_patch_mirrors_the_input():
    patches = picture()
    for axis in (-1, -2):
        mirrored = to_input(patches.flip(axis), SPEC)
        assert torch.allclose(mirrored, to_input(patches, SPEC).flip(axis), atol=1e-5)


def test_each_patch_of_a_batch_is_treated_by_itself():
    first, second = picture(0), picture(1) * 0.2
    together = to_input(torch.cat([first, second]), SPEC)
    assert torch.allclose(together[:1], to_input(first, SPEC), atol=1e-6)
    assert torch.allclose(together[1:], to_input(second, SPEC), atol=1e-6)


@pytest.mark.parametrize("text", ['{"side": 8}', '{"side": 4096}', '{"detail": 4}', '{"size": 64}'])
def test_an_impossible_size_is_refused(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=InputSpec)
