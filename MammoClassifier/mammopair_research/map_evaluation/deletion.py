"""Deletion and insertion: how the prediction changes when the most relevant regions are replaced.

The regions of a patch are sorted by the map's *relevance*: its value times the sign of the
calibrated logit, so that evidence for the predicted class comes first. **Deletion** replaces the
first regions, **insertion** replaces all but the first. The score is the probability of the class
predicted for the whole patch, ``sigmoid(sign * logit)``; the measure is the area under it as a
function of the fraction of the patch, in [0, 1]: low is good for deletion, high for insertion.

References
----------
Petsiuk, Das & Saenko, RISE, BMVC 2018, arXiv 1806.07421: both measures, and the area.
Samek et al., Evaluating the visualization of what a deep neural network has learned, IEEE Trans
Neural Netw Learn Syst 28:2660, 2017: square regions instead of single pixels, which would leave a
pattern that does not occur on film.
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
"""Rows and columns of regions: 8 x 8 pixels each on a patch of 256."""
FRACTIONS = (0.05, 0.15, 0.35, 0.65)
"""Fractions of the patch that are replaced or kept, besides 0 and 1."""

Order = npt.NDArray[np.intp]


def sign_of(logit: float) -> int:
    """Return 1 for a malignant prediction, -1 for a benign one."""
    return -1 if logit < 0 else 1


def region_order(relevance: Floats) -> Order:
    """Return the numbers of all ``REGIONS ** 2`` regions, the most relevant first.

    A coarse map is interpolated linearly, a fine one averaged. Ties are in a random order, the same
    each time, since an order by rows would favour the top of the patch.
    """
    from PIL import Image as PillowImage

    image = PillowImage.fromarray(np.asarray(relevance, np.float32))
    fine = len(relevance) > REGIONS
    filter_ = PillowImage.Resampling.BOX if fine else PillowImage.Resampling.BILINEAR
    values = np.asarray(image.resize((REGIONS, REGIONS), filter_)).ravel()
    random = np.random.default_rng(0).permutation(values.size)
    return np.lexsort((random, -values))


def region_mask(regions: Order, rows: int) -> npt.NDArray[np.bool_]:
    """Return the mask of some regions, ``(rows, rows)``."""
    chosen = np.zeros(REGIONS**2, bool)
    chosen[regions] = True
    block = rows // REGIONS
    return np.kron(chosen.reshape(REGIONS, REGIONS), np.ones((block, block), bool))


@dataclass(frozen=True)
class Endpoints:
    """Logits of the whole patch and of the completely replaced one, common to all maps of it."""

    whole: float
    """Calibrated logit of the patch."""
    replaced: tuple[float, ...]
    """Calibrated logit with each of :data:`REPLACEMENTS`."""

    @property
    def sign(self) -> int:
        """1 for a malignant prediction, -1 for a benign one."""
        return sign_of(self.whole)


def compute_endpoints(model: DifferentiableEnsemble, patch: Image) -> Endpoints:
    """Compute the logits of a patch and of its complete replacements."""
    nothing = np.zeros(patch.shape, bool)
    replaced = [replace(patch, nothing) for replace in REPLACEMENTS.values()]
    whole, *others = model.logits(np.stack([patch, *replaced]))
    return Endpoints(float(whole), tuple(float(logit) for logit in others))


def deletion_and_insertion(
    model: DifferentiableEnsemble, patch: Image, cells: Floats, endpoints: Endpoints
) -> dict[str, float]:
    """Compute the areas of deletion and insertion for a map of a patch.

    Parameters
    ----------
    model
        The explained members.
    patch
        ``(rows, rows)``, ``rows`` a power of two and a multiple of :data:`REGIONS`.
    cells
        The map, signed, ``(h, w)``.
    endpoints
        Of this model and patch.

    Returns
    -------
    dict
        ``deletion, blur``, ``insertion, blur`` and the same with ``in-paint``.
    """
    order = region_order(endpoints.sign * cells)
    kept = [
        region_mask(order[: round(fraction * order.size)], len(patch)) for fraction in FRACTIONS
    ]
    visible = [~mask for mask in kept] + kept
    altered = [replace(patch, mask) for replace in REPLACEMENTS.values() for mask in visible]
    logits = model.logits(np.stack(altered)).reshape(len(REPLACEMENTS), 2, len(FRACTIONS))
    areas = {}
    for name, replaced, (deleting, inserting) in zip(
        REPLACEMENTS, endpoints.replaced, logits, strict=True
    ):
        sign = endpoints.sign
        areas[f"deletion, {name}"] = _area([endpoints.whole, *deleting, replaced], sign)
        areas[f"insertion, {name}"] = _area([replaced, *inserting, endpoints.whole], sign)
    return areas


def _area(logits: Sequence[float], sign: int) -> float:
    """Return the area under the probability at the fractions 0, :data:`FRACTIONS` and 1."""
    scores = sigmoid(sign * np.asarray(logits, np.float64))
    return float(np.trapezoid(scores, (0.0, *FRACTIONS, 1.0)))
