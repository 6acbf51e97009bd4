"""Patches of a crop folder, cut with the same functions as in classification."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE, CropSquare, cut_patch, place_square
from mammopair.io.crop_folder import CropRow, read_crop
from mammopair.view import Box, View


@dataclass(frozen=True)
class PlacedPatch:
    """A patch and the box of the mass on it."""

    pixels: npt.NDArray[np.float32]
    """``(256, 256)``, in [0, 1], bright where dense."""
    box: Box
    """In the corner coordinates of the patch, in pixels."""


def read_patch(folder: Path, row: CropRow) -> PlacedPatch:
    """Read a crop and cut the patch that the networks get.

    Raises
    ------
    InputError
        If the image cannot be read.
    """
    view = read_crop(folder, row)
    return cut_placed_patch(view, place_square(view, row.box), row.box)


def cut_placed_patch(view: View, square: CropSquare, box: Box) -> PlacedPatch:
    """Cut a square of a view; ``square`` and ``box`` are in the view's pixels."""
    return PlacedPatch(cut_patch(view, square).copy(), square.box_on_grid(box, PATCH_SIDE))
