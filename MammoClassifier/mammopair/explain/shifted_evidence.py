"""The class activation on a grid of half its cells: read four times, shifted by half a cell.

The patch is read with its window a quarter of a cell up or down, and left or right. The cells of
the four readings then have their centres on a grid of half the cell, exactly so where a quarter
of a cell is a whole number of pixels ("shift and stitch": Long, Shelhamer & Darrell, CVPR 2015,
https://arxiv.org/abs/1411.4038, section 3.2; Sermanet et al., OverFeat,
https://arxiv.org/abs/1312.6229, section 3.3). It departs from the publications in what comes
next: a finer cell is the mean of all cells that overlap it, not only of the one in whose centre
it lies. Readings differ by what a shift changes of them, and side by side this shows as stripes.

The map adds up to the mean of the four readings, not to the reading in use: what the shifts
change of the logit is its error. The smallest thing that it can tell apart is still about a cell
of the last block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.class_activation import AT_ONCE, class_activation_maps
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

WINDOWS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Of the four readings: 0 a quarter of a cell up or left, 1 as far down or right."""


def shifted_evidence(
    reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """The evidence on a grid of half the last block's cells; the boxes are not looked at."""
    maps, logits = [], []
    for start in range(0, len(patches), AT_ONCE):
        yield Progress(start, len(patches), "Reading the patch as it is")
        chunk = patches[start : start + AT_ONCE]
        whole = class_activation_maps(reader, chunk)
        logits.append(whole.mean(axis=(1, 2)) + reader.bias)
        readings = []
        for down, right in WINDOWS:
            yield Progress(start, len(patches), "Reading the patch shifted by half a cell")
            readings.append(
                class_activation_maps(reader, window(chunk, whole.shape[-1], down, right))
            )
        maps.append(overlapped(readings))
    return Attribution(
        maps=np.concatenate(maps),
        logits=np.concatenate(logits),
        offset=np.full(len(patches), reader.bias),
    )


def window(patches: Patches, cells: int, down: int, right: int) -> Patches:
    """Patches ``(n, rows, rows)`` under one of :data:`WINDOWS`, to the pixel.

    What comes in at an edge is the patch reflected there.
    """
    rows = patches.shape[-1]
    step = round(rows / cells / 4)
    wide = np.pad(patches, ((0, 0), (step, step), (step, step)), mode="reflect")
    top, left = 2 * step * down, 2 * step * right
    return wide[:, top : top + rows, left : left + rows]


def overlapped(readings: Sequence[Floats]) -> Floats:
    """Maps ``(n, h, w)`` in the order of :data:`WINDOWS` to ``(n, 2 h, 2 w)`` of the same mean.

    Along an axis, the reading whose cell has its centre in a finer cell covers it wholly, the
    other one with half of each of two cells: weights 1/4, 1/2, 1/4, the outermost cells repeated.
    """
    from scipy.ndimage import convolve1d

    count, down, across = readings[0].shape
    fine = np.empty((count, 2 * down, 2 * across))
    for (row, column), cells in zip(WINDOWS, readings, strict=True):
        fine[:, row::2, column::2] = cells
    for axis in (1, 2):
        fine = convolve1d(fine, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    return fine
