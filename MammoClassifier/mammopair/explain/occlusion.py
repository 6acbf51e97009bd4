"""Occlusion: how much the logit drops when a region of the patch is replaced by the baseline.

Source: Zeiler & Fergus, ECCV 2014, https://arxiv.org/abs/1311.2901. As in captum's ``Occlusion``,
a cell's value is the mean over the windows that contain it. The baseline is the blurred patch
(:mod:`mammopair.explain.baseline`) instead of a constant. Windows are replaced one at a time, so
the map does not add up to the logit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.baseline import blurred_baseline
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

CELLS = 8
"""Rows and columns of the map."""
WINDOW = 2
"""Side of the replaced window, in cells; the window moves by one cell."""
WINDOWS_PER_STEP = 16
"""Windows that are computed between two progress reports."""


def occlusion(
    model: DifferentiableEnsemble,
    patches: Patches,
    boxes: Sequence[Box],
    *,
    cells: int = CELLS,
    window: int = WINDOW,
) -> Steps:
    """Compute occlusion maps of patches ``(n, rows, rows)``; the boxes are not used."""
    masks = window_masks(patches.shape[-1], cells, window)
    logits = model.logits(patches)
    baselines = blurred_baseline(patches)
    maps = []
    for number, (patch, baseline, logit) in enumerate(zip(patches, baselines, logits, strict=True)):
        drops = []
        for start in range(0, len(masks), WINDOWS_PER_STEP):
            done = number * len(masks) + start
            yield Progress(done, len(patches) * len(masks), "Computing occlusion")
            chunk = masks[start : start + WINDOWS_PER_STEP]
            drops.append(logit - model.logits(np.where(chunk, baseline, patch)))
        maps.append(mean_over_windows(np.concatenate(drops), cells, window))
    return Attribution(maps=np.stack(maps), logits=logits, offset=None)


def window_masks(side: int, cells: int, window: int) -> npt.NDArray[np.bool_]:
    """Return ``(positions, side, side)``: one mask for each position of the window, by rows."""
    edges = np.rint(np.linspace(0, side, cells + 1)).astype(int)
    positions = list(product(range(cells - window + 1), repeat=2))
    masks = np.zeros((len(positions), side, side), bool)
    for mask, (row, column) in zip(masks, positions, strict=True):
        mask[edges[row] : edges[row + window], edges[column] : edges[column + window]] = True
    return masks


def mean_over_windows(drops: Floats, cells: int, window: int) -> Floats:
    """Return ``(cells, cells)``: the mean drop of the windows that contain each cell."""
    total, count = np.zeros((cells, cells)), np.zeros((cells, cells))
    positions = product(range(cells - window + 1), repeat=2)
    for drop, (row, column) in zip(drops, positions, strict=True):
        total[row : row + window, column : column + window] += drop
        count[row : row + window, column : column + window] += 1
    return total / count
