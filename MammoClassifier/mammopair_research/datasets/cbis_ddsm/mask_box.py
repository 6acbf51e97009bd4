"""From a lesion's mask to its box on the film."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.view import Box

Pixels = npt.NDArray[np.generic]

LARGEST_STRETCH = 0.01
"""Largest relative difference between the two scale factors from a mask to its film. Some films
of the collection are stored at another resolution than their masks; beyond this the mask
belongs to another film or to another part of it."""


def is_mask(pixels: Pixels) -> bool:
    """Whether an image holds exactly two values."""
    low, high = pixels.min(), pixels.max()
    return bool(low < high and ((pixels == low) | (pixels == high)).all())


def is_constant(pixels: Pixels) -> bool:
    """Whether an image holds one value only, as a mask without a region does."""
    return bool(pixels.min() == pixels.max())


def mask_box(mask: Pixels) -> tuple[Box, int]:
    """Bounding box of a mask's largest connected region.

    Parameters
    ----------
    mask
        ``(rows, columns)`` with exactly two values, of which the larger marks the lesion.

    Returns
    -------
    Box
        In the mask's pixels; whole pixels, so that a region of one pixel has width and height 1.
    int
        Number of regions, where pixels that touch at a side or a corner are connected.
    """
    from scipy import ndimage

    marked = mask == mask.max()
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    top, left = rows[0], columns[0]
    regions, count = ndimage.label(
        marked[top : rows[-1] + 1, left : columns[-1] + 1], structure=np.ones((3, 3))
    )
    largest = np.bincount(regions.ravel())[1:].argmax()
    down, across = ndimage.find_objects(regions)[largest]
    box = Box(
        float(left + across.start),
        float(top + down.start),
        float(across.stop - across.start),
        float(down.stop - down.start),
    )
    return box, int(count)


def scale_box(box: Box, mask: tuple[int, int], film: tuple[int, int]) -> Box | None:
    """A box on a mask as a box on its film.

    Parameters
    ----------
    box
        In the mask's pixels.
    mask, film
        Rows and columns of each.

    Returns
    -------
    Box or None
        None where the two have different proportions; see :data:`LARGEST_STRETCH`.
    """
    down, across = film[0] / mask[0], film[1] / mask[1]
    if abs(down / across - 1) > LARGEST_STRETCH:
        return None
    return Box(box.x * across, box.y * down, box.width * across, box.height * down)
