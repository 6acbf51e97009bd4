"""Deletion and insertion: does the answer go when what the map names goes, and come back with it?

The regions of a patch are put in the order of the map's *relevance*: its value times the sign of
the calibrated logit, so that what speaks for the answer given comes first, be it malignant or
benign. **Deletion** replaces the first regions and keeps the rest, **insertion** keeps the first
and replaces the rest. The score is the probability of the answer that the whole patch gets,
``sigmoid(side * logit)``; the figure is the area under it against the part of the patch, in
[0, 1]: low is good for deletion, high for insertion.

References
----------
Petsiuk, Das & Saenko, RISE, BMVC 2018, arXiv 1806.07421: both figures, and the area.
Samek et al., Evaluating the visualization of what a deep neural network has learned, IEEE Trans
Neural Netw Learn Syst 28:2660, 2017: square regions in place of pixels, which would leave a
pattern that no film has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.explain.attribution import Floats
from mammopair_research.map_evaluation.region_replacement import REPLACEMENTS, Image

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

REGIONS = 32
"""Rows and columns of regions: 8 x 8 pixels of a patch of 256."""
PARTS = (0.05, 0.15, 0.35, 0.65)
"""Of the patch that are replaced or kept, beside none and all of it."""

Order = npt.NDArray[np.intp]


def side_of(logit: float) -> int:
    """1 where the answer is malignant, -1 where it is benign."""
    return -1 if logit < 0 else 1


def region_order(relevance: Floats) -> Order:
    """The numbers of all ``REGIONS ** 2`` regions, the most relevant first.

    A coarse map is interpolated linearly, a fine one averaged. Equals come in an order drawn by
    lot, the same each time: from top to bottom would be an opinion.
    """
    from PIL import Image as Picture

    picture = Picture.fromarray(np.asarray(relevance, np.float32))
    how = Picture.Resampling.BOX if len(relevance) > REGIONS else Picture.Resampling.BILINEAR
    values = np.asarray(picture.resize((REGIONS, REGIONS), how)).ravel()
    lot = np.random.default_rng(0).permutation(values.size)
    return np.lexsort((lot, -values))


def region_mask(regions: Order, rows: int) -> npt.NDArray[np.bool_]:
    """``(rows, rows)``: which pixels lie in the regions of these numbers."""
    chosen = np.zeros(REGIONS**2, bool)
    chosen[regions] = True
    block = rows // REGIONS
    return np.kron(chosen.reshape(REGIONS, REGIONS), np.ones((block, block), bool))


@dataclass(frozen=True)
class Ends:
    """What is said of the whole patch and of the wholly replaced one: common to all its maps."""

    whole: float
    """The calibrated logit."""
    replaced: tuple[float, ...]
    """Likewise, by :data:`REPLACEMENTS`."""

    @property
    def side(self) -> int:
        """1 where the answer is malignant, -1 where it is benign."""
        return side_of(self.whole)


def read_ends(reader: DifferentiableEnsemble, patch: Image) -> Ends:
    """Read a patch, and what is left of it under each replacement."""
    nothing = np.zeros(patch.shape, bool)
    emptied = [fill(patch, nothing) for fill in REPLACEMENTS.values()]
    whole, *replaced = reader.logits(np.stack([patch, *emptied]))
    return Ends(float(whole), tuple(float(logit) for logit in replaced))


def deletion_and_insertion(
    reader: DifferentiableEnsemble, patch: Image, cells: Floats, ends: Ends
) -> dict[str, float]:
    """The areas of a map of a patch.

    Parameters
    ----------
    reader
        What the map explains.
    patch
        ``(rows, rows)``, ``rows`` a multiple of :data:`REGIONS` and a power of two.
    cells
        The map, signed, ``(h, w)``.
    ends
        Of this reader and patch.

    Returns
    -------
    dict
        ``deletion, blur``, ``insertion, blur`` and the same with ``in-paint``.
    """
    order = region_order(ends.side * cells)
    kept = [region_mask(order[: round(part * order.size)], len(patch)) for part in PARTS]
    seen = [~mask for mask in kept] + kept
    altered = [fill(patch, mask) for fill in REPLACEMENTS.values() for mask in seen]
    logits = reader.logits(np.stack(altered)).reshape(len(REPLACEMENTS), 2, len(PARTS))
    areas = {}
    for name, emptied, (deleting, inserting) in zip(
        REPLACEMENTS, ends.replaced, logits, strict=True
    ):
        areas[f"deletion, {name}"] = _area([ends.whole, *deleting, emptied], ends.side)
        areas[f"insertion, {name}"] = _area([emptied, *inserting, ends.whole], ends.side)
    return areas


def _area(logits: Sequence[float], side: int) -> float:
    """Under the probability of the answer at none, :data:`PARTS` and all of the patch."""
    scores = sigmoid(side * np.asarray(logits, np.float64))
    return float(np.trapezoid(scores, (0.0, *PARTS, 1.0)))
