"""Measured features of counterfactual images, along the path to malignant and to benign."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mammopair.evaluation import ScorableCrop
from mammopair.explain.counterfactual import DIRECTIONS, Counterfactual, generate_counterfactual
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.features.marked_patch import MarkedPatch, make_marked_patch
from mammopair.features.spiculation import measure_spiculation
from mammopair.io.crop_folder import CropRow
from mammopair.progress import Progress, exhaust
from mammopair.view import Box
from mammopair_research.concept_correlation.crop_measurements import Floats, read_marked_patch
from mammopair_research.concept_correlation.evidence_zones import ellipse_radius

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

MEASURED_STEPS = 4
"""Steps of each path that are measured, besides the original."""
CONTRAST = "brightness contrast"
"""Mean brightness inside the ellipse of the box minus that outside: a feature other than
spiculation, as a control."""


@dataclass(frozen=True)
class CounterfactualCrop:
    """One crop with its counterfactual images, ordered from benign over the original to malignant.

    There are ``2 * MEASURED_STEPS + 1`` images.
    """

    row: CropRow
    logits: Floats
    """``(images,)``: calibrated."""
    features: dict[str, Floats]
    """By name, ``(images,)`` each."""
    probabilities: Floats
    """``(images,)``"""
    similarity: tuple[float, float]
    """Structural similarity of the benign and of the malignant end to the original."""

    @property
    def original(self) -> int:
        """Index of the original."""
        return len(self.logits) // 2

    @property
    def landmarks(self) -> list[int]:
        """Indices of the benign end, the original and the malignant end."""
        return [0, self.original, -1]


def measure_counterfactuals(
    folder: Path, crops: Sequence[ScorableCrop], ensemble: Ensemble
) -> Generator[Progress, None, list[CounterfactualCrop]]:
    """Generate counterfactual images with the out-of-fold members, and measure their features.

    Parameters
    ----------
    folder
        The crop folder.
    crops
        The crops and their out-of-fold members.
    ensemble
        The ensemble.

    Raises
    ------
    InputError
        If an image cannot be read, or none of the members reads its projection.
    """
    measured = []
    for number, crop in enumerate(crops):
        patch = read_marked_patch(folder, crop.row)
        model = make_differentiable(ensemble, crop.row.view, members=crop.members)
        paths = {}
        for towards in DIRECTIONS:
            yield Progress(number, len(crops), f"Changing crop {number + 1} towards {towards}")
            paths[towards] = exhaust(generate_counterfactual(model, patch.pixels[None], towards))
        measured.append(_measure_paths(crop.row, patch, paths["benign"], paths["malignant"]))
    return measured


def _measure_paths(
    row: CropRow, patch: MarkedPatch, benign: Counterfactual, malignant: Counterfactual
) -> CounterfactualCrop:
    steps = np.rint(np.linspace(0, len(benign.path) - 1, MEASURED_STEPS + 1)).astype(int)
    images = [(benign, step) for step in steps[:0:-1]] + [(malignant, step) for step in steps]
    features = [measure_features(path.path[step, 0], patch.box) for path, step in images]
    return CounterfactualCrop(
        row=row,
        logits=np.array([path.logits[step, 0] for path, step in images]),
        features={name: np.array([one[name] for one in features]) for name in features[0]},
        probabilities=np.array([path.probabilities[step, 0] for path, step in images]),
        similarity=(float(benign.similarity[-1, 0]), float(malignant.similarity[-1, 0])),
    )


def measure_features(pixels: np.ndarray, box: Box) -> dict[str, float]:
    """Measure spiculation and contrast of a patch ``(256, 256)``."""
    patch = make_marked_patch(pixels, box)
    inside = ellipse_radius(patch.box) < 1
    outside = ~inside & patch.on_film
    background = float(patch.pixels[outside].mean()) if outside.any() else np.nan
    spiculation = asdict(measure_spiculation(patch))
    return {
        **{name.replace("_", " "): value for name, value in spiculation.items()},
        CONTRAST: float(patch.pixels[inside].mean()) - background,
    }
