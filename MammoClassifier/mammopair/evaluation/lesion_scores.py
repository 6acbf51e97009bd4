"""Scores of lesions from the scores of their crops, as if classified together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.io.crop_folder import CropRow
from mammopair.lesion_groups import group_lesions, is_pair
from mammopair.model.reference_summary import lesion_conformal_set, operating_point_results
from mammopair.record import ConformalSet, OperatingPointResult, Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

ScoredCrops = Sequence[tuple[CropRow, Record]]


@dataclass(frozen=True)
class ScoredLesion:
    """One lesion with its calibrated probability."""

    patient_id: str
    label: int
    """1 for malignant, 0 for benign."""
    rows: tuple[CropRow, ...]
    """One per view."""
    probability: float
    """Of malignancy, calibrated."""
    prevalence: float | None
    """Share of malignant lesions that the probability is calibrated for, if known."""
    operating_points: tuple[OperatingPointResult, ...]
    conformal: ConformalSet | None

    @property
    def is_pair(self) -> bool:
        """Whether the rows are the two views of a pair."""
        return is_pair(self.rows)


def scored_lesions(
    scored: ScoredCrops, ensemble_of: Callable[[str], Ensemble]
) -> list[ScoredLesion]:
    """Combine scored crops by lesion, in the order of the lesions' first rows.

    Parameters
    ----------
    scored
        Rows of a crop folder, each with its record as a lesion with one view.
    ensemble_of
        Maps a patient to the ensemble that scored the patient's crops.

    Raises
    ------
    InputError
        If the rows of a lesion contradict each other; see :mod:`mammopair.lesion_groups`.
    """
    groups = group_lesions([row for row, _ in scored])
    return [
        _combine([scored[index] for index in indices], ensemble_of) for indices in groups.values()
    ]


def _combine(views: ScoredCrops, ensemble_of: Callable[[str], Ensemble]) -> ScoredLesion:
    first, _ = views[0]
    ensemble = ensemble_of(first.patient_id)
    by_view = [
        {score.member: score.logit for score in record.views[0].member_scores}
        for _, record in views
    ]
    logits = np.array(
        [[scores.get(entry.name, np.nan) for entry in ensemble.members] for scores in by_view]
    )
    calibration = ensemble.manifest.calibration_of(len(views))
    probability = lesion_probability(probabilities(logits, calibration))
    return ScoredLesion(
        patient_id=first.patient_id,
        label=first.label,
        rows=tuple(row for row, _ in views),
        probability=probability,
        prevalence=calibration.prevalence,
        operating_points=tuple(operating_point_results(probability, ensemble)),
        conformal=lesion_conformal_set(logits, ensemble),
    )
