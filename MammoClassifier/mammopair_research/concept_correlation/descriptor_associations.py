"""Association of scores with descriptors: AUC by patient, with the false discovery rate controlled.

A score is anything with one number per crop: a pooled unit, the evidence in a zone, a measured
feature. Among all pairs of scores and descriptors that are tested together, those are *significant*
whose Benjamini-Hochberg adjusted p-value is at most :data:`FALSE_DISCOVERY_RATE`: of the
significant pairs, no more than that fraction is expected by chance (J. R. Stat. Soc. B 57:289,
1995).

Most spiculated masses are malignant and most circumscribed ones benign, so a score that separates
malignant from benign masses is associated with both descriptors. So the AUC is also given *within
classes*: only masses of the same class are compared (Janes & Pepe, Biometrika 96:371, 2009), which
leaves the association beyond the diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.descriptors import DESCRIPTORS
from mammopair.io.crop_folder import CropRow
from mammopair_research.concept_correlation.crop_measurements import CropMeasurements, Floats
from mammopair_research.stats.clustered_auc import ClusteredAucs, clustered_aucs, placements
from mammopair_research.training.descriptor_targets import descriptor_targets

FALSE_DISCOVERY_RATE = 0.05
PRESENT = 0.5
"""Least target of a present descriptor: for breast density, grades 3 and 4 of four."""
LEAST_PATIENTS = 10
"""Least number of patients with a descriptor, and without, for a test."""
ZONE_SCORES = (
    *("net evidence inside", "net evidence in the margin", "net evidence outside"),
    *("share inside", "share in the margin", "share outside"),
)


@dataclass(frozen=True)
class Association:
    """One score and one descriptor."""

    source: str
    """``units of member-0``, ``evidence map`` or ``measured``."""
    score: str
    descriptor: str
    auc: float
    """Probability that a crop with the descriptor scores above one without; 0.5 is chance."""
    low: float
    high: float
    """95 % interval by patient, of this pair alone."""
    within_class: float
    """AUC among masses of the same class; NaN if all or none of a class have the descriptor."""
    p_value: float
    q_value: float
    """P-value adjusted for all pairs that were tested together."""
    with_descriptor: int
    """Number of crops with the descriptor."""
    without: int
    """Number of crops with another descriptor of its group."""

    @property
    def significant(self) -> bool:
        """Whether the pair is significant at :data:`FALSE_DISCOVERY_RATE`."""
        return self.q_value <= FALSE_DISCOVERY_RATE


def associations(
    source: str,
    names: Sequence[str],
    scores: Floats,
    rows: Sequence[CropRow],
) -> list[Association]:
    """Test all pairs of scores and descriptors together.

    Descriptors that fewer than :data:`LEAST_PATIENTS` patients have or lack are not tested.

    Parameters
    ----------
    source
        Source of the scores.
    names
        Names of the ``c`` scores.
    scores
        ``(n, c)``
    rows
        The ``n`` crops.
    """
    patients = np.array([row.patient_id for row in rows])
    labels = np.array([bool(row.label) for row in rows])
    targets = descriptor_targets(rows, DESCRIPTORS)
    tested = []
    for descriptor, target in zip(DESCRIPTORS, targets.T, strict=True):
        known = ~np.isnan(target)
        present = target[known] >= PRESENT
        measured = aucs_if_enough(scores[known], present, patients[known])
        if measured is not None:
            within = within_class_auc(scores[known], present, labels[known])
            tested.append((descriptor, present, measured, within))
    if not tested:
        return []
    adjusted = adjust_p_values(np.concatenate([measured.p_value for _, _, measured, _ in tested]))
    q_values = adjusted.reshape(len(tested), -1)
    return [
        Association(
            source=source,
            score=name,
            descriptor=descriptor,
            auc=float(measured.auc[column]),
            low=float(max(measured.auc[column] - measured.half_width[column], 0)),
            high=float(min(measured.auc[column] + measured.half_width[column], 1)),
            within_class=float(within[column]),
            p_value=float(measured.p_value[column]),
            q_value=float(q[column]),
            with_descriptor=int(present.sum()),
            without=int((~present).sum()),
        )
        for (descriptor, present, measured, within), q in zip(tested, q_values, strict=True)
        for column, name in enumerate(names)
    ]


def aucs_if_enough(
    scores: Floats, present: npt.NDArray[np.bool_], patients: npt.NDArray[np.str_]
) -> ClusteredAucs | None:
    """Compute the AUC of each column; None with fewer than :data:`LEAST_PATIENTS` in a group."""
    counts = [len(np.unique(patients[group])) for group in (present, ~present)]
    return clustered_aucs(scores, present, patients) if min(counts) >= LEAST_PATIENTS else None


def adjust_p_values(p_values: Floats) -> Floats:
    """Adjust p-values after Benjamini & Hochberg; those up to ``q`` are significant at ``q``."""
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values, method="bh"), np.float64)


def within_class_auc(
    scores: Floats, present: npt.NDArray[np.bool_], labels: npt.NDArray[np.bool_]
) -> Floats:
    """Compute the AUC over pairs of the same class, ``(c,)``; NaN if there is no such pair."""
    total, pairs = np.zeros(scores.shape[1]), 0
    for label in (False, True):
        rows = labels == label
        with_descriptor = int(present[rows].sum())
        count = with_descriptor * (int(rows.sum()) - with_descriptor)
        if count:
            above, _ = placements(scores[rows], present[rows])
            total += count * above.mean(axis=0)
            pairs += count
    return total / pairs if pairs else np.full(scores.shape[1], np.nan)


def zone_scores(zones: Floats) -> Floats:
    """Compute :data:`ZONE_SCORES` ``(n, 6)`` from evidence by zone ``(n, 3, 2)``."""
    net = zones[..., 0] - zones[..., 1]
    strength = zones.sum(axis=2)
    total = strength.sum(axis=1, keepdims=True)
    shares = np.divide(strength, total, out=np.full_like(strength, 1 / 3), where=total > 0)
    return np.concatenate([net, shares], axis=1)


def all_associations(measurements: CropMeasurements) -> list[Association]:
    """Test the units of each member, the evidence by zone, and measured spiculation.

    The pairs of each source are a separate family of tests.
    """
    found = []
    for member in measurements.members:
        names = [f"unit {number}" for number in range(member.units.shape[1])]
        rows = [measurements.rows[number] for number in member.crops]
        found += associations(f"units of {member.member}", names, member.units, rows)
    scores = zone_scores(measurements.zones)
    found += associations("evidence map", ZONE_SCORES, scores, measurements.rows)
    spiculation = measurements.spiculation[:, None]
    return found + associations("measured", ["radial lines"], spiculation, measurements.rows)
