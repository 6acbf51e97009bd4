"""Whether a map stays the same where it should: rank correlation, and pictures moved a little."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from mammopair.explain.attribution import Floats

SHIFTS = ((8, 8), (8, -8), (-8, 8), (-8, -8))
"""Rows down and columns to the right, in pixels of a patch of 256: 3 % of its side."""
SHARPEST = 64
"""Rows and columns at which maps are compared at most; finer detail than that is averaged."""


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's, over the cells of two maps of one shape; 0 where one is constant."""
    from scipy.stats import rankdata

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    ranks = rankdata(first), rankdata(second)
    return float(np.corrcoef(*ranks)[0, 1])


def mean_agreement(maps: Sequence[Floats]) -> float:
    """The mean rank correlation over all pairs of maps; NaN for a single one."""
    pairs = [rank_correlation(*pair) for pair in combinations(maps, 2)]
    return float(np.mean(pairs)) if pairs else np.nan


def shift_image(patch: npt.NDArray[np.float32], down: int, right: int) -> npt.NDArray[np.float32]:
    """The picture moved by whole pixels; what comes in at the edge repeats the edge."""
    rows, columns = (np.arange(extent) for extent in patch.shape)
    from_rows = np.clip(rows - down, 0, len(rows) - 1)
    from_columns = np.clip(columns - right, 0, len(columns) - 1)
    return patch[np.ix_(from_rows, from_columns)]


def agreement_after_shift(
    before: Floats, after: Floats, down: int, right: int, patch_rows: int
) -> float:
    """Rank correlation of the map of a picture and that of the moved picture, moved back.

    Both are brought to the patch's pixels, overlaid where they overlap, and compared on a grid.

    Parameters
    ----------
    before, after
        ``(n, n)``, of the picture and of the moved picture.
    down, right
        By how many pixels it was moved.
    """
    big = [_enlarged(cells, patch_rows) for cells in (before, after)]
    here, there = _overlap(patch_rows, down), _overlap(patch_rows, right)
    first = big[0][here[0], there[0]]
    second = big[1][here[1], there[1]]
    step = max(1, patch_rows // SHARPEST)
    return rank_correlation(
        *(part[step // 2 :: step, step // 2 :: step] for part in (first, second))
    )


def _overlap(rows: int, shift: int) -> tuple[slice, slice]:
    """Which rows of the unmoved and of the moved picture show the same."""
    if shift >= 0:
        return slice(0, rows - shift), slice(shift, rows)
    return slice(-shift, rows), slice(0, rows + shift)


def _enlarged(cells: Floats, rows: int) -> Floats:
    """``(n, n)`` to ``(rows, rows)``, linearly between the middles of the cells."""
    from PIL import Image

    fine = Image.fromarray(np.asarray(cells, np.float32))
    if len(cells) > SHARPEST:
        fine = fine.resize((SHARPEST, SHARPEST), Image.Resampling.BILINEAR)
    return np.asarray(fine.resize((rows, rows), Image.Resampling.BILINEAR), np.float64)
