"""Where the evidence lies for spiculated masses and where for circumscribed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.io.crop_folder import CropRow
from mammopair_research.concept_correlation.crop_measurements import Floats
from mammopair_research.concept_correlation.descriptor_associations import (
    ZONE_SCORES,
    aucs_of_enough,
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
    """One figure of the evidence, for both kinds of masses."""

    figure: str
    """Of :data:`mammopair_research.concept_correlation.descriptor_associations.ZONE_SCORES`: net evidence in logits, or a share of
    the absolute evidence."""
    among: str
    """``all masses``, ``malignant`` or ``benign``."""
    spiculated: Mean
    circumscribed: Mean
    difference: Mean
    """Spiculated less circumscribed."""
    effect: float
    """Rank-biserial correlation, [-1, 1]: how far the two kinds are apart."""
    effect_low: float
    effect_high: float


def kind_of(row: CropRow) -> str:
    """``spiculated``, ``circumscribed``, or empty for masses that are neither or both."""
    words = [word for word in (SPICULATED, CIRCUMSCRIBED) if descriptor_target(row, word) == 1]
    return words[0] if len(words) == 1 else ""


def zone_contrasts(zones: Floats, rows: Sequence[CropRow]) -> list[ZoneContrast]:
    """Every figure among all masses, then among those of one class; what is too few is left out.

    Parameters
    ----------
    zones
        ``(n, 3, 2)``, of :func:`mammopair_research.concept_correlation.evidence_zones.zone_sums`.
    """
    kinds = np.array([kind_of(row) for row in rows])
    labels = np.array([row.label for row in rows])
    scores = zone_scores(zones)
    among = {"all masses": kinds != ""}
    among |= {"malignant": (kinds != "") & (labels == 1), "benign": (kinds != "") & (labels == 0)}
    patients = np.array([row.patient_id for row in rows])
    found = (
        _contrast(
            figure, name, scores[chosen, column], kinds[chosen] == SPICULATED, patients[chosen]
        )
        for name, chosen in among.items()
        for column, figure in enumerate(ZONE_SCORES)
    )
    return [contrast for contrast in found if contrast is not None]


def _contrast(
    figure: str,
    among: str,
    values: Floats,
    spiculated: npt.NDArray[np.bool_],
    patients: npt.NDArray[np.str_],
) -> ZoneContrast | None:
    apart = aucs_of_enough(values[:, None], spiculated, patients)
    if apart is None:
        return None
    one = bootstrap_mean(values[spiculated], patients[spiculated])
    other = bootstrap_mean(values[~spiculated], patients[~spiculated])
    difference = bootstrap_group_difference(values, spiculated, patients)
    if one is None or other is None or difference is None:
        return None
    effect, half_width = 2 * apart.auc[0] - 1, 2 * apart.half_width[0]
    return ZoneContrast(
        figure=figure,
        among=among,
        spiculated=one,
        circumscribed=other,
        difference=difference,
        effect=float(effect),
        effect_low=float(max(effect - half_width, -1)),
        effect_high=float(min(effect + half_width, 1)),
    )
