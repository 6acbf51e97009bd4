"""Texture inside the mass and around it: co-occurrence matrices and local binary patterns.

The patch is reduced to 128 x 128 cells, so that grain and sharpness of the film have less effect,
and scaled to its 1st and 99th percentiles, so that exposure has none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.mass_zones import AROUND, INSIDE, zone
from mammopair.features.outline import Outline

REDUCTION = 2
"""Factor by which the patch is reduced."""
LEVELS = 16
"""Grey levels of the co-occurrence matrices."""
DISTANCES = (1, 4)
"""Distances of the two cells of a pair; the four directions are averaged."""
NEIGHBOURS, REACH = 8, 2
"""Number and distance of the neighbours in local binary patterns."""

ZONES = {"inside": INSIDE, "around": AROUND}
PROPERTIES = {
    "contrast": "mean squared difference of the two levels",
    "dissimilarity": "mean difference of the two levels",
    "homogeneity": "mean of 1 / (1 + difference^2)",
    "ASM": "sum of squared frequencies",
    "correlation": "correlation of the two levels; 1 if flat",
    "entropy": "entropy of the pairs, in nats",
}
_GLCM = "Haralick et al., IEEE Trans SMC 3:610 (1973); IBSI 3.6; scikit-image graycoprops"
_LBP = "Ojala et al., IEEE Trans PAMI 24:971 (2002); scikit-image local_binary_pattern"
FEATURES = (
    *(
        Feature(
            f"glcm_{name}_{distance}_{where}",
            "1",
            f"{meaning}, at distance {distance}, {where}",
            _GLCM,
        )
        for where in ZONES
        for distance in DISTANCES
        for name, meaning in PROPERTIES.items()
    ),
    *(
        Feature(f"lbp_{pattern}_{where}", "1", f"fraction of cells with {meaning}, {where}", _LBP)
        for where in ZONES
        for pattern, meaning in (
            *((n, f"{n} brighter neighbours in a row") for n in range(NEIGHBOURS + 1)),
            ("mixed", "brighter neighbours in several groups"),
        )
    ),
)


def texture_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """Measure :data:`FEATURES`."""
    grey = _quantised(patch)
    zones = {where: _reduced(zone(patch, outline, reach)) >= 0.5 for where, reach in ZONES.items()}
    patterns = _binary_patterns(grey)
    found: dict[str, float] = {}
    for where, cells in zones.items():
        found |= {
            f"glcm_{name}_{where}": value for name, value in _cooccurrence(grey, cells).items()
        }
    for where, cells in zones.items():
        fractions = np.bincount(patterns[cells], minlength=NEIGHBOURS + 2) / max(cells.sum(), 1)
        names = [*range(NEIGHBOURS + 1), "mixed"]
        found |= {f"lbp_{name}_{where}": part for name, part in zip(names, fractions, strict=True)}
    return found


def _quantised(patch: MarkedPatch) -> npt.NDArray[np.uint8]:
    """Scale to ``(128, 128)``, 0 to 255 between the percentiles; a flat patch is 0."""
    low, high = np.quantile(patch.pixels[patch.on_film], [0.01, 0.99])
    scaled = np.clip((patch.filled - low) / max(high - low, 1e-3), 0, 1)
    return np.rint(255 * _reduced(scaled)).astype(np.uint8)


def _reduced(cells: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Average ``(256, 256)`` to ``(128, 128)``."""
    from skimage.transform import downscale_local_mean

    return np.asarray(downscale_local_mean(cells, (REDUCTION, REDUCTION)), np.float64)


def _cooccurrence(grey: npt.NDArray[np.uint8], cells: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Compute the properties of the pairs with both cells in a zone, by ``NAME_DISTANCE``."""
    from skimage.feature import graycomatrix, graycoprops

    levels = 1 + (grey.astype(np.uint16) * LEVELS // 256).astype(np.uint8)
    masked = np.where(cells, levels, 0).astype(np.uint8)
    angles = np.arange(4) * np.pi / 4
    pairs = graycomatrix(masked, DISTANCES, angles, LEVELS + 1, symmetric=True)
    pairs = pairs[1:, 1:].astype(np.float64)  # level 0 is outside the zone
    pairs[0, 0] += 1e-9  # a zone too thin for any pair is flat
    pairs = pairs.sum(axis=3, keepdims=True)
    pairs /= pairs.sum(axis=(0, 1))
    return {
        f"{name}_{distance}": float(value)
        for name in PROPERTIES
        for distance, value in zip(DISTANCES, graycoprops(pairs, name)[:, 0], strict=True)
    }


def _binary_patterns(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    from skimage.feature import local_binary_pattern

    return local_binary_pattern(grey, NEIGHBOURS, REACH, "uniform").astype(np.intp)
