"""The pictures of one marked view, rendered while the pixels of its film are in memory.

Reports, evidence pictures and DICOM objects use these pictures, so that the film is decoded once
and its pixels are released before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.crop import CropSquare, cut_patch
from mammopair.results.hanging_protocol import Hanging, hang
from mammopair.results.pictures import (
    Colour,
    Grey,
    colour,
    draw_box,
    evidence_layer,
    lay_over,
    tissue_window,
    to_grey,
)
from mammopair.view import Box, Laterality, Spacing, View

if TYPE_CHECKING:
    from mammopair.record import Evidence

FILM_HEIGHT = 760
"""Rows of the picture of a whole view."""
SQUARE_SIDE = 440
"""Rows and columns of the picture of a lesion."""


@dataclass(frozen=True)
class RenderedView:
    """Pictures of one marked view, in stored orientation; about 1 MB."""

    film: Grey
    """The whole view, ``(FILM_HEIGHT, columns)``."""
    rows: int
    """Rows of the view itself."""
    square: CropSquare
    """The square around the mass, in stored pixels of the view."""
    lesion: Grey
    """The pixels in the square, ``(SQUARE_SIDE, SQUARE_SIDE)``."""
    patch: npt.NDArray[np.float32]
    """The square as the input of the networks, ``(256, 256)`` in [0, 1]."""
    hanging: Hanging
    """How the pictures are mirrored for display."""
    spacing: Spacing | None
    """Pixel spacing of the view."""


def render_view(
    view: View, square: CropSquare, breast: Laterality | str, film: Grey | None = None
) -> RenderedView:
    """Render the pictures of a marked view.

    Parameters
    ----------
    view
        The view, with its pixels.
    square
        The square around the mass, in stored pixels of the view.
    breast
        ``L`` or ``R``; decides how the pictures are mirrored for display.
    film
        Result of :func:`render_film` for this view, where several lesions share the film.
    """
    return RenderedView(
        film=render_film(view) if film is None else film,
        rows=view.pixels.shape[0],
        square=square,
        lesion=render_lesion(view, square),
        patch=cut_patch(view, square),
        hanging=hang(view, breast),
        spacing=view.spacing,
    )


def render_film(view: View) -> Grey:
    """Reduce a whole view to :data:`FILM_HEIGHT` rows by area averaging, windowed on its tissue."""
    from PIL import Image

    rows, columns = view.pixels.shape
    size = max(1, round(columns * FILM_HEIGHT / rows)), FILM_HEIGHT
    image = Image.fromarray(np.ascontiguousarray(view.pixels, dtype=np.float32))
    # reducing_gap first reduces by a whole factor, which is faster.
    reduced = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return to_grey(np.asarray(reduced, dtype=np.float32), tissue_window(view.pixels[::8, ::8]))


def render_lesion(view: View, square: CropSquare) -> Grey:
    """Resample the pixels in a square, windowed on their own tissue; black outside the view."""
    patch = cut_patch(view, square, SQUARE_SIDE)
    return to_grey(patch, tissue_window(patch))


def film_with_box(rendered: RenderedView, box: Box, height: int = FILM_HEIGHT) -> Colour:
    """Draw the box around the mass on the film.

    Parameters
    ----------
    rendered
        Pictures of the view.
    box
        In stored pixels of the view.
    height
        Rows of the picture.

    Returns
    -------
    ndarray of uint8, shape ``(height, columns, 3)``
        In stored orientation.
    """
    from PIL import Image

    film = rendered.film
    if height != len(film):
        size = max(1, round(film.shape[1] * height / len(film))), height
        film = np.asarray(Image.fromarray(film).resize(size, Image.Resampling.BILINEAR))
    scale = height / rendered.rows
    placed = Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
    return draw_box(colour(film), placed)


def lesion_with_evidence(rendered: RenderedView, evidence: Evidence, box: Box) -> Colour:
    """Draw the box around the mass and an evidence map on the picture of the lesion.

    Parameters
    ----------
    rendered
        Pictures of the view.
    evidence
        The map.
    box
        In stored pixels of the view.

    Returns
    -------
    ndarray of uint8, shape ``(SQUARE_SIDE, SQUARE_SIDE, 3)``
        In stored orientation.
    """
    side = len(rendered.lesion)
    boxed = draw_box(colour(rendered.lesion), rendered.square.box_on_grid(box, side))
    return lay_over(boxed, evidence_layer(evidence, rendered.square, side))
