"""Synthetic masses of known shape, margin and spiculation, computed from formulas.

>>> picture = mass(radius=40, spicules=12, length=0.8)     # (256, 256) in [0, 1]
>>> box = mass_box(radius=40)                                # around the body, not the spicules

Each is a bright body on a darker background, in the centre of the patch unless it is shifted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE
from mammopair.view import Box

GROUND, BODY = 0.3, 0.65
"""Brightness around and inside."""


def mass(
    radius: float = 60.0,
    *,
    aspect: float = 1.0,
    softness: float = 1.5,
    spicules: int = 0,
    length: float = 0.8,
    width: float = 4.0,
    noise: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    turn: float = 0.1,
    seed: int = 0,
    side: int = PATCH_SIDE,
) -> npt.NDArray[np.float32]:
    """Draw ``(side, side)`` in [0, 1]: an ellipse with straight radial lines.

    Parameters
    ----------
    radius
        Longer half axis, horizontal, in cells of a patch of 256; lengths scale with ``side``.
    aspect
        Shorter half axis, vertical, divided by the longer.
    softness
        Width of the margin: scale of the logistic step, in cells.
    spicules, length, width
        Number of lines, at equal angles; their length beyond the margin, in radii; and their
        width in cells. They fade towards their ends.
    noise
        Standard deviation of white noise.
    shift
        Position of the centre, to the right and down, in cells.
    turn
        Angle of the first line, in radians.
    """
    rng = np.random.default_rng(seed)
    cells = (np.arange(side) + 0.5) * PATCH_SIDE / side - PATCH_SIDE / 2
    x, y = cells[None, :] - shift[0], cells[:, None] - shift[1]
    distance = np.hypot(x, y / aspect)
    body = _step((radius - distance) / softness)
    for spicule in range(spicules):
        angle = turn + 2 * np.pi * spicule / spicules
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        fade = np.clip((radius * (1 + length) - along) / (radius * length), 0, 1) * (along > 0)
        body = np.maximum(body, fade * np.exp(-((across / width) ** 2) * 2) * 0.7)
    picture = GROUND + (BODY - GROUND) * body + noise * rng.standard_normal((side, side))
    return np.clip(picture, 0, 1).astype(np.float32)


def mass_box(
    radius: float = 60.0, aspect: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)
) -> Box:
    """Return the box around the body of a :func:`mass`, in cells of the patch."""
    middle = PATCH_SIDE / 2
    return Box(
        middle + shift[0] - radius,
        middle + shift[1] - radius * aspect,
        2 * radius,
        2 * radius * aspect,
    )


def _step(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(value, -50, 50)))
