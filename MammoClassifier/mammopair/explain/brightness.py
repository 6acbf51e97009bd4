"""The brightness of a patch, held within what the training crops show.

A network standardises the 1st and 99th percentile, so a moved image could gain by a shift of its
histogram alone, into pictures that no film gave. Here the percentiles between are held to the
range that 99 % of the 1,318 training crops of CBIS-DDSM have, and the outer ones to the patch's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Patches = npt.NDArray[np.float32]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
DARK, BRIGHT = 0.01, 0.99
"""The quantiles that stay where they are; they count as 0 and 1 below."""
LOWEST = (0.0, 0.0, 0.087, 0.185, 0.280)
HIGHEST = (0.540, 0.701, 0.856, 0.927, 0.971)
"""Of each quantile over the training crops: the 0.5th and the 99.5th percentile."""
FLATTEST = 1e-3
"""Contrast under which a patch is flat, and is left as it is."""


def contrast(patch: Patches) -> float:
    """The 99th less the 1st percentile of ``(rows, rows)``."""
    dark, bright = np.quantile(patch, [DARK, BRIGHT])
    return float(bright - dark)


def constrain_brightness(original: Patches, patch: Patches) -> Patches:
    """A changed patch ``(rows, rows)``, its brightness mapped to where it may be.

    The darkest, the brightest, the 1st and the 99th percentile become those of the original; the
    quantiles between stay in the training crops' range, or where the original has them if beyond.
    The mapping rises everywhere, so nothing trades places with what is brighter.
    """
    if contrast(original) < FLATTEST or contrast(patch) < FLATTEST:
        return original
    levels = (0.0, DARK, *QUANTILES, BRIGHT, 1.0)
    known, found = np.quantile(original, levels), np.quantile(patch, levels)
    dark, bright = known[1], known[-2]
    lowest = np.minimum(dark + np.array(LOWEST) * (bright - dark), known[2:-2])
    highest = np.maximum(dark + np.array(HIGHEST) * (bright - dark), known[2:-2])
    wanted = np.concatenate([known[:2], np.clip(found[2:-2], lowest, highest), known[-2:]])
    # Equal levels, as a saturated patch has, would leave the mapping undefined.
    apart = np.flatnonzero(np.diff(found, prepend=-np.inf) > 0)
    return np.interp(patch, found[apart], wanted[apart]).astype(np.float32)
