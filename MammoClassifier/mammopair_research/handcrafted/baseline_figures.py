"""Metrics of the baseline: out-of-fold predictions, single pipelines and single features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.features.spiculation import FEATURES as SPICULATION
from mammopair.io.crop_folder import CropRow
from mammopair.lesion_groups import group_lesions, is_pair
from mammopair.stats.metric_summary import summarise
from mammopair.stats.metrics import measure
from mammopair_research.datasets import CONFOUNDED_SCANNER
from mammopair_research.handcrafted.feature_table import FeatureTable
from mammopair_research.handcrafted.nested_fit import Baseline
from mammopair_research.training.descriptor_targets import descriptor_targets

DESCRIPTORS = ("spiculated", "circumscribed")
"""Descriptors that the measures of spiculation are compared with."""

Floats = npt.NDArray[np.float64]


def measure_baseline(baseline: Baseline) -> dict[str, Any]:
    """Compute all metrics of a baseline, as one JSON-serialisable dictionary."""
    rows, logits = baseline.table.rows, baseline.out_of_fold_logits()
    figures: dict[str, Any] = dict(measure_logits(rows, logits))
    others = [index for index, row in enumerate(rows) if row.scanner != CONFOUNDED_SCANNER]
    if 0 < len(others) < len(rows):
        without = measure_logits([rows[index] for index in others], logits[others])
        for level, values in without.items():
            figures[f"{level} without scanner {CONFOUNDED_SCANNER}"] = values
    figures["pipelines"] = {
        kind: _aucs(rows, baseline.out_of_fold_logits(kind)) for kind in baseline.plan.grids
    }
    figures["chosen"] = [_choice(baseline, fold) for fold in range(len(baseline.by_fold))]
    figures["saved"] = _choice(baseline, None)
    figures["spiculation"] = measure_spiculation_features(baseline.table)
    return figures


def measure_logits(rows: Sequence[CropRow], logits: Floats) -> dict[str, dict[str, Any]]:
    """Compute the metrics by view, pair and lesion, as ``summarise`` returns them."""
    probabilities = sigmoid(logits)
    return {
        level: summarise(
            [float(probabilities[indices].mean()) for indices in groups],
            [rows[indices[0]].label for indices in groups],
            [rows[indices[0]].patient_id for indices in groups],
        )
        for level, groups in group_by_level(rows).items()
    }


def group_by_level(rows: Sequence[CropRow]) -> dict[str, list[list[int]]]:
    """Return the indices of the rows of each view, pair and lesion."""
    lesions = list(group_lesions(rows).values())
    return {
        "views": [[index] for index in range(len(rows))],
        "pairs": [indices for indices in lesions if is_pair([rows[i] for i in indices])],
        "lesions": lesions,
    }


def measure_spiculation_features(table: FeatureTable) -> dict[str, dict[str, Any]]:
    """Compute the AUC of each measure of spiculation for each descriptor, without any fit.

    Rows without a described margin are excluded.
    """
    found: dict[str, dict[str, Any]] = {}
    targets = descriptor_targets(table.rows, DESCRIPTORS)
    for descriptor, target in zip(DESCRIPTORS, targets.T, strict=True):
        known = ~np.isnan(target)
        if len(set(target[known])) < 2:
            continue
        patients = [row.patient_id for row, yes in zip(table.rows, known, strict=True) if yes]
        found[descriptor] = {}
        for feature in SPICULATION:
            values = table.column(feature.name)[known]
            # The AUC depends on the order only: ranks are in [0, 1] as probabilities are.
            ranks = np.searchsorted(np.sort(values), values) / len(values)
            summary = summarise(ranks, target[known].astype(int), patients)
            found[descriptor][feature.name] = {key: summary[key] for key in ("n", "auc", "auc_ci")}
    return found


def _aucs(rows: Sequence[CropRow], logits: Floats) -> dict[str, float | None]:
    probabilities = sigmoid(logits)
    levels = group_by_level(rows)
    return {
        level: measure(
            [probabilities[indices].mean() for indices in levels[level]],
            [rows[indices[0]].label for indices in levels[level]],
        ).auc
        for level in ("views", "pairs")
    }


def _choice(baseline: Baseline, fold: int | None) -> dict[str, Any]:
    tuned = baseline.model if fold is None else baseline.chosen(fold)
    description = tuned.classifier.description
    return {
        "fold": fold,
        "pipeline": description.kind,
        "settings": description.settings,
        "inner_auc": tuned.inner_auc,
    }
