"""Scored crops by lesion: each as the road would have it, had it read all its views together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.io.crop_folder import CropRow
from mammopair.model.reference_summary import lesion_conformal_set, operating_point_results
from mammopair.record import ConformalSet, OperatingPointResult, Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

Scored = Sequence[tuple[CropRow, Record]]
Scorer = Callable[[str], "Ensemble"]
"""From a patient to the ensemble as it may score her."""


@dataclass(frozen=True)
class ScoredLesion:
    """One mass."""

    patient_id: str
    label: int
    rows: tuple[CropRow, ...]
    """One a view."""
    probability: float
    prevalence: float | None
    """At which the probability holds, where the ensemble says."""
    operating_points: tuple[OperatingPointResult, ...]
    conformal: ConformalSet | None

    @property
    def pair(self) -> bool:
        """Whether these are the two views of a pair."""
        return bool(self.rows[0].pair_id) and len(self.rows) > 1


def scored_lesions(scored: Scored, scorer: Scorer) -> list[ScoredLesion]:
    """The lesions of scored crops, in the order of their first rows.

    Rows are of one lesion where they share a pair, or breast, number **and label**: some breasts
    number several masses differently on the other view.
    """
    crops: dict[tuple[str, int], list[tuple[CropRow, Record]]] = defaultdict(list)
    for row, record in scored:
        crops[row.lesion, row.label].append((row, record))
    return [_scored(group, scorer(group[0][0].patient_id)) for group in crops.values()]


def _scored(views: Scored, ensemble: Ensemble) -> ScoredLesion:
    said = [
        {reading.member: reading.logit for reading in record.views[0].member_scores}
        for _, record in views
    ]
    logits = np.array(
        [[view.get(entry.name, np.nan) for entry in ensemble.members] for view in said]
    )
    calibration = ensemble.manifest.calibration_of(len(views))
    probability = lesion_probability(probabilities(logits, calibration))
    return ScoredLesion(
        patient_id=views[0][0].patient_id,
        label=views[0][0].label,
        rows=tuple(row for row, _ in views),
        probability=probability,
        prevalence=calibration.prevalence,
        operating_points=tuple(operating_point_results(probability, ensemble)),
        conformal=lesion_conformal_set(logits, ensemble),
    )
