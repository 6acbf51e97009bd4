"""What takes the place of a part of the picture that is to be forgotten.

A replacement gives the whole patch from the part of it that may still be seen. None is neutral:
blur leaves the bright body of a mass and takes its margin, and its seams are edges; in-painting
takes all of it and leaves no seam, but is smoother than tissue. So both are measured.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Seen = npt.NDArray[np.bool_]
Replacement = Callable[[Image, Seen], Image]
"""From a patch ``(rows, rows)`` and what of it may be seen to a whole patch."""

BLUR = 1 / 16
"""Standard deviation of the blur, in sides of the patch."""


def blurred(patch: Image, seen: Seen) -> Image:
    """The picture blurred beyond recognition of its margin (Petsiuk et al., BMVC 2018)."""
    from scipy.ndimage import gaussian_filter

    blur = gaussian_filter(patch, BLUR * len(patch), mode="nearest")
    return np.where(seen, patch, blur).astype(np.float32)


def in_painted(patch: Image, seen: Seen) -> Image:
    """The unseen filled smoothly from what is seen around it.

    As Rong et al. (ICML 2022, arXiv 2202.00449) demand, what is filled in tells little of the
    shape of the hole; in place of their linear system the pyramid of Burt (1988) and Gortler et
    al. (SIGGRAPH 1996) is used, which is as smooth and a hundred times as fast. With nothing left
    to see, the picture is flat at its mean.

    ``rows`` must be a power of two.
    """
    if not seen.any():
        return np.full_like(patch, patch.mean())
    return np.where(seen, patch, _filled(patch * seen, seen.astype(np.float32)))


def _filled(sums: Image, weights: Image) -> Image:
    """Each level takes what it has, and what it lacks from the level of half its size."""
    here = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)
    if len(sums) == 1 or (weights > 0).all():
        return here
    half = len(sums) // 2
    means = [part.reshape(half, 2, half, 2).mean(axis=(1, 3)) for part in (sums, weights)]
    # A coarse cell that is known in part counts as known, or a thin rim of tissue would be lost.
    coarse = _filled(means[0] / np.maximum(means[1], 1e-6), (means[1] > 0).astype(np.float32))
    return np.where(weights > 0, here, _doubled(coarse))


def _doubled(image: Image) -> Image:
    """``(n, n)`` to ``(2n, 2n)``, linearly between the middles of the cells."""
    padded = np.pad(image, 1, mode="edge")
    for axis in (0, 1):
        middle = padded.take(range(1, padded.shape[axis] - 1), axis)
        before = padded.take(range(padded.shape[axis] - 2), axis)
        after = padded.take(range(2, padded.shape[axis]), axis)
        pair = np.stack([0.75 * middle + 0.25 * before, 0.75 * middle + 0.25 * after], axis + 1)
        shape = list(middle.shape)
        shape[axis] *= 2
        padded = pair.reshape(shape)
    return padded.astype(np.float32)


REPLACEMENTS: dict[str, Replacement] = {"blur": blurred, "in-paint": in_painted}
