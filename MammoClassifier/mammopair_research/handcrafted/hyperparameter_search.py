"""Choose the hyperparameters of one pipeline on inner folds, then fit it to all training patients.

The training patients are divided into inner folds; each combination of hyperparameters is fitted on
all inner folds but one and predicts that one. The combination with the highest mean AUC over the
inner folds is chosen, and its decision values are calibrated with Platt scaling on these
out-of-fold predictions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES_VERSION
from mammopair_research.datasets.folds import split_patients
from mammopair_research.handcrafted.classifier import (
    Description,
    FeatureClassifier,
    Kind,
    load_classifier,
    save_classifier,
)
from mammopair_research.handcrafted.feature_table import FeatureTable
from mammopair_research.handcrafted.pipelines import build_pipeline, fitted_arrays
from mammopair_research.handcrafted.search_plan import SearchPlan, Settings

LEAST_SLOPE = 0.01
"""Lower limit of the slope, so that uninformative decision values keep their sign."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tuned:
    """A fitted pipeline with the best hyperparameters."""

    inner_auc: float
    """Mean over the inner folds, by which pipelines are compared too."""
    classifier: FeatureClassifier


def tune(kind: Kind, plan: SearchPlan, training: FeatureTable) -> Tuned:
    """Choose hyperparameters from ``plan.grids[kind]``, and fit.

    Raises
    ------
    InputError
        If the training patients cannot be divided into inner folds.
    """
    from threadpoolctl import threadpool_limits

    labels = np.array([row.label for row in training.rows])
    fold_of = split_patients(training.rows, plan.inner)
    inner_fold = np.array([fold_of[row.patient_id] for row in training.rows])
    with threadpool_limits(1):  # small problems are slower on several threads
        tried = [
            (settings, _inner_decisions(kind, settings, training.values, labels, inner_fold))
            for settings in plan.grids[kind]
        ]
        aucs = [_mean_auc(decisions, labels, inner_fold) for _, decisions in tried]
        best = int(np.argmax(aucs))
        settings, decisions = tried[best]
        pipeline = build_pipeline(kind, settings).fit(training.values, labels)
        slope, intercept = _platt_scaling(decisions, labels)
    description = Description(
        kind=kind,
        settings=settings,
        slope=slope,
        intercept=intercept,
        features=list(FEATURE_NAMES),
        features_version=FEATURES_VERSION,
        data=plan.data,
        patients=sorted({row.patient_id for row in training.rows}),
        inner_auc=aucs[best],
        fitted_from=search_fingerprint(kind, plan, training),
        software=f"mammopair {__version__}",
        notice=RESEARCH_USE_ONLY,
    )
    return Tuned(aucs[best], FeatureClassifier(description, fitted_arrays(kind, pipeline)))


def tune_cached(kind: Kind, plan: SearchPlan, training: FeatureTable, folder: Path | None) -> Tuned:
    """Load the same fit from a folder, or call :func:`tune` and save its result there."""
    if folder is None:
        return tune(kind, plan, training)
    try:
        cached = load_classifier(folder)
        auc = cached.description.inner_auc
        if auc is not None and cached.description.fitted_from == search_fingerprint(
            kind, plan, training
        ):
            return Tuned(auc, cached)
    except InputError:  # missing, or of another version
        pass
    tuned = tune(kind, plan, training)
    save_classifier(tuned.classifier, folder)
    return tuned


def search_fingerprint(kind: Kind, plan: SearchPlan, training: FeatureTable) -> str:
    """Hash everything that a fit depends on."""
    settings = [kind, plan.grids[kind], plan.inner, __version__]
    rows = [(row.patient_id, row.label) for row in training.rows]
    values = np.ascontiguousarray(training.values).tobytes()
    return hashlib.sha256(msgspec.json.encode([settings, rows]) + values).hexdigest()


def best_of(candidates: Sequence[Tuned]) -> Tuned:
    """Return the pipeline with the highest inner AUC; the first of equals."""
    return max(candidates, key=lambda tuned: tuned.inner_auc)


def _inner_decisions(
    kind: Kind,
    settings: Settings,
    values: Floats,
    labels: Floats,
    inner_fold: npt.NDArray[np.int64],
) -> Floats:
    """Return the decision values of each row by the fit without its patient, ``(rows,)``."""
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    return np.asarray(
        cross_val_predict(
            build_pipeline(kind, settings),
            values,
            labels,
            cv=PredefinedSplit(inner_fold),
            method="decision_function",
        )
    )


def _mean_auc(decisions: Floats, labels: Floats, inner_fold: npt.NDArray[np.int64]) -> float:
    from sklearn.metrics import roc_auc_score

    parts = [inner_fold == number for number in np.unique(inner_fold)]
    return float(np.mean([roc_auc_score(labels[part], decisions[part]) for part in parts]))


def _platt_scaling(decisions: Floats, labels: Floats) -> tuple[float, float]:
    """Fit slope and intercept with the least cross-entropy."""
    from sklearn.linear_model import LogisticRegression

    scale = float(decisions.std()) or 1.0
    fit = LogisticRegression(C=1e6).fit(decisions[:, None] / scale, labels)
    return max(float(fit.coef_[0, 0]) / scale, LEAST_SLOPE), float(fit.intercept_[0])
