"""Repeatability of maps: rank correlation, and small shifts of the image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from mammopair.explain.attribution import Floats

SHIFTS = ((8, 8), (8, -8), (-8, 8), (-8, -8))
"""Shifts down and to the right, in pixels of a patch of 256: 3 % of its side."""
MAX_CELLS = 64
"""Most rows and columns at which maps are compared; finer maps are averaged."""


def rank_correlation(first: Floats, second: Floats) -> float:
    """Compute Spearman's correlation of two maps of one shape; 0 if one is constant."""
    from scipy.stats import rankdata

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    ranks = rankdata(first), rankdata(second)
    return float(np.corrcoef(*ranks)[0, 1])


def mean_agreement(maps: Sequence[Floats]) -> float:
    """Compute the mean rank correlation over all pairs of maps; NaN for a single map."""
    pairs = [rank_correlation(*pair) for pair in combinations(maps, 2)]
    return float(np.mean(pairs)) if pairs else np.nan


def shift_image(patch: npt.NDArray[np.float32], down: int, right: int) -> npt.NDArray[np.float32]:
    """Shift a patch by whole pixels; the edge is repeated."""
    rows, columns = (np.arange(extent) for extent in patch.shape)
    from_rows = np.clip(rows - down, 0, len(rows) - 1)
    from_columns = np.clip(columns - right, 0, len(columns) - 1)
    return patch[np.ix_(from_rows, from_columns)]


def agreement_after_shift(
    before: Floats, after: Floats, down: int, right: int, patch_rows: int
) -> float:
    """Compute the rank correlation of the maps of a patch and of the shifted patch, aligned.

    Both are interpolated to the patch's pixels and compared on a grid in their overlap.

    Parameters
    ----------
    before, after
        Maps of the patch and of the shifted patch, ``(n, n)``.
    down, right
        The shift, in pixels.
    patch_rows
        Rows of the patch.
    """
    enlarged = [_enlarge(cells, patch_rows) for cells in (before, after)]
    rows, columns = _overlap(patch_rows, down), _overlap(patch_rows, right)
    first = enlarged[0][rows[0], columns[0]]
    second = enlarged[1][rows[1], columns[1]]
    step = max(1, patch_rows // MAX_CELLS)
    return rank_correlation(
        *(part[step // 2 :: step, step // 2 :: step] for part in (first, second))
    )


def _overlap(rows: int, shift: int) -> tuple[slice, slice]:
    """Return the rows of the original and of the shifted image that show the same."""
    if shift >= 0:
        return slice(0, rows - shift), slice(shift, rows)
    return slice(-shift, rows), slice(0, rows + shift)


def _enlarge(cells: Floats, rows: int) -> Floats:
    """Interpolate ``(n, n)`` to ``(rows, rows)``, linearly between the centres of the cells."""
    from PIL import Image

    image = Image.fromarray(np.asarray(cells, np.float32))
    if len(cells) > MAX_CELLS:
        image = image.resize((MAX_CELLS, MAX_CELLS), Image.Resampling.BILINEAR)
    return np.asarray(image.resize((rows, rows), Image.Resampling.BILINEAR), np.float64)
