"""All radiological features of a marked mass: their definitions and values.

>>> values = compute_features(view, box)
>>> for feature in FEATURES:
...     print(feature.name, values[feature.name], feature.unit)

They are measured on the patch that the networks are applied to. All values are finite, also for a
saturated, flat or tiny patch, except those in millimetres if the pixel spacing is unknown.
"""

from __future__ import annotations

from mammopair.features import gradients, intensity, shape, sharpness, spiculation, texture
from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch, cut_marked_patch
from mammopair.features.outline import find_outline
from mammopair.view import Box, View

FEATURES: tuple[Feature, ...] = (
    *shape.FEATURES,
    *sharpness.FEATURES,
    *spiculation.FEATURES,
    *intensity.FEATURES,
    *texture.FEATURES,
    *gradients.FEATURES,
)
"""Definitions, in the order of the columns of feature tables."""
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURES_VERSION = 1
"""To be incremented when a value changes, so that stored feature tables are computed again."""


def compute_features(view: View, box: Box) -> dict[str, float]:
    """Measure the features of a mass on a view, by name.

    Raises
    ------
    InputError
        If the box has no area or lies completely outside the view.
    """
    return patch_features(cut_marked_patch(view, box))


def patch_features(patch: MarkedPatch) -> dict[str, float]:
    """Measure the features of a mass on a patch, by name."""
    outline = find_outline(patch)
    found = {
        **shape.shape_features(patch, outline),
        **sharpness.sharpness_features(patch, outline),
        **spiculation.spiculation_features(patch),
        **intensity.intensity_features(patch, outline),
        **texture.texture_features(patch, outline),
        **gradients.gradient_features(patch, outline),
    }
    return {name: float(found[name]) for name in FEATURE_NAMES}
