"""Structural similarity (SSIM) of patches, which limits how far a counterfactual image may go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIGMA = 1.5
"""Standard deviation of the Gaussian window, in pixels, as published."""
STABILISERS = (0.01**2, 0.03**2)
"""The published constants c1 and c2, for a dynamic range of 1."""

Patches = npt.NDArray[np.float32]


def structural_similarity(original: Patches, other: Patches) -> npt.NDArray[np.float64]:
    """Compute the mean structural similarity of each pair of patches.

    Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 13:600, 2004: the mean over all pixels of

    ``(2 m m' + c1) (2 s + c2) / ((m^2 + m'^2 + c1) (v + v' + c2))``

    with means ``m``, variances ``v`` and covariance ``s`` in a Gaussian window. The dynamic range
    is the difference of the original's 99th and 1st percentiles instead of the whole scale: a
    change that is small on the whole scale may be large for a faint lesion.

    Parameters
    ----------
    original, other
        ``(n, rows, rows)`` each.

    Returns
    -------
    ndarray, shape ``(n,)``
        From -1 to 1.
    """
    from scipy.ndimage import gaussian_filter

    def local_mean(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return gaussian_filter(images, (0, SIGMA, SIGMA), truncate=3.5)

    x, y = original.astype(np.float64), other.astype(np.float64)
    low, high = np.quantile(x, [0.01, 0.99], axis=(1, 2))
    squared_range = np.maximum(high - low, 1e-3)[:, None, None] ** 2
    c1, c2 = STABILISERS[0] * squared_range, STABILISERS[1] * squared_range
    m, n = local_mean(x), local_mean(y)
    v, w, s = local_mean(x * x) - m * m, local_mean(y * y) - n * n, local_mean(x * y) - m * n
    similarity = (2 * m * n + c1) * (2 * s + c2) / ((m * m + n * n + c1) * (v + w + c2))
    return similarity.mean(axis=(1, 2))
