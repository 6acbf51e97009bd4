"""All radiological features of a marked mass: the catalogue, and their values.

>>> values = compute_features(view, box)
>>> for feature in FEATURES:
...     print(feature.name, values[feature.name], feature.unit)

They are measured on the very patch that the networks get. Every value is a finite number, for a
saturated, flat or tiny crop too; only those in millimetres are NaN, where spacing is unknown.
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
"""Name, unit, definition and source of each feature, in the order of the table's columns."""
NAMES = tuple(feature.name for feature in FEATURES)
VERSION = 1
"""Goes up whenever a value changes, so that a table that was kept is not mistaken for a new one."""


def compute_features(view: View, box: Box) -> dict[str, float]:
    """The features of a mass on a view, by name.

    Raises
    ------
    InputError
        If the box has no area or lies wholly outside the view.
    """
    return patch_features(cut_marked_patch(view, box))


def patch_features(patch: MarkedPatch) -> dict[str, float]:
    """The features of a mass on a patch, by name."""
    outline = find_outline(patch)
    found = {
        **shape.shape_features(patch, outline),
        **sharpness.sharpness_features(patch, outline),
        **spiculation.spiculation_features(patch),
        **intensity.intensity_features(patch, outline),
        **texture.texture_features(patch, outline),
        **gradients.gradient_features(patch, outline),
    }
    return {name: float(found[name]) for name in NAMES}
