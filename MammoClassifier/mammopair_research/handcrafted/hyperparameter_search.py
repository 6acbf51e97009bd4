"""Choose one pipeline's settings among training patients, then fit it to all of them.

The patients are divided once more; each setting is fitted on all but one of these inner parts and
decides on that one. The setting with the highest mean AUC over the parts is chosen, and the slope
and intercept that make its decisions a logit are fitted on them: decisions on patients that the
fit had not seen.
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

FLATTEST = 0.01
"""The slope is at least this: decisions that say nothing must not turn the sign."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tuned:
    """A pipeline with the settings that did best inside, fitted."""

    inner_auc: float
    """Mean over the inner parts; what pipelines are compared by, too."""
    classifier: FeatureClassifier


def tune(kind: Kind, plan: SearchPlan, training: FeatureTable) -> Tuned:
    """Choose among ``plan.grids[kind]``, and fit.

    Raises
    ------
    InputError
        If the training patients cannot be divided.
    """
    from threadpoolctl import threadpool_limits

    labels = np.array([row.label for row in training.rows])
    fold_of = split_patients(training.rows, plan.inner)
    part = np.array([fold_of[row.patient_id] for row in training.rows])
    with threadpool_limits(1):  # small problems are slower on several threads
        tried = [
            (settings, _inner_decisions(kind, settings, training.values, labels, part))
            for settings in plan.grids[kind]
        ]
        aucs = [_mean_auc(decisions, labels, part) for _, decisions in tried]
        best = int(np.argmax(aucs))
        settings, decisions = tried[best]
        pipeline = build_pipeline(kind, settings).fit(training.values, labels)
        slope, intercept = _platt(decisions, labels)
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
        fitted_from=settings_fingerprint(kind, plan, training),
        software=f"mammopair {__version__}",
        notice=RESEARCH_USE_ONLY,
    )
    return Tuned(aucs[best], FeatureClassifier(description, fitted_arrays(kind, pipeline)))


def tune_once(kind: Kind, plan: SearchPlan, training: FeatureTable, folder: Path | None) -> Tuned:
    """What a folder has from an earlier run of the same fit; else :func:`tune`, and keep it."""
    if folder is None:
        return tune(kind, plan, training)
    try:
        kept = load_classifier(folder)
        auc = kept.description.inner_auc
        if auc is not None and kept.description.fitted_from == settings_fingerprint(
            kind, plan, training
        ):
            return Tuned(auc, kept)
    except InputError:  # nothing there, or of another version
        pass
    tuned = tune(kind, plan, training)
    save_classifier(tuned.classifier, folder)
    return tuned


def settings_fingerprint(kind: Kind, plan: SearchPlan, training: FeatureTable) -> str:
    """Names everything that a fit depends on."""
    told = [kind, plan.grids[kind], plan.inner, __version__]
    rows = [(row.patient_id, row.label) for row in training.rows]
    values = np.ascontiguousarray(training.values).tobytes()
    return hashlib.sha256(msgspec.json.encode([told, rows]) + values).hexdigest()


def best_of(candidates: Sequence[Tuned]) -> Tuned:
    """The one that did best inside; the first of equals."""
    return max(candidates, key=lambda tuned: tuned.inner_auc)


def _inner_decisions(
    kind: Kind, settings: Settings, values: Floats, labels: Floats, part: npt.NDArray[np.int64]
) -> Floats:
    """``(rows,)``: what is said of each row by the fit that did not see its patient."""
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    return np.asarray(
        cross_val_predict(
            build_pipeline(kind, settings),
            values,
            labels,
            cv=PredefinedSplit(part),
            method="decision_function",
        )
    )


def _mean_auc(decisions: Floats, labels: Floats, part: npt.NDArray[np.int64]) -> float:
    from sklearn.metrics import roc_auc_score

    parts = [part == number for number in np.unique(part)]
    return float(np.mean([roc_auc_score(labels[here], decisions[here]) for here in parts]))


def _platt(decisions: Floats, labels: Floats) -> tuple[float, float]:
    """Slope and intercept of least cross-entropy."""
    from sklearn.linear_model import LogisticRegression

    scale = float(decisions.std()) or 1.0
    fit = LogisticRegression(C=1e6).fit(decisions[:, None] / scale, labels)
    return max(float(fit.coef_[0, 0]) / scale, FLATTEST), float(fit.intercept_[0])
