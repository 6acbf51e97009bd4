"""Integrated gradients: what each place adds on the way from the blurred patch to the patch.

Source: Sundararajan, Taly & Yan, ICML 2017, https://arxiv.org/abs/1703.01365, with the blurred
patch for a baseline (a black one would itself be a finding on a mammogram). The integral is taken
at the middles of equal steps, so the cells add up to the two logits' difference nearly; the error
is measured for each map. Pixels are summed into cells, since single pixels hold noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.replacement import blurred
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

STEPS = 24
"""Places between baseline and patch where the gradient is taken."""
CELLS = 32
"""Cells a side of the map."""


def integrated_gradients(
    reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box], *, steps: int = STEPS
) -> Steps:
    """The map of the difference between patch and blurred patch; the boxes are not looked at."""
    baseline = blurred(patches)
    slopes = np.zeros(patches.shape)
    for step in range(steps):
        yield Progress(step, steps, "Going from the blurred patch to the patch")
        between = baseline + (step + 0.5) / steps * (patches - baseline)
        slopes += reader.gradient(between.astype(np.float32))[1] / steps
    pixels = slopes * (patches - baseline)
    return Attribution(
        maps=into_cells(pixels, CELLS) * CELLS**2,
        logits=reader.logits(patches),
        rest=reader.logits(baseline),
    )


def into_cells(pixels: Floats, cells: int) -> Floats:
    """``(n, rows, rows)`` summed into ``(n, cells, cells)``; the rows must be whole cells."""
    side = pixels.shape[-1] // cells
    return pixels.reshape(len(pixels), cells, side, cells, side).sum(axis=(2, 4))
