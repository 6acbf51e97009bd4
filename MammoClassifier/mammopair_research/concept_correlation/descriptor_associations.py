"""Which scores go with which words: AUC by patient, with false discoveries controlled.

A score is anything that has one number a crop: a pooled unit, the evidence in a zone, a measured
feature. Of all pairs of score and word that are tested together, those are *found* whose
Benjamini-Hochberg adjusted p-value is at most :data:`FALSE_DISCOVERIES`: of the pairs found, no
more than that part is expected to be chance (J. R. Stat. Soc. B 57:289, 1995).

Most spiculated masses are malignant and most circumscribed ones benign, so whatever tells
malignant from benign goes with both words. Beside the AUC stands that *within a class*: only masses
of the same class are compared with one another (Janes & Pepe, Biometrika 96:371, 2009), which
leaves what a score knows of the word beyond the diagnosis.
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

FALSE_DISCOVERIES = 0.05
PRESENT = 0.5
"""A word is there from this target on: for the density, grades 3 and 4 of four."""
LEAST_PATIENTS = 10
"""That must have a word, and lack it, for it to be tested."""
ZONE_SCORES = (
    *("net evidence inside", "net evidence in the margin", "net evidence outside"),
    *("share inside", "share in the margin", "share outside"),
)


@dataclass(frozen=True)
class Association:
    """One score and one word."""

    source: str
    """``units of member-0``, ``evidence map`` or ``measured``."""
    score: str
    descriptor: str
    auc: float
    """Chance that a crop with the word scores above one without; 0.5 is none."""
    low: float
    high: float
    """95 % interval by patient, of this pair alone."""
    within_class: float
    """The AUC among masses of the same class; NaN where a class has the word always or never."""
    p_value: float
    q_value: float
    """Adjusted for all pairs that were tested together."""
    with_word: int
    """Crops that have the word."""
    without: int
    """Crops that have another word of its kind."""

    @property
    def rank_biserial(self) -> float:
        """From -1 to 1; 0 is none."""
        return 2 * self.auc - 1

    @property
    def found(self) -> bool:
        """Whether it stands after the control of false discoveries."""
        return self.q_value <= FALSE_DISCOVERIES


def associations(
    source: str,
    names: Sequence[str],
    scores: Floats,
    rows: Sequence[CropRow],
    words: Sequence[str] = DESCRIPTORS,
) -> list[Association]:
    """All pairs of scores and words, tested together.

    Parameters
    ----------
    source
        What the scores are of.
    names
        ``c`` names of scores.
    scores
        ``(n, c)``
    rows
        The ``n`` crops.
    words
        Those that fewer than :data:`LEAST_PATIENTS` have, or lack, are left out.
    """
    patients = np.array([row.patient_id for row in rows])
    labels = np.array([bool(row.label) for row in rows])
    targets = descriptor_targets(rows, words)
    tested = []
    for word, target in zip(words, targets.T, strict=True):
        known = ~np.isnan(target)
        present = target[known] >= PRESENT
        measured = aucs_of_enough(scores[known], present, patients[known])
        if measured is not None:
            within = within_class_auc(scores[known], present, labels[known])
            tested.append((word, present, measured, within))
    if not tested:
        return []
    adjusted = adjust(np.concatenate([measured.p_value for _, _, measured, _ in tested]))
    q_values = adjusted.reshape(len(tested), -1)
    return [
        Association(
            source=source,
            score=name,
            descriptor=word,
            auc=float(measured.auc[column]),
            low=float(max(measured.auc[column] - measured.half_width[column], 0)),
            high=float(min(measured.auc[column] + measured.half_width[column], 1)),
            within_class=float(within[column]),
            p_value=float(measured.p_value[column]),
            q_value=float(q[column]),
            with_word=int(present.sum()),
            without=int((~present).sum()),
        )
        for (word, present, measured, within), q in zip(tested, q_values, strict=True)
        for column, name in enumerate(names)
    ]


def aucs_of_enough(
    scores: Floats, present: npt.NDArray[np.bool_], patients: npt.NDArray[np.str_]
) -> ClusteredAucs | None:
    """AUC of each column; None where :data:`LEAST_PATIENTS` are not there on either side."""
    counts = [len(np.unique(patients[side])) for side in (present, ~present)]
    return clustered_aucs(scores, present, patients) if min(counts) >= LEAST_PATIENTS else None


def adjust(p_values: Floats) -> Floats:
    """Benjamini & Hochberg's adjusted p-values; those of at most ``q`` are found at level ``q``."""
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values, method="bh"), np.float64)


def within_class_auc(
    scores: Floats, present: npt.NDArray[np.bool_], labels: npt.NDArray[np.bool_]
) -> Floats:
    """``(c,)``: the AUC over pairs of the same class; NaN where there is no such pair."""
    total, pairs = np.zeros(scores.shape[1]), 0
    for label in (False, True):
        mine = labels == label
        with_word = int(present[mine].sum())
        count = with_word * (int(mine.sum()) - with_word)
        if count:
            above, _ = placements(scores[mine], present[mine])
            total += count * above.mean(axis=0)
            pairs += count
    return total / pairs if pairs else np.full(scores.shape[1], np.nan)


def zone_scores(zones: Floats) -> Floats:
    """``(n, 3, 2)`` evidence by zone and side to ``(n, 6)``, see :data:`ZONE_SCORES`."""
    net = zones[..., 0] - zones[..., 1]
    strength = zones.sum(axis=2)
    total = strength.sum(axis=1, keepdims=True)
    shares = np.divide(strength, total, out=np.full_like(strength, 1 / 3), where=total > 0)
    return np.concatenate([net, shares], axis=1)


def all_associations(gathered: CropMeasurements) -> list[Association]:
    """Units of each member, zones of the evidence, and measured spiculation, with every word.

    Each source is a family of tests of its own.
    """
    found = []
    for member in gathered.members:
        names = [f"unit {number}" for number in range(member.units.shape[1])]
        rows = [gathered.rows[number] for number in member.crops]
        found += associations(f"units of {member.member}", names, member.units, rows)
    zones = zone_scores(gathered.zones)
    found += associations("evidence map", ZONE_SCORES, zones, gathered.rows)
    ruler = gathered.spiculation[:, None]
    return found + associations("measured", ["radial lines"], ruler, gathered.rows)
