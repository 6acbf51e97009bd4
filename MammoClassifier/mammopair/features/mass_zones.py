"""Zones of a patch by distance from the outline: inside, margin and surroundings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.outline import Outline

Zone = npt.NDArray[np.bool_]

INSIDE = (0.0, 0.95)
CORE = (0.0, 0.6)
RIM = (0.6, 0.95)
MARGIN = (0.8, 1.2)
AROUND = (1.1, 1.6)
"""Inner and outer limit, relative to the radius of the outline in the same direction."""
MIN_CELLS = 25
"""Minimum size of a zone."""


def zone(patch: MarkedPatch, outline: Outline, reach: tuple[float, float]) -> Zone:
    """Return ``(256, 256)``: the film between two relative radii; all film if it is too small."""
    low, high = reach
    found = (outline.relative_radius >= low) & (outline.relative_radius < high) & patch.on_film
    return found if found.sum() >= MIN_CELLS else patch.on_film
