"""Class activation on a grid of half its cell size, from four shifted patches.

The patch is shifted by a quarter of a cell up or down, and left or right. The centres of the cells
of the four maps then form a grid of half the cell size; exactly, if a quarter of a cell is a whole
number of pixels ("shift and stitch": Long, Shelhamer & Darrell, CVPR 2015,
https://arxiv.org/abs/1411.4038, section 3.2; Sermanet et al., OverFeat,
https://arxiv.org/abs/1312.6229, section 3.3). It departs from these publications in that a finer
cell is the mean of all overlapping cells, not only of the one whose centre it contains: the maps
differ by the effect of the shift, which would otherwise show as stripes.

The map adds up to the mean logit of the four shifted patches, not of the patch itself; the
difference is its error. Its resolution is finer than its smallest detail, which is about a cell of
the last block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.class_activation import PATCHES_PER_STEP, class_activation_maps
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The four shifts, down and right: 0 a quarter of a cell up or left, 1 down or right."""


def shifted_evidence(
    model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """Compute the maps on a grid of half the last block's cell size; the boxes are not used."""
    maps, logits = [], []
    for start in range(0, len(patches), PATCHES_PER_STEP):
        yield Progress(start, len(patches), "Computing the class activation")
        chunk = patches[start : start + PATCHES_PER_STEP]
        unshifted = class_activation_maps(model, chunk)
        logits.append(unshifted.mean(axis=(1, 2)) + model.bias)
        shifted = []
        for down, right in SHIFTS:
            yield Progress(start, len(patches), "Computing the class activation of shifted patches")
            moved = shift_patches(chunk, unshifted.shape[-1], down, right)
            shifted.append(class_activation_maps(model, moved))
        maps.append(interleave_maps(shifted))
    return Attribution(
        maps=np.concatenate(maps),
        logits=np.concatenate(logits),
        offset=np.full(len(patches), model.bias),
    )


def shift_patches(patches: Patches, cells: int, down: int, right: int) -> Patches:
    """Shift patches ``(n, rows, rows)`` by one of :data:`SHIFTS`, in whole pixels.

    Pixels beyond an edge are reflected.

    Parameters
    ----------
    patches
        ``(n, rows, rows)``.
    cells
        Rows and columns of the class activation map.
    down, right
        Each 0 or 1.
    """
    rows = patches.shape[-1]
    step = round(rows / cells / 4)
    wide = np.pad(patches, ((0, 0), (step, step), (step, step)), mode="reflect")
    top, left = 2 * step * down, 2 * step * right
    return wide[:, top : top + rows, left : left + rows]


def interleave_maps(maps: Sequence[Floats]) -> Floats:
    """Combine maps ``(n, h, w)``, in the order of :data:`SHIFTS`, to ``(n, 2 h, 2 w)``.

    The mean is preserved. Along each axis the cell whose centre a finer cell contains covers the
    finer cell completely, and two cells of the other map cover half of it each: the weights are
    1/4, 1/2 and 1/4, and the outermost cells are repeated.
    """
    from scipy.ndimage import convolve1d

    count, rows, columns = maps[0].shape
    fine = np.empty((count, 2 * rows, 2 * columns))
    for (down, right), cells in zip(SHIFTS, maps, strict=True):
        fine[:, down::2, right::2] = cells
    for axis in (1, 2):
        fine = convolve1d(fine, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    return fine
