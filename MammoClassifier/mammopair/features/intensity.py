"""Brightness inside the mass and around it, and the contrast of the two.

Features in ``grey`` also depend on exposure and window; the others are relative to the patch or to
the surroundings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.mass_zones import AROUND, CORE, INSIDE, RIM, zone
from mammopair.features.outline import Outline

BINS = 32
FLAT = 1e-4
"""Minimum standard deviation, in grey: smaller ones are replaced by it in ratios."""

_FIRST = "IBSI 3.3, intensity-based statistics"
_HISTOGRAM = "IBSI 3.4, intensity histogram"
_CONTRAST = "te Brake et al., Phys Med Biol 45:2843 (2000)"
FEATURES = (
    Feature("intensity_mean", "grey", "mean inside", _FIRST),
    Feature("intensity_around", "grey", "mean around", _FIRST),
    Feature("intensity_deviation", "grey", "standard deviation inside", _FIRST),
    Feature("intensity_deviation_around", "grey", "standard deviation around", _FIRST),
    Feature("intensity_skewness", "1", "skewness inside", _FIRST),
    Feature("intensity_kurtosis", "1", "excess kurtosis inside", _FIRST),
    Feature(
        "intensity_spread",
        "1",
        "range of the 10th to 90th percentile inside, divided by that of the patch",
        _FIRST,
    ),
    Feature(
        "intensity_entropy", "1", "entropy, in bits, of 32 bins over the patch's range", _HISTOGRAM
    ),
    Feature("intensity_uniformity", "1", "sum of the squared fractions of these bins", _HISTOGRAM),
    Feature(
        "contrast_to_noise",
        "1",
        "difference of the means divided by the pooled deviation",
        _CONTRAST,
    ),
    Feature("contrast_michelson", "1", "difference of the means divided by their sum", _CONTRAST),
    Feature(
        "contrast_overlap",
        "1",
        "probability that a cell inside is brighter than one around",
        _CONTRAST,
    ),
    Feature(
        "contrast_core",
        "1",
        "mean of the core minus that of the rim, in standard deviations inside",
        _CONTRAST,
    ),
    Feature(
        "contrast_deviation_ratio",
        "1",
        "standard deviation inside divided by that around",
        _CONTRAST,
    ),
)


def intensity_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """Measure :data:`FEATURES`; zones flatter than :data:`FLAT` are treated as that flat."""
    inside, around, core, rim = (
        patch.pixels[zone(patch, outline, reach)].astype(np.float64)
        for reach in (INSIDE, AROUND, CORE, RIM)
    )
    film = patch.pixels[patch.on_film].astype(np.float64)
    deviation, outer = max(inside.std(), FLAT), max(around.std(), FLAT)
    scaled = (inside - inside.mean()) / deviation
    low, high = np.quantile(film, [0.01, 0.99])
    fractions = np.histogram(
        np.clip(inside, low, high), bins=BINS, range=(low, max(high, low + FLAT))
    )[0]
    fractions = fractions[fractions > 0] / len(inside)
    difference = inside.mean() - around.mean()
    return {
        "intensity_mean": inside.mean(),
        "intensity_around": around.mean(),
        "intensity_deviation": inside.std(),
        "intensity_deviation_around": around.std(),
        "intensity_skewness": (scaled**3).mean(),
        "intensity_kurtosis": (scaled**4).mean() - 3,
        "intensity_spread": _range(inside) / max(_range(film), FLAT),
        "intensity_entropy": -(fractions * np.log2(fractions)).sum(),
        "intensity_uniformity": (fractions**2).sum(),
        "contrast_to_noise": difference / np.sqrt((deviation**2 + outer**2) / 2),
        "contrast_michelson": difference / max(inside.mean() + around.mean(), FLAT),
        "contrast_overlap": _probability_of_superiority(inside, around),
        "contrast_core": (core.mean() - rim.mean()) / deviation,
        "contrast_deviation_ratio": deviation / outer,
    }


def _range(values: npt.NDArray[np.float64]) -> float:
    low, high = np.quantile(values, [0.1, 0.9])
    return float(high - low)


def _probability_of_superiority(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]
) -> float:
    """Compute ``P(first > second) + P(equal) / 2``, the area under the ROC curve."""
    ordered = np.sort(second)
    below = np.searchsorted(ordered, first, "left")
    up_to = np.searchsorted(ordered, first, "right")
    return float((below + up_to).mean() / 2 / len(second))
