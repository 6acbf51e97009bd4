"""Augmented crops have the right shape, differ from each other and are reproducible."""

from __future__ import annotations

import pytest
import torch
from msgspec.structs import replace

from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input
from mammopair_research.training.augmentation import (
    add_grain,
    augment,
    change_tone,
    draw_detail,
    warp,
)
from mammopair_research.training.recipe import Augmentation
from Testing.synthetic_lesions import lesion_picture

NO_MOVEMENT = Augmentation(rotation=0, scale=0, aspect=0, shift=0, elastic=0, grain=0, gamma=0)
NO_TONE_CHANGE = Augmentation(gamma=0, contrast=0, brightness=0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def patches():
    return torch.stack([torch.from_numpy(lesion_picture(bool(n % 2), n, 128)) for n in range(8)])


def test_crops_are_reproducible_and_depend_on_the_seed(patches):
    settings = Augmentation()
    first, again, other = (augment(patches, settings, 48, seeded(seed)) for seed in (1, 1, 2))
    assert first.shape == (8, 1, 48, 48)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert first.isfinite().all()


def test_a_coarser_grid_gives_the_same_crops_with_less_detail(patches):
    settings = Augmentation(grain=0, least_detail=32, most_detail=32)
    fine = augment(patches, settings, 48, seeded())
    coarse = augment(patches, replace(settings, grid=64), 48, seeded())
    assert coarse.shape == fine.shape
    assert 0 < (coarse - fine).abs().mean() < 0.05
    assert torch.equal(augment(patches, replace(settings, grid=128), 48, seeded()), fine)


def test_each_patch_of_a_batch_is_transformed_differently(patches):
    same = patches[:1].expand(8, -1, -1)[:, None]
    moved = warp(same, Augmentation(), seeded())
    assert len({round(image.sum().item(), 3) for image in moved}) == 8


def test_without_movement_patches_are_only_mirrored(patches):
    images = patches[:, None]
    moved = warp(images, NO_MOVEMENT, seeded())
    for before, after in zip(images, moved, strict=True):
        kept = torch.allclose(after, before, atol=1e-4)
        mirrored = torch.allclose(after, before.flip(-1), atol=1e-4)
        assert kept or mirrored
    assert not torch.allclose(moved, images, atol=1e-2)  # some are mirrored


def test_a_lesion_in_the_centre_stays_in_the_image(patches):
    disc = torch.zeros(32, 1, 128, 128)
    y, x = torch.meshgrid(torch.arange(128) - 63.5, torch.arange(128) - 63.5, indexing="ij")
    disc[:, :, (x**2 + y**2) < 20**2] = 1
    area = warp(disc, Augmentation(), seeded()).mean((1, 2, 3)) / disc.mean((1, 2, 3))
    # The scale is at most e^0.2; stretching does not change the area.
    assert (area > 0.5).all()
    assert (area < 1.7).all()


def test_grain_is_proportional_to_the_contrast_and_can_be_disabled(patches):
    images = torch.stack([patches[0], patches[0] * 0.1])[:, None].repeat(64, 1, 1, 1)
    added = (add_grain(images, 0.2, seeded()) - images).std((1, 2, 3)).view(64, 2).mean(0)
    assert added[0] == pytest.approx(10 * added[1].item(), rel=0.25)
    assert torch.equal(add_grain(images, 0.0, seeded()), images)


def test_detail_is_drawn_log_uniformly_between_the_least_and_the_most():
    generator = seeded()
    settings = Augmentation(least_detail=24, most_detail=96)
    drawn = torch.tensor([draw_detail(settings, generator) for _ in range(500)], dtype=torch.float)
    assert drawn.min() >= 24
    assert drawn.max() <= 96
    # Half of log-uniform draws are below the geometric mean.
    assert (drawn < 48).float().mean() == pytest.approx(0.5, abs=0.07)
    fixed = Augmentation(least_detail=40, most_detail=40)
    assert {draw_detail(fixed, generator) for _ in range(5)} == {40}


def test_tone_changes_preserve_the_order_of_brightness(patches):
    images = to_input(patches, InputSpec(side=48, detail=32))
    changed = change_tone(images, Augmentation(), seeded())
    for before, after in zip(images.flatten(1), changed.flatten(1), strict=True):
        order = before.argsort()
        assert (after[order].diff() >= -1e-5).all()
    assert torch.allclose(change_tone(images, NO_TONE_CHANGE, seeded()), images, atol=1e-5)
