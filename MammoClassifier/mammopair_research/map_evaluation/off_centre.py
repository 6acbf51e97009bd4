"""Squares with the mass off-centre, on the whole film.

In classification every mass is in the centre of its square. To test whether a map localises the
mass rather than the centre, the square is shifted: it keeps its size and contains the whole box,
and the box is towards one of the corners.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mammopair.crop import CropSquare, place_square
from mammopair.view import Box, View

REACH = 0.8
"""Shift of the box from the centre towards the edges, as a fraction of the largest possible."""


def off_centre_square(view: View, box: Box, seed: int) -> CropSquare:
    """Shift the square of a box so that the box is towards one of its corners.

    The corner is drawn from those that leave the square on the film; if none does, as for a mass at
    the edge of the film, from those that leave most of it on the film.

    Parameters
    ----------
    view
        The film.
    box
        The mass, in pixels of the view.
    seed
        Random seed.

    Raises
    ------
    InputError
        If the box has no area or lies completely outside the view.
    """
    square = place_square(view, box)
    x, y = box.centre
    right = REACH * max(square.width - box.width, 0.0) / 2
    down = REACH * max(square.height - box.height, 0.0) / 2
    shifted = [
        replace(
            square,
            left=x + across * right - square.width / 2,
            top=y + along * down - square.height / 2,
        )
        for across in (-1, 1)
        for along in (-1, 1)
    ]
    on_film = np.array([_area_on(view, one) for one in shifted])
    best = np.flatnonzero(on_film >= on_film.max() - 1e-6 * square.width * square.height)
    return shifted[np.random.default_rng(seed).choice(best)]


def _area_on(view: View, square: CropSquare) -> float:
    """Return the area of a square that lies on the view, in pixels."""
    rows, columns = view.pixels.shape
    across = min(square.left + square.width, columns) - max(square.left, 0.0)
    down = min(square.top + square.height, rows) - max(square.top, 0.0)
    return max(across, 0.0) * max(down, 0.0)
