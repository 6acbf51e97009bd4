"""Scales that turn a descriptor's logit into a score, fitted on out-of-fold crops.

The scores are those of the networks' own outputs, which are trained on the descriptors beside
malignancy. Linear probes on the pooled features, fitted and scored out-of-fold, were no better for
9 of 11 descriptors, spiculated and circumscribed among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.io.crop_folder import CropRow
from mammopair.lesion_groups import group_lesions
from mammopair.model.manifest import ConceptScale
from mammopair.stats.bootstrap import bootstrap_intervals
from mammopair.stats.metrics import measure
from mammopair_research.training.calibration_fit import fit_slope_and_intercept
from mammopair_research.training.descriptor_targets import descriptor_targets
from mammopair_research.training.out_of_fold import LesionLogits, MemberOutputs

STEPS = 20
"""Steps between the quantiles that are stored: 5 % each."""
LEAST_CROPS = 5
"""Least number of crops with a descriptor, and without, for a scale."""
RESAMPLES = 1000

Floats = npt.NDArray[np.float64]


def concept_scales(
    predictions: Mapping[str, MemberOutputs], descriptors: Sequence[str]
) -> list[ConceptScale]:
    """Fit a scale for each descriptor that enough out-of-fold crops have and lack.

    Breast density has four grades; the denser two count as having the descriptor.

    Parameters
    ----------
    predictions
        Out-of-fold predictions by member.
    descriptors
        The descriptors in the order of the networks' outputs.
    """
    if not predictions or not descriptors:
        return []
    rows, logits = mean_logits_over_members(predictions)
    targets = descriptor_targets(rows, descriptors)
    scales = []
    for number, descriptor in enumerate(descriptors):
        known = ~np.isnan(targets[:, number])
        present = targets[known, number] > 0.5
        if min(present.sum(), (~present).sum()) >= LEAST_CROPS:
            described = [row for row, kept in zip(rows, known, strict=True) if kept]
            scales.append(fit_scale(descriptor, described, logits[known, number], present))
    return scales


def mean_logits_over_members(
    predictions: Mapping[str, MemberOutputs],
) -> tuple[list[CropRow], Floats]:
    """Return each crop once with its descriptor logits ``(n, descriptors)``, averaged."""
    rows: dict[str, CropRow] = {}
    logits: dict[str, list[Floats]] = defaultdict(list)
    for outputs in predictions.values():
        for row, values in zip(outputs.rows, outputs.descriptor_logits, strict=True):
            rows[row.file] = row
            logits[row.file].append(values)
    return list(rows.values()), np.array([np.mean(logits[file], axis=0) for file in rows])


def fit_scale(
    descriptor: str, rows: Sequence[CropRow], logits: Floats, present: npt.NDArray[np.bool_]
) -> ConceptScale:
    """Fit the scale of one descriptor on ``n`` crops, and measure its AUC.

    The slope is kept positive: if the sign could follow the labels that the AUC is then measured
    on, an output that learned nothing would get an AUC above 0.5.

    Parameters
    ----------
    descriptor
        Name of the descriptor.
    rows
        The ``n`` crops.
    logits
        Logits of the descriptor, ``(n,)``.
    present
        Whether each crop has the descriptor, ``(n,)``.
    """
    slope, intercept = fit_slope_and_intercept(
        [
            LesionLogits(row.patient_id, int(has), np.array([[logit]]))
            for row, has, logit in zip(rows, present, logits, strict=True)
        ]
    )
    scores = sigmoid(slope * logits + intercept)
    auc, auc_ci = _auc(scores, present, [row.patient_id for row in rows])
    lesions = list(group_lesions(rows).values())
    lesion_auc, lesion_auc_ci = _auc(
        np.array([scores[indices].mean() for indices in lesions]),
        np.array([present[indices].any() for indices in lesions]),
        [rows[indices[0]].patient_id for indices in lesions],
    )
    steps = np.linspace(0, 1, STEPS + 1)
    return ConceptScale(
        descriptor=descriptor,
        slope=slope,
        intercept=intercept,
        crops=len(rows),
        given=int(present.sum()),
        auc=auc,
        auc_ci=auc_ci,
        lesion_auc=lesion_auc,
        lesion_auc_ci=lesion_auc_ci,
        scores_with=np.quantile(scores[present], steps).round(4).tolist(),
        scores_without=np.quantile(scores[~present], steps).round(4).tolist(),
    )


def _auc(
    scores: Floats, present: npt.NDArray[np.bool_], patients: Sequence[str]
) -> tuple[float | None, tuple[float, float] | None]:
    """Return the AUC and its 95 % interval by patient; None with one class."""
    intervals = bootstrap_intervals(scores, present, patients, resamples=RESAMPLES)
    return measure(scores, present).auc, intervals.ranges["auc"]
