"""From patches to what a network is fed: one detail, one brightness, one size.

Training and inference share these two steps, in this order:

1. **Detail.** The patch is area-averaged to ``detail x detail`` cells and brought up again to
   ``side x side``. The training crops come from films of low resolution, so small lesions are
   blurred there and sharp in a full-resolution DICOM file; beyond this limit nothing of the
   difference is left for a network to learn from, or to be misled by.
2. **Brightness.** The 1st and 99th percentile become -1 and 1. Film exposure and display
   window, which are no property of the lesion, drop out.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mammopair.model.input_spec import InputSpec

DARK, BRIGHT = 0.01, 0.99
"""The quantiles that become -1 and 1."""
FLATTEST = 1e-3
"""The least difference of the two that counts as contrast; a flat patch stays flat."""
CLIP = 1.5
"""Brightness is kept within this, so that a marker or clip does not dominate."""


def to_input(patches: Tensor, spec: InputSpec) -> Tensor:
    """Patches ``(n, rows, rows)``, bright where dense, to inputs ``(n, 1, side, side)``."""
    return standardise(limit_detail(patches[:, None], spec.detail, spec.side))


def limit_detail(images: Tensor, detail: int, side: int) -> Tensor:
    """``(n, 1, rows, rows)`` to ``(n, 1, side, side)`` by way of ``detail x detail`` cells."""
    if detail < images.shape[-1]:
        images = resize(images, detail)
    return resize(images, side)


def standardise(images: Tensor) -> Tensor:
    """Each image's 1st and 99th percentile to -1 and 1, clipped a little beyond."""
    quantiles = torch.tensor([DARK, BRIGHT], device=images.device, dtype=images.dtype)
    dark, bright = torch.quantile(images.flatten(1), quantiles, dim=1)[:, :, None, None, None]
    half = ((bright - dark) / 2).clamp(min=FLATTEST / 2)
    return ((images - (dark + bright) / 2) / half).clamp(-CLIP, CLIP)


def resize(images: Tensor, side: int) -> Tensor:
    """``(n, c, rows, columns)`` to ``(n, c, side, side)``; reducing averages, so does not alias."""
    if images.shape[-2:] == (side, side):
        return images
    return functional.interpolate(
        images, size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )
