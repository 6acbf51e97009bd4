"""What a part of a patch is replaced by when it is taken away: grey, blurred, or in-painted.

None is neutral: grey leaves an edge, blur leaves the mass's shadow, in-painting makes tissue up.
A finding that holds under one of them only is a finding about the baseline.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Replacement = Literal["grey", "blurred", "in-painted"]

BLUR = 1 / 16
"""Standard deviation of the blurred baseline over the patch's side."""
REACH = 1 / 32
"""That of the first in-painting, likewise; each further one has twice as much."""
LEAST = 1e-3
"""Weight of known pixels under which an in-painting reaches further."""

Patches = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def blurred(patches: Patches, sigma: float = BLUR) -> Patches:
    """Patches ``(n, rows, rows)`` under a Gaussian of ``sigma`` patch sides; edges are repeated."""
    from scipy.ndimage import gaussian_filter

    reach = sigma * patches.shape[-1]
    return gaussian_filter(patches, (0, reach, reach), mode="nearest")


def covered(patches: Patches, masks: Mask, baseline: Replacement) -> Patches:
    """Patches with what lies under their masks taken away.

    Parameters
    ----------
    patches, masks
        ``(n, rows, rows)`` each; masks are true where to cover.
    baseline
        ``grey``: the mean of the patch. ``blurred``: the patch under a wide Gaussian.
        ``in-painted``: drawn on from the rim of the mask.
    """
    if baseline == "grey":
        filling = np.broadcast_to(patches.mean(axis=(1, 2), keepdims=True), patches.shape)
    elif baseline == "blurred":
        filling = blurred(patches)
    else:
        filling = in_painted(patches, masks)
    return np.where(masks, filling, patches).astype(np.float32)


def in_painted(patches: Patches, masks: Mask) -> Patches:
    """Normalised convolution (Knutsson & Westin, CVPR 1993): the mean of the known pixels around.

    With a narrow Gaussian near the rim, and a wider one where that reaches nothing known.
    """
    from scipy.ndimage import gaussian_filter

    known = (~masks).astype(np.float32)
    mean = patches.mean(axis=(1, 2), keepdims=True)
    filling = np.where(masks, mean, patches)
    missing = masks.copy()
    sigma = REACH * patches.shape[-1]
    while missing.any() and sigma < patches.shape[-1]:
        weight = gaussian_filter(known, (0, sigma, sigma), mode="nearest")
        value = gaussian_filter(known * patches, (0, sigma, sigma), mode="nearest")
        reached = missing & (weight > LEAST)
        filling[reached] = value[reached] / weight[reached]
        missing &= ~reached
        sigma *= 2
    return filling
