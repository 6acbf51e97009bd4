"""The complete correlation study of a crop folder."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.evaluation import explainable_crops
from mammopair.progress import Progress
from mammopair_research.concept_correlation.counterfactual_features import (
    CounterfactualCrop,
    measure_counterfactuals,
)
from mammopair_research.concept_correlation.crop_measurements import CropMeasurements, measure_crops
from mammopair_research.concept_correlation.descriptor_associations import (
    Association,
    all_associations,
)
from mammopair_research.concept_correlation.dose_response import (
    FeatureResponse,
    LogitChange,
    across_slope,
    feature_responses,
    logit_change,
)
from mammopair_research.concept_correlation.mean_maps import MeanMap, mean_maps
from mammopair_research.concept_correlation.zone_contrasts import ZoneContrast, zone_contrasts
from mammopair_research.datasets.lesion_sample import sample_lesions
from mammopair_research.stats.bootstrap_means import Mean

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class CorrelationStudy:
    """All results."""

    measurements: CropMeasurements
    associations: Sequence[Association]
    contrasts: Sequence[ZoneContrast]
    maps: Sequence[MeanMap]
    counterfactuals: Sequence[CounterfactualCrop]
    change: LogitChange
    responses: Sequence[FeatureResponse]
    across: Mean | None
    """Change of measured spiculation per logit, across lesions."""


def run_correlation_study(
    folder: Path, ensemble: Ensemble, *, lesions: int | None, seed: int = 0
) -> Generator[Progress, None, CorrelationStudy]:
    """Analyse every out-of-fold crop, and the counterfactual images of a sample of lesions.

    Parameters
    ----------
    folder
        A crop folder.
    ensemble
        The ensemble.
    lesions
        Number of lesions with counterfactual images; None for all.
    seed
        Random seed of the sample.

    Returns
    -------
    CorrelationStudy
        As the generator's value.

    Raises
    ------
    InputError
        If the folder or an image cannot be read, or no member may explain any of it.
    """
    crops = explainable_crops(folder, ensemble)
    measurements = yield from measure_crops(folder, crops, ensemble)
    sample = [crop for lesion in sample_lesions(crops, lesions, seed) for crop in lesion]
    counterfactuals = yield from measure_counterfactuals(folder, sample, ensemble)
    yield Progress(len(sample), len(sample), "Testing associations")
    return CorrelationStudy(
        measurements=measurements,
        associations=all_associations(measurements),
        contrasts=zone_contrasts(measurements.zones, measurements.rows),
        maps=mean_maps(measurements.evidence, measurements.rows),
        counterfactuals=counterfactuals,
        change=logit_change(counterfactuals),
        responses=feature_responses(counterfactuals),
        across=across_slope(measurements.logits, measurements.spiculation, measurements.patients),
    )
