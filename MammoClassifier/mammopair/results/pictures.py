"""Parts of pictures: grey levels, the evidence map, the box, the colour legend.

Pictures are uint8 arrays in stored orientation: grey ``(rows, columns)`` or colour
``(rows, columns, 3)``. They are mirrored for display last, by
:class:`~mammopair.results.hanging_protocol.Hanging`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.crop import CropSquare
from mammopair.results.colours import EVIDENCE_LIMIT, evidence_rgba
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.record import Evidence

SIGN_LIMIT = EVIDENCE_LIMIT / 4
"""Absolute evidence, in logits, from which a cell also has a plus or minus sign, for readers with
colour blindness."""
CHANGE_LIMIT = 0.3
"""Change of brightness, as a share of the window, that is drawn black or white."""
WHITE, BLACK = 255, 0
LEGEND_GREYS = (30, 110, 190)
"""Dark, medium and bright tissue, over which the legend shows the colours."""

Grey = npt.NDArray[np.uint8]
Colour = npt.NDArray[np.uint8]


def tissue_window(pixels: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return the display window of a view: percentiles 1 and 99.8 of the breast.

    Pixels below a twentieth of the 99.8th percentile count as air.
    """
    brightest = float(np.percentile(pixels, 99.8))
    tissue = pixels[pixels > brightest / 20]
    if tissue.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(tissue, [1.0, 99.8])
    return (float(low), float(high)) if high > low else (0.0, max(float(high), 1e-6))


def to_grey(pixels: npt.NDArray[np.float32], window: tuple[float, float]) -> Grey:
    """Convert pixels to grey levels, black at the low end of the window, white at its high end."""
    low, high = window
    return np.rint(255 * np.clip((pixels - low) / (high - low), 0.0, 1.0)).astype(np.uint8)


def change_picture(
    original: npt.NDArray[np.float32],
    changed: npt.NDArray[np.float32],
    window: tuple[float, float],
) -> Grey:
    """Draw the change between two pictures: medium grey for none, white for brighter.

    The full range is :data:`CHANGE_LIMIT` times the width of the window, in either direction.
    """
    limit = CHANGE_LIMIT * (window[1] - window[0])
    return to_grey(changed - original, (-limit, limit))


def evidence_layer(evidence: Evidence, square: CropSquare, side: int) -> npt.NDArray[np.uint8]:
    """Draw an evidence map as a transparent layer for a picture of a square of a view.

    Cells are not interpolated, because that would show a sharpness that the map does not have.
    Cells of :data:`SIGN_LIMIT` logits or more have a sign at their centre.

    Parameters
    ----------
    evidence
        The map, with its own square on the view.
    square
        The square of the view that the picture covers.
    side
        Rows and columns of the picture.

    Returns
    -------
    ndarray of uint8, shape ``(side, side, 4)``
        Red, green, blue and opacity; transparent outside the map.
    """
    cells = np.asarray(evidence.cells, dtype=np.float64)
    pixels = np.arange(side, dtype=np.float64)
    across, down = evidence.square.cells_at(*square.to_view(pixels, pixels, side), len(cells))
    inside = np.ix_(np.clip(down, 0, len(cells) - 1), np.clip(across, 0, len(cells[0]) - 1))
    layer = evidence_rgba(cells[inside])
    layer[(down < 0) | (down >= cells.shape[0])] = 0
    layer[:, (across < 0) | (across >= cells.shape[1])] = 0
    for row, column in np.argwhere(np.abs(cells) >= SIGN_LIMIT):
        rows, columns = np.flatnonzero(down == row), np.flatnonzero(across == column)
        if rows.size and columns.size:
            _draw_sign(layer, rows, columns, plus=bool(cells[row, column] > 0))
    return layer


def lay_over(picture: npt.NDArray[np.uint8], layer: npt.NDArray[np.uint8]) -> Colour:
    """Blend a layer ``(rows, columns, 4)`` over a grey or colour picture."""
    opacity = layer[..., 3:].astype(np.float32) / 255
    below = colour(picture) if picture.ndim == 2 else picture
    mixed = below * (1 - opacity) + layer[..., :3] * opacity
    return np.rint(mixed).astype(np.uint8)


def draw_box(picture: Colour, box: Box) -> Colour:
    """Return a copy with a box outlined in white and black, visible on any tissue.

    The box is in corner coordinates of the picture; the lines are drawn outside of it.
    """
    drawn = picture.copy()
    left, top = int(np.floor(box.x)), int(np.floor(box.y))
    right, bottom = int(np.ceil(box.x + box.width)), int(np.ceil(box.y + box.height))
    for reach, shade in ((3, BLACK), (2, WHITE)):
        _frame(drawn, left - reach, top - reach, right + reach, bottom + reach, reach, shade)
    return drawn


def legend_picture(width: int = 256, height: int = 24) -> Colour:
    """Draw the colours from ``-EVIDENCE_LIMIT`` to ``+EVIDENCE_LIMIT`` over three greys."""
    logits = np.linspace(-EVIDENCE_LIMIT, EVIDENCE_LIMIT, width)
    greys = np.repeat(np.array(LEGEND_GREYS, dtype=np.uint8), height // len(LEGEND_GREYS))
    below = np.repeat(greys[:, None], width, axis=1)
    return lay_over(below, np.broadcast_to(evidence_rgba(logits), (len(greys), width, 4)))


def colour(grey: Grey) -> Colour:
    """Convert a grey picture to a colour picture."""
    return np.repeat(grey[..., None], 3, axis=2)


def _draw_sign(
    layer: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    *,
    plus: bool,
) -> None:
    """Draw a small plus or minus at the centre of a cell, white with a black outline."""
    row, column = int(rows[len(rows) // 2]), int(columns[len(columns) // 2])
    arm = min(len(rows), len(columns)) // 8
    if arm < 3:
        return
    strokes = [(slice(row - 1, row + 1), slice(column - arm, column + arm))]
    if plus:
        strokes.append((slice(row - arm, row + arm), slice(column - 1, column + 1)))
    for down, across in strokes:
        outline = slice(down.start - 1, down.stop + 1), slice(across.start - 1, across.stop + 1)
        layer[outline] = (BLACK, BLACK, BLACK, 255)
    for stroke in strokes:
        layer[stroke] = (WHITE, WHITE, WHITE, 255)


def _frame(
    picture: Colour, left: int, top: int, right: int, bottom: int, thick: int, shade: int
) -> None:
    """Paint the border of ``[left, right) x [top, bottom)``, ``thick`` pixels inwards."""
    rows, columns = picture.shape[:2]

    def fill(y0: int, y1: int, x0: int, x1: int) -> None:
        picture[max(y0, 0) : min(max(y1, 0), rows), max(x0, 0) : min(max(x1, 0), columns)] = shade

    fill(top, top + thick, left, right)
    fill(bottom - thick, bottom, left, right)
    fill(top, bottom, left, left + thick)
    fill(top, bottom, right - thick, right)
