"""Limit the brightness of a counterfactual image to what training crops have.

The networks standardise the 1st and 99th percentiles, so an image could change the output by its
histogram alone, to one that no film has. Therefore the quantiles in between are limited to the
range of 99 % of the 1,318 training crops of CBIS-DDSM, and the outer ones to those of the patch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Patches = npt.NDArray[np.float32]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LOW, HIGH = 0.01, 0.99
"""The quantiles that do not change; their values are 0 and 1 in MINIMA and MAXIMA."""
MINIMA = (0.0, 0.0, 0.087, 0.185, 0.280)
MAXIMA = (0.540, 0.701, 0.856, 0.927, 0.971)
"""0.5th and 99.5th percentile of each quantile over the training crops."""
MIN_CONTRAST = 1e-3
"""Contrast below which a patch is regarded as flat and not changed."""


def contrast(patch: Patches) -> float:
    """Compute the 99th minus the 1st percentile of a patch ``(rows, rows)``."""
    low, high = np.quantile(patch, [LOW, HIGH])
    return float(high - low)


def constrain_brightness(original: Patches, patch: Patches) -> Patches:
    """Map the brightness of a changed patch to the allowed range.

    Minimum, maximum, 1st and 99th percentile become those of the original. The quantiles in between
    are clipped to the range of the training crops, widened to include those of the original. The
    mapping is monotonic, so the order of brightness is preserved.

    Parameters
    ----------
    original, patch
        ``(rows, rows)`` each.

    Returns
    -------
    ndarray, shape ``(rows, rows)``
        The original, if one of the two is flat.
    """
    if contrast(original) < MIN_CONTRAST or contrast(patch) < MIN_CONTRAST:
        return original
    levels = (0.0, LOW, *QUANTILES, HIGH, 1.0)
    before, after = np.quantile(original, levels), np.quantile(patch, levels)
    low, high = before[1], before[-2]
    minima = np.minimum(low + np.array(MINIMA) * (high - low), before[2:-2])
    maxima = np.maximum(low + np.array(MAXIMA) * (high - low), before[2:-2])
    targets = np.concatenate([before[:2], np.clip(after[2:-2], minima, maxima), before[-2:]])
    # Equal quantiles, as in a saturated patch, would leave the mapping undefined.
    distinct = np.flatnonzero(np.diff(after, prepend=-np.inf) > 0)
    return np.interp(patch, after[distinct], targets[distinct]).astype(np.float32)
