"""Size and shape of the outline.

Features in millimetres are NaN if the pixel spacing is unknown; all others are relative.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.outline import Outline

BINS = 10
"""Bins of the histogram of radial lengths."""
MIN_DIFFERENCE = 0.005
"""Minimum difference of a radial length from the mean to be above or below it."""

_IBSI = "IBSI 3.1, in two dimensions"
_KILDAY = "Kilday et al., IEEE Trans Med Imaging 12:664 (1993)"
_SHEN = "Shen et al., IEEE Trans Med Imaging 13:263 (1994)"
FEATURES = (
    Feature("shape_box_longer_side", "mm", "longer side of the marked box", "-"),
    Feature("shape_area", "mm2", "area of the outline", _IBSI),
    Feature("shape_diameter", "mm", "diameter of the disc of the same area", _IBSI),
    Feature("shape_box_aspect", "1", "shorter side of the box divided by the longer", "-"),
    Feature("shape_box_fill", "1", "area of the outline divided by that of the box", "-"),
    Feature("shape_circularity", "1", "4 pi area / perimeter^2; 1 for a disc", _IBSI),
    Feature("shape_elongation", "1", "square root of the ratio of the principal moments", _IBSI),
    Feature("shape_solidity", "1", "area divided by that of the convex hull", _IBSI),
    Feature("shape_convexity", "1", "perimeter of the convex hull divided by the perimeter", _IBSI),
    Feature(
        "shape_radial_mean", "1", "mean distance from the centroid divided by the maximum", _KILDAY
    ),
    Feature("shape_radial_deviation", "1", "standard deviation of the same", _KILDAY),
    Feature("shape_radial_entropy", "1", "entropy, in bits, of the same in 10 bins", _KILDAY),
    Feature(
        "shape_radial_area_ratio", "1", "mean excess over the mean, divided by the mean", _KILDAY
    ),
    Feature("shape_radial_crossings", "1", "number of crossings of its mean", _KILDAY),
    Feature("shape_radial_roughness", "1", "mean change between adjacent directions", _KILDAY),
    Feature("shape_fourier_factor", "1", "weight of high Fourier descriptors, [0, 1]", _SHEN),
)


def shape_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """Measure :data:`FEATURES`."""
    from scipy.spatial import ConvexHull

    cell = np.nan if patch.millimetres is None else patch.millimetres
    box, points = patch.box, outline.points
    longer, shorter = max(box.width, box.height), min(box.width, box.height)
    perimeter = _length(points)
    hull = points[ConvexHull(points).vertices]
    return {
        "shape_box_longer_side": longer * cell,
        "shape_area": outline.area * cell**2,
        "shape_diameter": 2 * outline.radius * cell,
        "shape_box_aspect": shorter / longer,
        "shape_box_fill": outline.area / (box.width * box.height),
        "shape_circularity": 4 * np.pi * outline.area / perimeter**2,
        "shape_elongation": _elongation(outline),
        "shape_solidity": outline.area / _area(hull),
        "shape_convexity": _length(hull) / perimeter,
        **_radial_features(outline),
        "shape_fourier_factor": _fourier_factor(points),
    }


def _radial_features(outline: Outline) -> dict[str, float]:
    """Measure the normalised radial length: the distance from the centroid over the maximum."""
    distance = np.linalg.norm(outline.points - outline.centroid, axis=1)
    distance = distance / distance.max()
    excess = distance - distance.mean()
    fractions = np.histogram(distance, bins=BINS, range=(0, 1))[0] / len(distance)
    fractions = fractions[fractions > 0]
    sides = np.sign(excess[np.abs(excess) > MIN_DIFFERENCE])
    return {
        "shape_radial_mean": distance.mean(),
        "shape_radial_deviation": distance.std(),
        "shape_radial_entropy": float(abs((fractions * np.log2(fractions)).sum())),
        "shape_radial_area_ratio": np.clip(excess, 0, None).mean() / distance.mean(),
        "shape_radial_crossings": float((sides != np.roll(sides, 1)).sum()),
        "shape_radial_roughness": np.abs(distance - np.roll(distance, 1)).mean(),
    }


def _fourier_factor(points: npt.NDArray[np.float64]) -> float:
    """Compute ``1 - sum(|Z_k| / |k|) / sum |Z_k|``: 0 for an ellipse, higher if rougher."""
    count = len(points)
    descriptors = np.abs(np.fft.fft(points[:, 0] + 1j * points[:, 1]))
    order = np.abs(np.fft.fftfreq(count, 1 / count))
    descriptors, order = descriptors[order > 0], order[order > 0]
    return float(1 - (descriptors / order).sum() / descriptors.sum())


def _elongation(outline: Outline) -> float:
    rows, columns = np.nonzero(outline.relative_radius < 1)
    least, greatest = np.linalg.eigvalsh(np.cov(np.stack([rows, columns])))
    return float(np.sqrt(max(least, 0.0) / greatest))


def _length(points: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).sum())


def _area(points: npt.NDArray[np.float64]) -> float:
    x, y = points.T
    return float(np.abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2)
