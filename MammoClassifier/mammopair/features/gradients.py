"""Histograms of gradient directions, relative to the direction away from the centre.

Histograms of oriented gradients in rings instead of square cells, so that they are invariant to
rotation and reflection: the rotation-invariant feature transform (RIFT).
"""

from __future__ import annotations

import numpy as np

from mammopair.crop import from_pixel_index
from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.mass_zones import AROUND, INSIDE, MARGIN, zone
from mammopair.features.outline import Outline

SCALE = 2.0
"""Standard deviation, in cells of the patch, of the Gaussian derivatives."""
BINS = 6
"""Bins of the angle between the gradient and the outward direction, from 0 to 180 degrees."""
ZONES = {"inside": INSIDE, "margin": MARGIN, "around": AROUND}

_SOURCE = "Dalal & Triggs, CVPR (2005); Lazebnik et al., IEEE Trans PAMI 27:1265 (2005)"
FEATURES = (
    *(
        Feature(
            f"gradient_{step * 180 // BINS}_{where}",
            "1",
            f"fraction of the gradient at {step * 180 // BINS} to {(step + 1) * 180 // BINS} "
            f"degrees from outwards, {where}",
            _SOURCE,
        )
        for where in ZONES
        for step in range(BINS)
    ),
    *(
        Feature(
            f"gradient_strength_{where}",
            "1",
            f"mean gradient divided by that of the patch, {where}",
            _SOURCE,
        )
        for where in ZONES
    ),
)


def gradient_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """Measure :data:`FEATURES`; without any gradient, all bins are equal."""
    from scipy.ndimage import gaussian_filter

    image = patch.filled.astype(np.float64)
    right, down = (gaussian_filter(image, SCALE, order=order) for order in ((0, 1), (1, 0)))
    strength = np.hypot(right, down) + 1e-9
    cells = from_pixel_index(np.arange(len(image), dtype=np.float64))
    x, y = outline.centre
    dx, dy = cells[None, :] - x, cells[:, None] - y
    cosine = (right * dx + down * dy) / (strength * (np.hypot(dx, dy) + 1e-9))
    angle = np.arccos(np.clip(cosine, -1, 1))
    step = np.minimum((angle / np.pi * BINS).astype(int), BINS - 1)
    level = strength[patch.on_film].mean()

    found: dict[str, float] = {}
    strengths: dict[str, float] = {}
    for where, reach in ZONES.items():
        cells_in_zone = zone(patch, outline, reach)
        parts = np.bincount(step[cells_in_zone], weights=strength[cells_in_zone], minlength=BINS)
        flat = parts.sum() <= 2e-9 * cells_in_zone.sum()
        parts = np.full(BINS, 1 / BINS) if flat else parts / parts.sum()
        found |= {f"gradient_{n * 180 // BINS}_{where}": part for n, part in enumerate(parts)}
        strengths[f"gradient_strength_{where}"] = strength[cells_in_zone].mean() / level
    return found | strengths
