"""Copies of a crop that a radiologist would call the same lesion, and a network must too.

Geometry, then film grain, then detail, then tone: the order in which a film, its scanner and its
resizing would have changed the picture. All draws come from one generator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mammopair.model.network_input import CLIP, limit_resolution, resize, standardise
from mammopair_research.training.recipe import Augmentation

DETAIL_GROUPS = 4
"""Sub-batches that get a detail of their own; a draw for each image would cost too much."""
ELASTIC_KNOTS = 5
"""Knots a side of the smooth displacement."""


def augment(patches: Tensor, how: Augmentation, side: int, generator: torch.Generator) -> Tensor:
    """Patches ``(n, rows, rows)`` in [0, 1] to augmented inputs ``(n, 1, side, side)``."""
    images = resize(patches[:, None], min(how.grid, patches.shape[-1]))
    images = warp(images, how, generator)
    images = add_grain(images, how.grain, generator)
    groups = [
        limit_resolution(group, draw_detail(how, generator), side)
        for group in images.chunk(DETAIL_GROUPS)
    ]
    return change_tone(standardise(torch.cat(groups)), how, generator)


def warp(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Rotate, mirror, scale, stretch, shift and bend ``(n, 1, rows, rows)``; edges are mirrored."""
    count = len(images)
    angle = _either_way(count, math.radians(how.rotation), generator)
    scale = _either_way(count, how.scale, generator).exp()
    aspect = _either_way(count, how.aspect, generator).exp()
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2 - 1
    shift = _either_way(2 * count, 2 * how.shift, generator).view(count, 2)

    cosine, sine = angle.cos() / scale, angle.sin() / scale
    affine = torch.stack(
        [
            torch.stack([cosine * mirror * aspect, -sine * aspect, shift[:, 0]], 1),
            torch.stack([sine * mirror / aspect, cosine / aspect, shift[:, 1]], 1),
        ],
        1,
    ).to(images.device)
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    if how.elastic:
        knots = torch.randn(count, 2, ELASTIC_KNOTS, ELASTIC_KNOTS, generator=generator)
        bend = functional.interpolate(
            2 * how.elastic * knots.to(images.device),
            size=images.shape[-2:],
            mode="bicubic",
            align_corners=True,
        )
        grid = grid + bend.movedim(1, -1)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def add_grain(images: Tensor, greatest: float, generator: torch.Generator) -> Tensor:
    """Add white noise, drawn for each image up to ``greatest`` times its standard deviation."""
    if not greatest:
        return images
    amount = torch.rand(len(images), 1, 1, 1, generator=generator) * greatest
    noise = torch.randn(images.shape, generator=generator)
    return images + images.std(dim=(1, 2, 3), keepdim=True) * (amount * noise).to(images.device)


def draw_detail(how: Augmentation, generator: torch.Generator) -> int:
    """A detail between the least and the most, evenly in its logarithm."""
    low, high = math.log(how.least_detail), math.log(how.most_detail)
    return round(math.exp(low + (high - low) * torch.rand(1, generator=generator).item()))


def change_tone(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Bend the tone curve of standardised images by ``t -> t**gamma``, then contrast and level."""
    count = len(images)
    gamma, contrast, level = (
        _either_way(count, amount, generator)[:, None, None, None].to(images.device)
        for amount in (how.gamma, how.contrast, how.brightness)
    )
    tone = ((images + CLIP) / (2 * CLIP)) ** gamma.exp()
    return (tone * 2 * CLIP - CLIP) * contrast.exp() + level


def _either_way(count: int, amount: float, generator: torch.Generator) -> Tensor:
    """Even draws from ``[-amount, amount]``."""
    return (torch.rand(count, generator=generator) * 2 - 1) * amount
