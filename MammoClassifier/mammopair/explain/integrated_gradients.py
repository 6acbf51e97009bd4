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
CELLS = 32
"""Rows and columns of the map."""


def integrated_gradients(
    model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """Compute the maps of patches ``(n, rows, rows)``; the boxes are not used."""
    baseline = blurred_baseline(patches)
    mean_gradient = np.zeros(patches.shape)
    for step in range(STEPS):
        yield Progress(step, STEPS, "Computing integrated gradients")
        between = baseline + (step + 0.5) / STEPS * (patches - baseline)
        mean_gradient += model.gradient(between.astype(np.float32))[1] / STEPS
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
