"""Structural similarity of two patches: whether they still show the same lesion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIGMA = 1.5
"""Standard deviation of the window, in pixels, as published."""
STEADY = (0.01**2, 0.03**2)
"""What keeps the quotients defined where nothing varies, in squares of the range."""

Patches = npt.NDArray[np.float32]


def structural_similarity(original: Patches, other: Patches) -> npt.NDArray[np.float64]:
    """``(n,)`` of two times ``(n, rows, rows)``, from -1 to 1.

    Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 13:600, 2004, the mean over all pixels of

    ``(2 m m' + c1) (2 s + c2) / ((m^2 + m'^2 + c1) (v + v' + c2))``

    with means ``m``, variances ``v`` and covariance ``s`` under a Gaussian window. The range is
    the original's own contrast, its 99th less its 1st percentile, which is stricter than the
    whole scale: a change that is faint on the scale may be large for a faint lesion.
    """
    from scipy.ndimage import gaussian_filter

    def local(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return gaussian_filter(images, (0, SIGMA, SIGMA), truncate=3.5)

    x, y = original.astype(np.float64), other.astype(np.float64)
    dark, bright = np.quantile(x, [0.01, 0.99], axis=(1, 2))
    square = np.maximum(bright - dark, 1e-3)[:, None, None] ** 2
    c1, c2 = STEADY[0] * square, STEADY[1] * square
    m, n = local(x), local(y)
    v, w, s = local(x * x) - m * m, local(y * y) - n * n, local(x * y) - m * n
    each = (2 * m * n + c1) * (2 * s + c2) / ((m * m + n * n + c1) * (v + w + c2))
    return each.mean(axis=(1, 2))
