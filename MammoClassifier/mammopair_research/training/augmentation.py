"""Random transforms of training crops that preserve the label.

Geometry, film grain, detail, then tone: the order in which film, scanner and resampling affect an
image. All random numbers are drawn from one generator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mammopair.model.network_input import CLIP, limit_resolution, resize, standardise
from mammopair_research.training.recipe import Augmentation

DETAIL_GROUPS = 4
"""Sub-batches with a detail of their own; one detail per image would take too long."""
ELASTIC_KNOTS = 5
"""Knots per side of the smooth displacement."""


def augment(
    patches: Tensor, settings: Augmentation, side: int, generator: torch.Generator
) -> Tensor:
    """Transform patches ``(n, rows, rows)`` in [0, 1] to network inputs ``(n, 1, side, side)``.

    Parameters
    ----------
    patches
        Bright where dense.
    settings
        Ranges of the transforms.
    side
        Rows and columns of the inputs.
    generator
        Source of the random numbers, on the CPU.
    """
    images = resize(patches[:, None], min(settings.grid, patches.shape[-1]))
    images = warp(images, settings, generator)
    images = add_grain(images, settings.grain, generator)
    groups = [
        limit_resolution(group, draw_detail(settings, generator), side)
        for group in images.chunk(DETAIL_GROUPS)
    ]
    return change_tone(standardise(torch.cat(groups)), settings, generator)


def warp(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Apply affine and elastic transforms to ``(n, 1, rows, rows)``; edges are reflected."""
    count = len(images)
    angle = _uniform(count, math.radians(settings.rotation), generator)
    scale = _uniform(count, settings.scale, generator).exp()
    aspect = _uniform(count, settings.aspect, generator).exp()
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2 - 1
    shift = _uniform(2 * count, 2 * settings.shift, generator).view(count, 2)

    cosine, sine = angle.cos() / scale, angle.sin() / scale
    affine = torch.stack(
        [
            torch.stack([cosine * mirror * aspect, -sine * aspect, shift[:, 0]], 1),
            torch.stack([sine * mirror / aspect, cosine / aspect, shift[:, 1]], 1),
        ],
        1,
    ).to(images.device)
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    if settings.elastic:
        knots = torch.randn(count, 2, ELASTIC_KNOTS, ELASTIC_KNOTS, generator=generator)
        displacement = functional.interpolate(
            2 * settings.elastic * knots.to(images.device),
            size=images.shape[-2:],
            mode="bicubic",
            align_corners=True,
        )
        grid = grid + displacement.movedim(1, -1)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def add_grain(images: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Add white noise, for each image of up to ``most`` times its standard deviation."""
    if not most:
        return images
    amount = torch.rand(len(images), 1, 1, 1, generator=generator) * most
    noise = torch.randn(images.shape, generator=generator)
    return images + images.std(dim=(1, 2, 3), keepdim=True) * (amount * noise).to(images.device)


def draw_detail(settings: Augmentation, generator: torch.Generator) -> int:
    """Draw a detail log-uniformly between the least and the most."""
    low, high = math.log(settings.least_detail), math.log(settings.most_detail)
    return round(math.exp(low + (high - low) * torch.rand(1, generator=generator).item()))


def change_tone(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Change gamma, contrast and brightness of standardised images."""
    count = len(images)
    gamma, contrast, offset = (
        _uniform(count, amount, generator)[:, None, None, None].to(images.device)
        for amount in (settings.gamma, settings.contrast, settings.brightness)
    )
    tone = ((images + CLIP) / (2 * CLIP)) ** gamma.exp()
    return (tone * 2 * CLIP - CLIP) * contrast.exp() + offset


def _uniform(count: int, amount: float, generator: torch.Generator) -> Tensor:
    """Draw uniformly from ``[-amount, amount]``."""
    return (torch.rand(count, generator=generator) * 2 - 1) * amount
