"""The figures of a baseline: held-out predictions, pipelines, single measures against words."""

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
from mammopair_research.handcrafted.feature_table import FeatureTable
from mammopair_research.handcrafted.nested_fit import Baseline
from mammopair_research.training.descriptor_targets import descriptor_targets

WORDS = ("spiculated", "circumscribed")
CONFOUNDED = "DBA"
"""The scanner all of whose crops in the collection are malignant."""

Floats = npt.NDArray[np.float64]


def measure_baseline(baseline: Baseline) -> dict[str, Any]:
    """All figures, as one dictionary that JSON can hold."""
    rows, logits = baseline.table.rows, baseline.held_out_logits()
    elsewhere = np.array([row.scanner != CONFOUNDED for row in rows])
    figures: dict[str, Any] = dict(measure_logits(rows, logits))
    if not elsewhere.all() and elsewhere.any():
        without = [row for row, yes in zip(rows, elsewhere, strict=True) if yes]
        for level, values in measure_logits(without, logits[elsewhere]).items():
            figures[f"{level} without scanner {CONFOUNDED}"] = values
    figures["pipelines"] = {
        kind: _aucs(rows, baseline.held_out_logits(kind)) for kind in baseline.plan.grids
    }
    figures["chosen"] = [_chosen(baseline, fold) for fold in range(len(baseline.by_fold))]
    figures["saved"] = _chosen(baseline, None)
    figures["spiculation"] = measures_against_words(baseline.table)
    return figures


def measure_logits(rows: Sequence[CropRow], logits: Floats) -> dict[str, dict[str, Any]]:
    """Views, pairs and lesions, with intervals by patient."""
    probabilities = sigmoid(logits)
    return {
        level: summarise(
            [float(probabilities[indices].mean()) for indices in groups],
            [rows[indices[0]].label for indices in groups],
            [rows[indices[0]].patient_id for indices in groups],
        )
        for level, groups in levels_of(rows).items()
    }


def levels_of(rows: Sequence[CropRow]) -> dict[str, list[list[int]]]:
    """Return the indices of the rows of each view, pair and lesion."""
    lesions = list(group_lesions(rows).values())
    return {
        "views": [[index] for index in range(len(rows))],
        "pairs": [indices for indices in lesions if is_pair([rows[i] for i in indices])],
        "lesions": lesions,
    }


def measures_against_words(table: FeatureTable) -> dict[str, dict[str, Any]]:
    """AUC of each measure of spiculation for the radiologists' words, with intervals by patient.

    Nothing is fitted. Rows whose margin nobody described are left out.
    """
    found: dict[str, dict[str, Any]] = {}
    words = descriptor_targets(table.rows, WORDS)
    for column, word in enumerate(WORDS):
        given = words[:, column]
        known = ~np.isnan(given)
        if len(set(given[known])) < 2:
            continue
        patients = [row.patient_id for row, yes in zip(table.rows, known, strict=True) if yes]
        found[word] = {}
        for feature in SPICULATION:
            values = table.column(feature.name)[known]
            # The AUC needs an order only: ranks, which lie in [0, 1] as probabilities do.
            ranks = np.searchsorted(np.sort(values), values) / len(values)
            summary = summarise(ranks, given[known].astype(int), patients)
            found[word][feature.name] = {
                "n": summary["n"],
                "auc": summary["auc"],
                "auc_ci": summary["auc_ci"],
            }
    return found


def _aucs(rows: Sequence[CropRow], logits: Floats) -> dict[str, float | None]:
    probabilities = sigmoid(logits)
    levels = levels_of(rows)
    return {
        level: measure(
            [probabilities[indices].mean() for indices in levels[level]],
            [rows[indices[0]].label for indices in levels[level]],
        ).auc
        for level in ("views", "pairs")
    }


def _chosen(baseline: Baseline, fold: int | None) -> dict[str, Any]:
    tuned = baseline.model if fold is None else baseline.chosen(fold)
    told = tuned.classifier.description
    return {
        "fold": fold,
        "pipeline": told.kind,
        "settings": told.settings,
        "inner_auc": tuned.inner_auc,
    }
