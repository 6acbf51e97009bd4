"""Crops with the mass off the centre, cut from the whole film through the one crop mapping.

In use every mass is in the middle of its square. To see whether a map finds it, or just points to
the middle, the square is moved: it keeps its size, the whole box stays in it, and the box goes
towards one of the corners.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mammopair.crop import CropSquare, place_square
from mammopair.view import Box, View

REACH = 0.8
"""How far the box goes on the way from the middle to the edges, in each direction."""


def off_centre_square(view: View, box: Box, seed: int) -> CropSquare:
    """The square of a box, moved so that the box lies towards a corner of it.

    Of the four corners one is drawn among those that leave the square on the film; where none
    does, as for a mass at the film's edge, among those that leave most of it there.

    Raises
    ------
    InputError
        If the box has no area or lies wholly outside the view.
    """
    square = place_square(view, box)
    x, y = box.centre
    right = REACH * max(square.width - box.width, 0.0) / 2
    down = REACH * max(square.height - box.height, 0.0) / 2
    moved = [
        replace(
            square,
            left=x + across * right - square.width / 2,
            top=y + along * down - square.height / 2,
        )
        for across in (-1, 1)
        for along in (-1, 1)
    ]
    on_film = np.array([_area_on(view, one) for one in moved])
    best = np.flatnonzero(on_film >= on_film.max() - 1e-6 * square.width * square.height)
    return moved[np.random.default_rng(seed).choice(best)]


def _area_on(view: View, square: CropSquare) -> float:
    """How much of a square lies on the view, in pixels."""
    rows, columns = view.pixels.shape
    across = min(square.left + square.width, columns) - max(square.left, 0.0)
    down = min(square.top + square.height, rows) - max(square.top, 0.0)
    return max(across, 0.0) * max(down, 0.0)
