"""From patches to the inputs of a network, the same for training and inference.

1. **Resolution.** The patch is area-averaged to ``detail x detail`` pixels and resized to
   ``side x side``. The training crops come from films of low resolution, so small lesions are
   blurred in them but sharp in a full-resolution DICOM file. At this resolution the difference
   is gone, so a network can neither learn from it nor be misled by it.
2. **Brightness.** The 1st and 99th percentiles become -1 and 1. This removes film exposure and
   display window, which are no property of the lesion.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mammopair.model.input_spec import InputSpec

LOW_QUANTILE, HIGH_QUANTILE = 0.01, 0.99
"""The quantiles that become -1 and 1."""
MIN_CONTRAST = 1e-3
"""Minimum difference of the two quantiles that is scaled; a flatter patch keeps its contrast."""
CLIP = 1.5
"""Standardised brightness is clipped to +-CLIP, so that markers and clips do not dominate."""


def to_input(patches: Tensor, spec: InputSpec) -> Tensor:
    """Convert patches ``(n, rows, rows)``, bright where dense, to ``(n, 1, side, side)``."""
    return standardise(limit_resolution(patches[:, None], spec.detail, spec.side))


def limit_resolution(images: Tensor, detail: int, side: int) -> Tensor:
    """Resize ``(n, 1, rows, rows)`` to ``(n, 1, side, side)`` by way of ``detail x detail``."""
    if detail < images.shape[-1]:
        images = resize(images, detail)
    return resize(images, side)


def standardise(images: Tensor) -> Tensor:
    """Map the 1st and 99th percentiles of each image to -1 and 1, and clip to +-CLIP."""
    quantiles = torch.tensor(
        [LOW_QUANTILE, HIGH_QUANTILE], device=images.device, dtype=images.dtype
    )
    low, high = torch.quantile(images.flatten(1), quantiles, dim=1)[:, :, None, None, None]
    half = ((high - low) / 2).clamp(min=MIN_CONTRAST / 2)
    return ((images - (low + high) / 2) / half).clamp(-CLIP, CLIP)


def resize(images: Tensor, side: int) -> Tensor:
    """Resize ``(n, c, rows, columns)`` to ``(n, c, side, side)``, with anti-aliasing."""
    if images.shape[-2:] == (side, side):
        return images
    return functional.interpolate(
        images, size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )
