"""Counterfactual images in the grey values of the film that they were generated from.

The engine changes a patch in its own brightness. Viewers show the film's stored pixels, so the
change is converted to stored values and added to the film. What was not changed then looks like
the surrounding film, in the film's own window.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.crop import CropSquare, cut_patch
from mammopair.view import View

Patch = npt.NDArray[np.float32]


def counterfactuals_on_film(
    stored: npt.NDArray[np.generic],
    square: CropSquare,
    original: Patch,
    images: Mapping[str, Patch],
) -> dict[str, Patch]:
    """Return counterfactual images, and their difference, in stored values of the film.

    Parameters
    ----------
    stored
        ``(rows, columns)``: the film's stored pixels; dense tissue may be bright or dark.
    square
        The square of the film that the patch covers.
    original
        ``(n, n)`` in [0, 1]: the patch, bright where dense.
    images
        By direction, ``malignant`` and ``benign``; shape and range as ``original``.

    Returns
    -------
    dict of str to ndarray of float32, shape ``(n, n)``
        ``malignant`` and ``benign``, and ``difference``, the first minus the second.
    """
    view = View(pixels=np.asarray(stored, dtype=np.float32), source=Path("film"))
    film = cut_patch(view, square, len(original))
    slope = stored_per_brightness(film, original)
    found = {towards: film + slope * (image - original) for towards, image in images.items()}
    found["difference"] = slope * (images["malignant"] - images["benign"])
    return {name: image.astype(np.float32) for name, image in found.items()}


def stored_per_brightness(stored: Patch, brightness: Patch) -> float:
    """Return the least-squares slope of stored values over brightness.

    It is negative if dense tissue is dark in the stored pixels, and 0 for a constant patch.
    """
    centred = brightness - brightness.mean()
    power = float((centred**2).sum())
    return float((centred * stored).sum()) / power if power else 0.0
