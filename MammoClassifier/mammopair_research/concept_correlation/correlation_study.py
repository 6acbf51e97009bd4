"""The whole study of a folder of crops, from files to figures."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.evaluation import explainable_crops
from mammopair.progress import Progress
from mammopair_research.concept_correlation.counterfactual_features import (
    MovedCrop,
    move_and_measure,
)
from mammopair_research.concept_correlation.crop_measurements import CropMeasurements, measure_crops
from mammopair_research.concept_correlation.descriptor_associations import (
    Association,
    all_associations,
)
from mammopair_research.concept_correlation.dose_response import (
    Response,
    Shift,
    across_slope,
    responses,
    shift,
)
from mammopair_research.concept_correlation.mean_maps import MeanMap, mean_maps
from mammopair_research.concept_correlation.zone_contrasts import ZoneContrast, zone_contrasts
from mammopair_research.datasets.lesion_sample import sample_lesions
from mammopair_research.stats.bootstrap_means import Mean

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class Findings:
    """All of it."""

    gathered: CropMeasurements
    """Its crops come in an order of their own."""
    associations: Sequence[Association]
    contrasts: Sequence[ZoneContrast]
    maps: Sequence[MeanMap]
    moved: Sequence[MovedCrop]
    shift: Shift
    responses: Sequence[Response]
    across: Mean | None
    """Measured spiculation a logit, across lesions as they are."""


def find(
    folder: Path, ensemble: Ensemble, *, lesions: int | None, seed: int = 0
) -> Generator[Progress, None, Findings]:
    """Units, words and maps on every held-out crop; moved images on a sample of lesions.

    Parameters
    ----------
    lesions
        Of which images are moved; None for all.
    seed
        Of the lot that draws them.

    Raises
    ------
    InputError
        If the folder or a picture cannot be read, or no member may read any of it.
    """
    rows = explainable_crops(folder, ensemble)
    gathered = yield from measure_crops(folder, rows, ensemble)
    drawn = [one for lesion in sample_lesions(rows, lesions, seed) for one in lesion]
    moved = yield from move_and_measure(folder, drawn, ensemble)
    yield Progress(len(drawn), len(drawn), "Testing units, zones and words")
    return Findings(
        gathered=gathered,
        associations=all_associations(gathered),
        contrasts=zone_contrasts(gathered.zones, gathered.rows),
        maps=mean_maps(gathered.evidence, gathered.rows),
        moved=moved,
        shift=shift(moved),
        responses=responses(moved),
        across=across_slope(gathered.logits, gathered.spiculation, gathered.patients),
    )
