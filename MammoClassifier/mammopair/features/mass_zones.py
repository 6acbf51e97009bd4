"""Inside, margin and surroundings: the zones of a patch that its outline defines."""

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
"""From and to, in radii of the outline in the same direction."""
LEAST_CELLS = 25


def zone(patch: MarkedPatch, outline: Outline, reach: tuple[float, float]) -> Zone:
    """``(256, 256)``: the film between two relative radii; all film where that is too little."""
    low, high = reach
    found = (outline.relative_radius >= low) & (outline.relative_radius < high) & patch.on_film
    return found if found.sum() >= LEAST_CELLS else patch.on_film
