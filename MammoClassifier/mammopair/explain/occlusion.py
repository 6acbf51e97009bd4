"""Occlusion: by how much the logit falls when a place is covered.

Source: Zeiler & Fergus, ECCV 2014, https://arxiv.org/abs/1311.2901; as captum's ``Occlusion``, a
cell's value is the mean over the windows that cover it. Departs from both in covering with
what the baseline names instead of a constant. Each place is covered alone, so nothing adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.explain.replacement import Replacement, covered
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

CELLS = 8
"""Cells a side of the map."""
WINDOW = 2
"""Side of what is covered at once, in cells; it moves on by one cell."""
AT_ONCE = 16
"""Windows between one look at Cancel and the next."""


def occlusion(
    reader: DifferentiableEnsemble,
    patches: Patches,
    boxes: Sequence[Box],
    *,
    baseline: Replacement = "blurred",
    cells: int = CELLS,
    window: int = WINDOW,
) -> Steps:
    """The fall of the logit under each window; the boxes are not looked at."""
    masks = windows(patches.shape[-1], cells, window)
    logits = reader.logits(patches)
    maps = []
    for number, (patch, logit) in enumerate(zip(patches, logits, strict=True)):
        falls = []
        for start in range(0, len(masks), AT_ONCE):
            done = number * len(masks) + start
            yield Progress(done, len(patches) * len(masks), "Covering place after place")
            chunk = masks[start : start + AT_ONCE]
            hidden = covered(np.repeat(patch[None], len(chunk), axis=0), chunk, baseline)
            falls.append(logit - reader.logits(hidden))
        maps.append(mean_over_windows(np.concatenate(falls), cells, window))
    return Attribution(maps=np.stack(maps), logits=logits, rest=None)


def windows(side: int, cells: int, window: int) -> npt.NDArray[np.bool_]:
    """``(positions, side, side)``: one mask for each place of the window, row by row."""
    edges = np.rint(np.linspace(0, side, cells + 1)).astype(int)
    positions = list(product(range(cells - window + 1), repeat=2))
    masks = np.zeros((len(positions), side, side), bool)
    for mask, (row, column) in zip(masks, positions, strict=True):
        mask[edges[row] : edges[row + window], edges[column] : edges[column + window]] = True
    return masks


def mean_over_windows(falls: Floats, cells: int, window: int) -> Floats:
    """``(cells, cells)``: the mean fall of the windows over each cell."""
    total, count = np.zeros((cells, cells)), np.zeros((cells, cells))
    positions = product(range(cells - window + 1), repeat=2)
    for fall, (row, column) in zip(falls, positions, strict=True):
        total[row : row + window, column : column + window] += fall
        count[row : row + window, column : column + window] += 1
    return total / count
