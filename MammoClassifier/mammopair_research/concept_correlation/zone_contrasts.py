"""Evidence by zone of spiculated masses against circumscribed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.io.crop_folder import CropRow
from mammopair_research.concept_correlation.crop_measurements import Floats
from mammopair_research.concept_correlation.descriptor_associations import (
    ZONE_SCORES,
    aucs_if_enough,
    zone_scores,
)
from mammopair_research.stats.bootstrap_means import (
    Mean,
    bootstrap_group_difference,
    bootstrap_mean,
)
from mammopair_research.training.descriptor_targets import descriptor_target

SPICULATED, CIRCUMSCRIBED = "spiculated", "circumscribed"


@dataclass(frozen=True)
class ZoneContrast:
    """One score of the evidence for both groups of masses."""

    score: str
    """One of :data:`~mammopair_research.concept_correlation.descriptor_associations.ZONE_SCORES`:
    net evidence in logits, or a share of the absolute evidence."""
    among: str
    """``all masses``, ``malignant`` or ``benign``."""
    spiculated: Mean
    circumscribed: Mean
    difference: Mean
    """Spiculated minus circumscribed."""
    effect: float
    """Rank-biserial correlation, in [-1, 1]."""
    effect_low: float
    effect_high: float
    """Limits of the 95 % interval by patient."""


def margin_group(row: CropRow) -> str:
    """Return ``spiculated``, ``circumscribed``, or empty for masses that are neither or both."""
    found = [name for name in (SPICULATED, CIRCUMSCRIBED) if descriptor_target(row, name) == 1]
    return found[0] if len(found) == 1 else ""


def zone_contrasts(zones: Floats, rows: Sequence[CropRow]) -> list[ZoneContrast]:
    """Compare every zone score among all masses and within each class.

    Comparisons with too few patients are omitted.

    Parameters
    ----------
    zones
        ``(n, 3, 2)``, of :func:`mammopair_research.concept_correlation.evidence_zones.zone_sums`.
    rows
        The ``n`` crops.
    """
    groups = np.array([margin_group(row) for row in rows])
    labels = np.array([row.label for row in rows])
    scores = zone_scores(zones)
    compared = groups != ""
    among = {
        "all masses": compared,
        "malignant": compared & (labels == 1),
        "benign": compared & (labels == 0),
    }
    patients = np.array([row.patient_id for row in rows])
    found = (
        _contrast(
            score, name, scores[chosen, column], groups[chosen] == SPICULATED, patients[chosen]
        )
        for name, chosen in among.items()
        for column, score in enumerate(ZONE_SCORES)
    )
    return [contrast for contrast in found if contrast is not None]


def _contrast(
    score: str,
    among: str,
    values: Floats,
    spiculated: npt.NDArray[np.bool_],
    patients: npt.NDArray[np.str_],
) -> ZoneContrast | None:
    aucs = aucs_if_enough(values[:, None], spiculated, patients)
    if aucs is None:
        return None
    first = bootstrap_mean(values[spiculated], patients[spiculated])
    second = bootstrap_mean(values[~spiculated], patients[~spiculated])
    difference = bootstrap_group_difference(values, spiculated, patients)
    if first is None or second is None or difference is None:
        return None
    effect, half_width = 2 * aucs.auc[0] - 1, 2 * aucs.half_width[0]
    return ZoneContrast(
        score=score,
        among=among,
        spiculated=first,
        circumscribed=second,
        difference=difference,
        effect=float(effect),
        effect_low=float(max(effect - half_width, -1)),
        effect_high=float(min(effect + half_width, 1)),
    )
