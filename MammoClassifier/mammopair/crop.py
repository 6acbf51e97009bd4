"""From a box on a view to a square patch and back: the one mapping that everything uses.

Training, inference and heat-maps all go through :class:`CropSquare`. A patch is the square that
CBIS-DDSM's lesions were prepared with, so a network sees in use what it saw in training:

- its side is twice the longer side of the box, and 13 mm at least where the spacing is known,
  but never more than twice the longer side of the view, whatever its spacing says;
- it is centred on the box, then shifted to stay inside the view;
- where it is larger than the view, what lies outside is filled with black.

Of a box that reaches over the edge of the view only the part on the view counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.view import Box, View

CONTEXT = 2.0
"""Side of the square over the longer side of the box."""
SMALLEST_MM = 13.0
"""Side that the square has at least, where the spacing is known."""
SMALLEST_PIXELS = 16.0
"""Side that the square has at least, in any case."""
PATCH_SIDE = 256
"""Rows and columns of a patch."""


@dataclass(frozen=True)
class CropSquare:
    """A square on a view, and the map between it and any grid of cells laid over it.

    A grid of ``n x n`` cells covers the square. The centre of cell ``(row, column)`` lies at
    ``x = left + (column + 1/2) * side / n`` and ``y = top + (row + 1/2) * side / n``; a patch, a
    network's input and an evidence map are all such grids, with different ``n``.
    Where the pixels are not square the square is square in millimetres, not in pixels.
    """

    left: float
    """x of the left edge, in the view's coordinates."""
    top: float
    """y of the top edge."""
    width: float
    """Extent to the right, in columns."""
    height: float
    """Extent downwards, in rows."""

    def to_view(self, column: float, row: float, cells: int) -> tuple[float, float]:
        """``(x, y)`` on the view of a place on an ``n x n`` grid.

        ``column`` and ``row`` are continuous, with cell centres at integers, as array indices.
        """
        return (
            self.left + (column + 0.5) * self.width / cells,
            self.top + (row + 0.5) * self.height / cells,
        )

    def to_grid(self, x: float, y: float, cells: int) -> tuple[float, float]:
        """``(column, row)`` on an ``n x n`` grid of a place on the view: undoes :meth:`to_view`."""
        return (
            (x - self.left) * cells / self.width - 0.5,
            (y - self.top) * cells / self.height - 0.5,
        )

    def box_on_grid(self, box: Box, cells: int) -> Box:
        """A box of the view in the continuous corner coordinates of an ``n x n`` grid."""
        across, down = cells / self.width, cells / self.height
        return Box(
            (box.x - self.left) * across,
            (box.y - self.top) * down,
            box.width * across,
            box.height * down,
        )


def place_square(view: View, box: Box) -> CropSquare:
    """The square that a box gets on a view.

    Raises
    ------
    InputError
        If the box has no area or lies wholly outside the view.
    """
    check_box(view, box)
    rows, columns = view.pixels.shape
    box = _clip(box, rows, columns)
    millimetres = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    across, down = millimetres

    side = CONTEXT * max(box.width * across, box.height * down)
    if view.spacing:
        # A header that gives metres for millimetres must not ask for a square of kilometres.
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
    """The pixels under a square, area-averaged to ``(side, side)``; black outside the view.

    Uses Pillow's resampling, whose triangular filter widens with the reduction, so that reducing
    does not alias and the resolution of the source hardly shows.
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


def check_box(view: View, box: Box) -> None:
    """Raise :class:`InputError` unless some of the box lies on the view."""
    rows, columns = view.pixels.shape
    where = f"box x={box.x:g} y={box.y:g} width={box.width:g} height={box.height:g}"
    if not all(np.isfinite([box.x, box.y, box.width, box.height])):
        raise InputError(view.source, f"{where} is not a rectangle of finite numbers")
    if box.width <= 0 or box.height <= 0:
        raise InputError(view.source, f"{where} has no area; width and height must be positive")
    if box.x >= columns or box.y >= rows or box.x + box.width <= 0 or box.y + box.height <= 0:
        raise InputError(
            view.source,
            f"{where} lies outside the image of {columns} columns and {rows} rows; "
            "boxes are in stored pixels from the top left corner",
        )


def _clip(box: Box, rows: int, columns: int) -> Box:
    """The part of a box that lies on the view."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    right, bottom = min(box.x + box.width, columns), min(box.y + box.height, rows)
    return Box(left, top, right - left, bottom - top)


def _keep_inside(start: float, extent: float, available: int) -> float:
    """Shift an interval to lie inside ``[0, available]``, or centre it where it is longer."""
    if extent >= available:
        return (available - extent) / 2
    return min(max(start, 0.0), available - extent)
