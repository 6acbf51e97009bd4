"""Moved images, measured: what a ruler says of a lesion on its way to malignant and to benign."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mammopair.evaluation import ScorableCrop
from mammopair.explain.counterfactual import (
    DIRECTIONS,
    Constraints,
    Counterfactual,
    generate_counterfactual,
)
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
"""Places on each path, beside the original, that are measured."""
CONTRAST = "brightness contrast"
"""Mean brightness inside the box's ellipse less that outside: a measure that is no spiculation,
to see whether moving changes more than that."""


@dataclass(frozen=True)
class MovedCrop:
    """One crop, from the benign end of its path over the original to the malignant end."""

    row: CropRow
    logits: Floats
    """``(places,)``: calibrated; ``MEASURED_STEPS`` towards benign, the original, as many towards
    malignant."""
    features: dict[str, Floats]
    """By name, ``(places,)`` each."""
    probabilities: Floats
    """``(places,)``"""
    similarity: tuple[float, float]
    """Structural similarity of the benign and of the malignant end to the original."""

    @property
    def original(self) -> int:
        """The place of the original."""
        return len(self.logits) // 2


def move_and_measure(
    folder: Path,
    sample: Sequence[ScorableCrop],
    ensemble: Ensemble,
    constraints: Constraints | None = None,
) -> Generator[Progress, None, list[MovedCrop]]:
    """Move each crop both ways with the members that never saw the patient, and measure the way.

    Raises
    ------
    InputError
        If a picture cannot be read, or no member may read it.
    """
    held = constraints or Constraints()
    crops = []
    for number, crop in enumerate(sample):
        row = crop.row
        patch = read_marked_patch(folder, row)
        reader = make_differentiable(ensemble, row.view, members=crop.members)
        ways = {}
        for towards in DIRECTIONS:
            yield Progress(number, len(sample), f"Moving crop {number + 1} towards {towards}")
            ways[towards] = exhaust(
                generate_counterfactual(reader, patch.pixels[None], towards, held)
            )
        crops.append(_measured(row, patch, ways["benign"], ways["malignant"]))
    return crops


def _measured(
    row: CropRow, patch: MarkedPatch, benign: Counterfactual, malignant: Counterfactual
) -> MovedCrop:
    places = np.rint(np.linspace(0, len(benign.path) - 1, MEASURED_STEPS + 1)).astype(int)
    way = [(benign, step) for step in places[:0:-1]] + [(malignant, step) for step in places]
    measured = [measure_picture(moved.path[step, 0], patch.box) for moved, step in way]
    return MovedCrop(
        row=row,
        logits=np.array([moved.logits[step, 0] for moved, step in way]),
        features={name: np.array([one[name] for one in measured]) for name in measured[0]},
        probabilities=np.array([moved.probabilities[step, 0] for moved, step in way]),
        similarity=(float(benign.similarity[-1, 0]), float(malignant.similarity[-1, 0])),
    )


def measure_picture(pixels: np.ndarray, box: Box) -> dict[str, float]:
    """All measures of spiculation, and the contrast, of a patch ``(256, 256)``."""
    patch = make_marked_patch(pixels, box)
    inside = ellipse_radius(patch.box) < 1
    outside = ~inside & patch.on_film
    around = float(patch.pixels[outside].mean()) if outside.any() else np.nan
    contrast = float(patch.pixels[inside].mean()) - around
    measured = asdict(measure_spiculation(patch))
    return {name.replace("_", " "): value for name, value in measured.items()} | {
        CONTRAST: contrast
    }
