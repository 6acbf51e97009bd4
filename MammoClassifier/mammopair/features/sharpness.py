"""Sharpness of the margin: brightness along the normals of the outline.

These features also depend on the sharpness of the film.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.crop import to_pixel_index
from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.outline import Outline

REACH = 0.25
"""Half the length of a normal, in radii of the disc of the same area."""
SAMPLES = 17
"""Points along a normal."""
SMOOTHING = 1.0
"""Standard deviation, in cells, of the Gaussian that is applied before sampling."""
CLEAR = 0.5
"""The margin is clear where its gradient is at least this fraction of its 90th percentile."""

_RANGAYYAN = "Rangayyan et al., IEEE Trans Med Imaging 16:799 (1997)"
_MUDIGONDA = "Mudigonda et al., IEEE Trans Med Imaging 19:1032 (2000)"
FEATURES = (
    Feature(
        "margin_acutance",
        "1",
        "mean decrease of brightness along a normal, in standard deviations of the patch",
        _RANGAYYAN,
    ),
    Feature(
        "margin_acutance_deviation", "1", "its standard deviation along the margin", _RANGAYYAN
    ),
    Feature(
        "margin_gradient",
        "1",
        "mean of the maximum gradient, in standard deviations of the patch per radius",
        _MUDIGONDA,
    ),
    Feature(
        "margin_gradient_variation",
        "1",
        "standard deviation of the maximum gradient divided by its mean",
        _MUDIGONDA,
    ),
    Feature(
        "margin_width", "1", "total decrease divided by the maximum gradient, in radii", _MUDIGONDA
    ),
    Feature("margin_width_mm", "mm", "the same in millimetres", _MUDIGONDA),
    Feature("margin_clear_share", "1", "fraction of the margin that is clear", _RANGAYYAN),
    Feature(
        "margin_lost_share",
        "1",
        "fraction of the margin without a decrease of brightness",
        _RANGAYYAN,
    ),
)


def sharpness_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """Measure :data:`FEATURES`; without any edge, the width is that of the whole normal."""
    profiles = normal_profiles(patch, outline) / patch.deviation
    step = 2 * REACH / (SAMPLES - 1)
    middle = SAMPLES // 2
    decrease = profiles[:, :middle].mean(axis=1) - profiles[:, middle + 1 :].mean(axis=1)
    max_gradient = np.clip((-np.diff(profiles, axis=1)).max(axis=1), 0, None) / step
    mean, minimum = float(max_gradient.mean()), 1e-3
    ends = np.clip(profiles[:, 0] - profiles[:, -1], 0, None).mean()
    width = min(float(ends) / mean, 2 * REACH) if mean > minimum else 2 * REACH
    cell = np.nan if patch.millimetres is None else patch.millimetres
    return {
        "margin_acutance": float(decrease.mean()),
        "margin_acutance_deviation": float(decrease.std()),
        "margin_gradient": mean,
        "margin_gradient_variation": float(max_gradient.std()) / max(mean, minimum),
        "margin_width": width,
        "margin_width_mm": width * outline.radius * cell,
        "margin_clear_share": float(
            (max_gradient > max(CLEAR * np.quantile(max_gradient, 0.9), minimum)).mean()
        ),
        "margin_lost_share": float((decrease <= 0).mean()),
    }


def normal_profiles(patch: MarkedPatch, outline: Outline) -> npt.NDArray[np.float64]:
    """Sample ``(128, 17)``: brightness along the normal of each point, from inside outwards."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    points = outline.points
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    reach = np.linspace(-REACH, REACH, SAMPLES) * outline.radius
    x, y = np.moveaxis(points[:, None] + reach[:, None] * normal[:, None], -1, 0)
    smooth = gaussian_filter(patch.filled.astype(np.float64), SMOOTHING)
    return np.asarray(
        map_coordinates(smooth, [to_pixel_index(y), to_pixel_index(x)], order=1, mode="nearest")
    )
