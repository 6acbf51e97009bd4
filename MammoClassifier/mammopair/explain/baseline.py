"""The baseline image of occlusion and integrated gradients: the patch, blurred.

A black or grey baseline would add edges, which are themselves a finding on a mammogram.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIGMA = 1 / 16
"""Standard deviation of the Gaussian, as a fraction of the patch's side."""


def blurred_baseline(patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Blur patches ``(n, rows, rows)`` with a Gaussian; the edges are repeated."""
    from scipy.ndimage import gaussian_filter

    sigma = SIGMA * patches.shape[-1]
    return gaussian_filter(patches, (0, sigma, sigma), mode="nearest")
