"""Integrated gradients: gradients along the straight path from a baseline to the patch.

Source: Sundararajan, Taly & Yan, ICML 2017, https://arxiv.org/abs/1703.01365. The baseline is the
blurred patch (:mod:`mammopair.explain.baseline`). The integral is approximated by the midpoint
rule, so the cells add up only approximately to the difference of the two logits; the error is
computed for each map. Pixels are summed into cells, because single pixels are mostly noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.baseline import blurred_baseline
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

STEPS = 24
"""Points on the path at which the gradient is computed."""
PATCHES_AT_ONCE = 4
"""Patches in one gradient computation: 15 % faster than single patches; larger batches would
delay the progress reports and cancellation to more than a second."""
CELLS = 32
"""Rows and columns of the map."""


def integrated_gradients(
    model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """Compute the maps of patches ``(n, rows, rows)``; the boxes are not used."""
    baseline = blurred_baseline(patches)
    mean_gradient = np.zeros(patches.shape)
    at_once = max(1, PATCHES_AT_ONCE // len(patches))
    for first in range(0, STEPS, at_once):
        yield Progress(first, STEPS, "Computing integrated gradients")
        fractions = (np.arange(first, min(first + at_once, STEPS)) + 0.5) / STEPS
        between = baseline + fractions[:, None, None, None] * (patches - baseline)
        batch = between.reshape(-1, *patches.shape[1:]).astype(np.float32)
        mean_gradient += model.gradient(batch)[1].reshape(between.shape).sum(axis=0) / STEPS
    pixels = mean_gradient * (patches - baseline)
    return Attribution(
        maps=sum_into_cells(pixels, CELLS) * CELLS**2,
        logits=model.logits(patches),
        offset=model.logits(baseline),
    )


def sum_into_cells(pixels: Floats, cells: int) -> Floats:
    """Sum ``(n, rows, rows)`` into ``(n, cells, cells)``; rows must be a multiple of cells."""
    side = pixels.shape[-1] // cells
    return pixels.reshape(len(pixels), cells, side, cells, side).sum(axis=(2, 4))
