"""How sharp the margin is: brightness along the normals of the outline.

The sharpness of the film shows in these too: read them beside the film's resolution.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch
from mammopair.features.outline import Outline

REACH = 0.25
"""Half the length of a normal, in radii of the disc of the same area."""
SAMPLES = 17
"""Along a normal."""
SMOOTHING = 1.0
"""Cells: the scale at which brightness is sampled."""
CLEAR = 0.5
"""A margin is clear where it falls half as steeply as at its steepest tenth."""

_RANGAYYAN = "Rangayyan et al., IEEE Trans Med Imaging 16:799 (1997)"
_MUDIGONDA = "Mudigonda et al., IEEE Trans Med Imaging 19:1032 (2000)"
FEATURES = (
    Feature(
        "margin_acutance",
        "1",
        "mean fall of brightness over a normal, in standard deviations of the patch",
        _RANGAYYAN,
    ),
    Feature(
        "margin_acutance_deviation", "1", "its standard deviation round the margin", _RANGAYYAN
    ),
    Feature(
        "margin_gradient",
        "1",
        "mean of the steepest fall, in standard deviations of the patch a radius",
        _MUDIGONDA,
    ),
    Feature(
        "margin_gradient_variation",
        "1",
        "standard deviation of the steepest fall over its mean",
        _MUDIGONDA,
    ),
    Feature("margin_width", "1", "whole fall over the steepest fall, in radii", _MUDIGONDA),
    Feature("margin_width_mm", "mm", "the same in millimetres", _MUDIGONDA),
    Feature("margin_clear_share", "1", "share of the margin that falls clearly", _RANGAYYAN),
    Feature("margin_lost_share", "1", "share of the margin that does not fall at all", _RANGAYYAN),
)


def sharpness_features(patch: MarkedPatch, outline: Outline) -> dict[str, float]:
    """The values of :data:`FEATURES`; without any fall, the width is that of the whole normal."""
    profiles = normal_profiles(patch, outline) / patch.scatter
    step = 2 * REACH / (SAMPLES - 1)
    middle = SAMPLES // 2
    fall = profiles[:, :middle].mean(axis=1) - profiles[:, middle + 1 :].mean(axis=1)
    steepest = np.clip((-np.diff(profiles, axis=1)).max(axis=1), 0, None) / step
    mean, least = float(steepest.mean()), 1e-3
    ends = np.clip(profiles[:, 0] - profiles[:, -1], 0, None).mean()
    width = min(float(ends) / mean, 2 * REACH) if mean > least else 2 * REACH
    cell = np.nan if patch.millimetres is None else patch.millimetres
    return {
        "margin_acutance": float(fall.mean()),
        "margin_acutance_deviation": float(fall.std()),
        "margin_gradient": mean,
        "margin_gradient_variation": float(steepest.std()) / max(mean, least),
        "margin_width": width,
        "margin_width_mm": width * outline.radius * cell,
        "margin_clear_share": float(
            (steepest > max(CLEAR * np.quantile(steepest, 0.9), least)).mean()
        ),
        "margin_lost_share": float((fall <= 0).mean()),
    }


def normal_profiles(patch: MarkedPatch, outline: Outline) -> npt.NDArray[np.float64]:
    """``(128, 17)``: brightness along the normal of each point, from inside outwards."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    points = outline.points
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    reach = np.linspace(-REACH, REACH, SAMPLES) * outline.radius
    places = points[:, None] + reach[:, None] * normal[:, None]
    smooth = gaussian_filter(patch.filled.astype(np.float64), SMOOTHING)
    return np.asarray(
        map_coordinates(
            smooth, [places[..., 1] - 0.5, places[..., 0] - 0.5], order=1, mode="nearest"
        )
    )
