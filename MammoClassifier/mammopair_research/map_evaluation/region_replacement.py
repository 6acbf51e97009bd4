"""Replacement of the hidden part of a patch: blur and in-painting.

Neither is neutral: blur removes the margin of a mass but leaves its bright centre, and adds edges;
in-painting removes all of it without edges, but is smoother than tissue. So both are measured.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mammopair.explain.baseline import blurred_baseline

Image = npt.NDArray[np.float32]
Visible = npt.NDArray[np.bool_]
Replacement = Callable[[Image, Visible], Image]
"""Maps a patch ``(rows, rows)`` and the mask of its visible part to a complete patch."""


def blurred(patch: Image, visible: Visible) -> Image:
    """Replace the hidden part with a strong blur (Petsiuk et al., BMVC 2018)."""
    return np.where(visible, patch, blurred_baseline(patch[None])[0]).astype(np.float32)


def in_painted(patch: Image, visible: Visible) -> Image:
    """Fill the hidden part smoothly from its surroundings.

    The filling must not reveal the shape of the hole (Rong et al., ICML 2022, arXiv 2202.00449).
    Instead of their linear system, the pyramid of Burt (1988) and Gortler et al. (SIGGRAPH 1996)
    is used, which is as smooth and takes a hundredth of the time. With nothing visible, the result
    is constant at the mean of the patch.

    Parameters
    ----------
    patch
        ``(rows, rows)``, ``rows`` a power of two.
    visible
        ``(rows, rows)``
    """
    if not visible.any():
        return np.full_like(patch, patch.mean())
    return np.where(visible, patch, _fill(patch * visible, visible.astype(np.float32)))


def _fill(sums: Image, weights: Image) -> Image:
    """Fill the cells without weight from a grid of half the size, recursively."""
    known = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)
    if len(sums) == 1 or (weights > 0).all():
        return known
    half = len(sums) // 2
    means = [part.reshape(half, 2, half, 2).mean(axis=(1, 3)) for part in (sums, weights)]
    # A partly known coarse cell has full weight, so that thin visible regions are not lost.
    coarse = _fill(means[0] / np.maximum(means[1], 1e-6), (means[1] > 0).astype(np.float32))
    return np.where(weights > 0, known, _double(coarse))


def _double(image: Image) -> Image:
    """Interpolate ``(n, n)`` to ``(2n, 2n)``, linearly between the centres of the cells."""
    from PIL import Image as PillowImage

    size = (2 * len(image), 2 * len(image))
    resized = PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)


REPLACEMENTS: dict[str, Replacement] = {"blur": blurred, "in-paint": in_painted}
