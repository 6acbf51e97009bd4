"""From the words' logits on crops that no member had learned to what a concept score means.

The scores are those of the networks' own heads, which learned the words beside malignancy. Linear
probes on the pooled features, fitted and scored on held-out patients, were tried beside them and
were no better for 9 of 11 words, spiculated and circumscribed among them, so the heads ship.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.io.crop_folder import CropRow
from mammopair.model.manifest import ConceptScale
from mammopair.stats.bootstrap import bootstrap_intervals
from mammopair.stats.metrics import measure
from mammopair_research.training.calibration_fit import fit_slope_and_intercept
from mammopair_research.training.descriptor_targets import descriptor_targets
from mammopair_research.training.out_of_fold import LesionLogits, OutOfFoldCrops

STEPS = 20
"""Steps between the quantiles that are kept: 5 % each."""
FEWEST = 5
"""Crops with a word, and without, under which nothing is said of it."""
RESAMPLES = 1000

Floats = npt.NDArray[np.float64]


def concept_scales(
    unseen: Mapping[str, OutOfFoldCrops], words: Sequence[str]
) -> list[ConceptScale]:
    """A scale for each word that enough held-out crops have, and have not.

    Density is a scale of four; the dense half of it counts as the word given.
    """
    if not unseen or not words:
        return []
    rows, logits = mean_logits_over_members(unseen)
    targets = descriptor_targets(rows, words)
    scales = []
    for number, word in enumerate(words):
        known = ~np.isnan(targets[:, number])
        given = targets[known, number] > 0.5
        if min(given.sum(), (~given).sum()) >= FEWEST:
            described = [row for row, kept in zip(rows, known, strict=True) if kept]
            scales.append(scale_of(word, described, logits[known, number], given))
    return scales


def mean_logits_over_members(unseen: Mapping[str, OutOfFoldCrops]) -> tuple[list[CropRow], Floats]:
    """Each held-out crop once, and its words' logits ``(n, words)``, averaged over who read it."""
    rows: dict[str, CropRow] = {}
    said: dict[str, list[Floats]] = defaultdict(list)
    for crops in unseen.values():
        for row, logits in zip(crops.rows, crops.words, strict=True):
            rows[row.file] = row
            said[row.file].append(logits)
    return list(rows.values()), np.array([np.mean(said[file], axis=0) for file in rows])


def scale_of(
    word: str, rows: Sequence[CropRow], logits: Floats, given: npt.NDArray[np.bool_]
) -> ConceptScale:
    """The scale of one word, from ``n`` crops that were described.

    The slope is never negative: turned by the labels that it is then measured on, the score of a
    head that learned nothing would seem to know something.
    """
    slope, intercept = fit_slope_and_intercept(
        [
            LesionLogits(row.patient_id, int(yes), np.array([[logit]]))
            for row, yes, logit in zip(rows, given, logits, strict=True)
        ]
    )
    scores = sigmoid(slope * logits + intercept)
    auc, auc_ci = _auc(scores, given, [row.patient_id for row in rows])
    lesion_auc, lesion_auc_ci = _auc(*_by_lesion(scores, given, rows))
    steps = np.linspace(0, 1, STEPS + 1)
    return ConceptScale(
        descriptor=word,
        slope=slope,
        intercept=intercept,
        crops=len(rows),
        given=int(given.sum()),
        auc=auc,
        auc_ci=auc_ci,
        lesion_auc=lesion_auc,
        lesion_auc_ci=lesion_auc_ci,
        scores_with=np.quantile(scores[given], steps).round(4).tolist(),
        scores_without=np.quantile(scores[~given], steps).round(4).tolist(),
    )


def _by_lesion(
    scores: Floats, given: npt.NDArray[np.bool_], rows: Sequence[CropRow]
) -> tuple[Floats, npt.NDArray[np.bool_], list[str]]:
    """Mean score a mass, whether any of its views has the word, and its patient."""
    # The label is part of the key as some breasts number several masses differently a view.
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row.lesion, row.label].append(place)
    return (
        np.array([scores[mine].mean() for mine in places.values()]),
        np.array([given[mine].any() for mine in places.values()]),
        [rows[mine[0]].patient_id for mine in places.values()],
    )


def _auc(
    scores: Floats, given: npt.NDArray[np.bool_], patients: Sequence[str]
) -> tuple[float | None, tuple[float, float] | None]:
    """The AUC and its 95 % interval by patient; None where all or none have the word."""
    found = bootstrap_intervals(scores, given, patients, resamples=RESAMPLES)
    return measure(scores, given).auc, found.ranges["auc"]
