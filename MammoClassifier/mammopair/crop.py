"""The square around a box, and the only transform between a view and a grid of cells.

Training, inference, evidence maps, pictures, DICOM objects and Slicer volumes all map between a
view and a grid through :class:`CropSquare`. The square is the one that the CBIS-DDSM crops were
prepared with, so that a network gets at inference what it was trained on:

- its side is twice the longer side of the box, at least 13 mm where the pixel spacing is known,
  and at most twice the longer side of the view, whatever the spacing;
- it is centred on the box, then shifted to lie inside the view;
- where it is larger than the view, pixels outside the view are black.

A box that extends beyond the view is clipped to it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.view import Box, View

CONTEXT = 2.0
"""Side of the square divided by the longer side of the box."""
SMALLEST_MM = 13.0
"""Minimum side of the square in millimetres, where the pixel spacing is known."""
SMALLEST_PIXELS = 16.0
"""Minimum side of the square in pixels."""
PATCH_SIDE = 256
"""Rows and columns of a patch."""


FloatOrArray = TypeVar("FloatOrArray", float, npt.NDArray[np.float64])


@dataclass(frozen=True)
class CropSquare:
    """A square on a view, and the transform between the view and a grid of cells over the square.

    A grid has ``cells x cells`` cells, indexed by ``(column, row)`` with the centre of a cell at
    integer indices. A patch, a network input and an evidence map are such grids.
    View coordinates are those of :class:`~mammopair.view.View`: stored pixels, with the origin at
    the top left corner of the first pixel. Where pixels are not square, the square is square in
    millimetres, not in pixels.
    """

    left: float
    """x of the left edge, in view coordinates."""
    top: float
    """y of the top edge."""
    width: float
    """Extent to the right, in columns."""
    height: float
    """Extent downwards, in rows."""

    def to_view(
        self, column: FloatOrArray, row: FloatOrArray, cells: int
    ) -> tuple[FloatOrArray, FloatOrArray]:
        """View coordinates ``(x, y)`` of continuous grid indices.

        ``x = left + (column + 1/2) * width / cells``, and likewise ``y``.
        """
        return (
            self.left + (column + 0.5) * self.width / cells,
            self.top + (row + 0.5) * self.height / cells,
        )

    def to_grid(
        self, x: FloatOrArray, y: FloatOrArray, cells: int
    ) -> tuple[FloatOrArray, FloatOrArray]:
        """Continuous grid indices ``(column, row)`` of view coordinates; inverts `to_view`."""
        return (
            (x - self.left) * cells / self.width - 0.5,
            (y - self.top) * cells / self.height - 0.5,
        )

    def cells_at(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], cells: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Indices ``(column, row)`` of the cells that contain view coordinates.

        Outside the square they are -1 before the first cell and ``cells`` after the last.
        """
        column, row = self.to_grid(x, y, cells)
        return (
            np.floor(column + 0.5).clip(-1, cells).astype(np.intp),
            np.floor(row + 0.5).clip(-1, cells).astype(np.intp),
        )

    def cell_size(self, cells: int) -> tuple[float, float]:
        """Width and height of a cell, in columns and rows of the view."""
        return self.width / cells, self.height / cells

    def box_on_grid(self, box: Box, cells: int) -> Box:
        """A box of the view in corner coordinates of the grid: cell 0 covers ``[0, 1)``."""
        across, down = cells / self.width, cells / self.height
        return Box(
            (box.x - self.left) * across,
            (box.y - self.top) * down,
            box.width * across,
            box.height * down,
        )


def to_pixel_index(coordinate: FloatOrArray) -> FloatOrArray:
    """Pixel index, with pixel centres at integers, of a view coordinate.

    DICOM image planes and the IJK coordinates of Slicer volumes use pixel indices.
    """
    return coordinate - 0.5


def from_pixel_index(index: FloatOrArray) -> FloatOrArray:
    """View coordinate of a pixel index; inverts :func:`to_pixel_index`."""
    return index + 0.5


def place_square(view: View, box: Box) -> CropSquare:
    """Compute the square around a box on a view.

    Raises
    ------
    InputError
        If the box has no area or lies completely outside the view.
    """
    check_overlap(view, box)
    rows, columns = view.pixels.shape
    box = _clip(box, rows, columns)
    millimetres = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    across, down = millimetres

    side = CONTEXT * max(box.width * across, box.height * down)
    if view.spacing:
        # A spacing given in metres must not lead to a square of kilometres.
        side = max(side, min(SMALLEST_MM, CONTEXT * max(columns * across, rows * down)))
    side = max(side, SMALLEST_PIXELS * max(millimetres))
    width, height = side / across, side / down

    x, y = box.centre
    return CropSquare(
        left=_keep_inside(x - width / 2, width, columns),
        top=_keep_inside(y - height / 2, height, rows),
        width=width,
        height=height,
    )


def cut_patch(view: View, square: CropSquare, side: int = PATCH_SIDE) -> npt.NDArray[np.float32]:
    """Resample the pixels under a square to ``(side, side)``; black outside the view.

    Pillow's bilinear filter is widened by the reduction factor, so that downsampling does not
    alias and the patch hardly depends on the resolution of the source.
    """
    from PIL import Image

    left, top = int(np.floor(square.left)), int(np.floor(square.top))
    right = int(np.ceil(square.left + square.width))
    bottom = int(np.ceil(square.top + square.height))
    region = np.zeros((bottom - top, right - left), dtype=np.float32)
    rows, columns = view.pixels.shape
    inside = (slice(max(top, 0), min(bottom, rows)), slice(max(left, 0), min(right, columns)))
    region[
        inside[0].start - top : inside[0].stop - top,
        inside[1].start - left : inside[1].stop - left,
    ] = view.pixels[inside]

    x, y = square.left - left, square.top - top
    corners = (x, y, min(x + square.width, right - left), min(y + square.height, bottom - top))
    image = Image.fromarray(region).resize((side, side), Image.Resampling.BILINEAR, box=corners)
    return np.asarray(image, dtype=np.float32)


def describe_box(box: Box) -> str:
    """Return a box as text, for messages."""
    return f"box x={box.x:g} y={box.y:g} width={box.width:g} height={box.height:g}"


def check_overlap(view: View, box: Box) -> None:
    """Raise :class:`InputError` unless the box has an area and overlaps the view.

    Whether it can be the box of a mass is checked by :func:`mammopair.box_checks.check_box`.
    """
    rows, columns = view.pixels.shape
    where = describe_box(box)
    if not all(np.isfinite([box.x, box.y, box.width, box.height])):
        raise InputError(view.source, f"{where} is not a rectangle of finite numbers")
    if box.width <= 0 or box.height <= 0:
        raise InputError(view.source, f"{where} has no area; width and height must be positive")
    if box.x >= columns or box.y >= rows or box.x + box.width <= 0 or box.y + box.height <= 0:
        raise InputError(
            view.source,
            f"{where} lies outside the image of {columns} columns and {rows} rows",
        )


def _clip(box: Box, rows: int, columns: int) -> Box:
    """Clip a box to the view."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    right, bottom = min(box.x + box.width, columns), min(box.y + box.height, rows)
    return Box(left, top, right - left, bottom - top)


def _keep_inside(start: float, extent: float, available: int) -> float:
    """Shift an interval into ``[0, available]``, or centre it if it is longer."""
    if extent >= available:
        return (available - extent) / 2
    return min(max(start, 0.0), available - extent)
