"""Run the baseline: features, fits, out-of-fold predictions, the saved model and a report."""

from __future__ import annotations

import csv
import time
from collections.abc import Generator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.atomic_write import atomic_write
from mammopair.features.catalogue import FEATURE_NAMES, compute_features
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.io.json_file import write_json
from mammopair.progress import Progress
from mammopair_research.crossval.predictions import (
    Prediction,
    make_prediction,
    write_predictions,
)
from mammopair_research.crossval.run_description import (
    HANDCRAFTED,
    PREDICTIONS,
    CrossValidationRun,
    Predictor,
    processor_name,
    write_cross_validation_run,
)
from mammopair_research.handcrafted.baseline_figures import measure_baseline
from mammopair_research.handcrafted.baseline_report import write_baseline_report
from mammopair_research.handcrafted.classifier import save_classifier
from mammopair_research.handcrafted.feature_table import measure_folder
from mammopair_research.handcrafted.importance import Importance, measure_importance
from mammopair_research.handcrafted.nested_fit import Baseline, fit_baseline
from mammopair_research.handcrafted.search_plan import SearchPlan

FEATURES, FITS, MODEL = "features.csv", "fits", "model"
FIGURES, IMPORTANCE = "figures.json", "importance.csv"
SEED = 0
"""Seed in ``predictions.csv``; the fits are deterministic."""
TIMED = 5
"""Crops that are timed; the fastest counts."""


def run_baseline(
    plan: SearchPlan, data: Path, out: Path, *, pool: Executor | None = None
) -> Generator[Progress, None, dict[str, Any]]:
    """Run the baseline and write its files to a folder; cached features are not measured again.

    Parameters
    ----------
    plan
        Folds and hyperparameters.
    data
        A crop folder; see :mod:`mammopair.io.crop_folder`.
    out
        An existing folder.
    pool
        Processes that measure and tune in parallel; None uses this process.

    Returns
    -------
    dict
        The contents of ``figures.json``, as the generator's value.

    Raises
    ------
    InputError
        If the data cannot be read or divided, or the folder has other files with these names.
    """
    rows = read_index(data)
    table = yield from measure_folder(data, rows, out / FEATURES, pool=pool)
    baseline = yield from fit_baseline(plan, table, cache=out / FITS, pool=pool)
    save_classifier(baseline.model.classifier, out / MODEL)
    write_predictions(out / PREDICTIONS, out_of_fold_predictions(baseline))
    write_cross_validation_run(
        describe_baseline_run(baseline, seconds_per_baseline_case(data, baseline)), out
    )
    importance = yield from measure_importance(baseline)
    write_importance(importance, out / IMPORTANCE)
    yield Progress(0, 1, "Measuring the predictions")
    figures = {
        **measure_baseline(baseline),
        "software": f"mammopair {__version__}",
        "notice": RESEARCH_USE_ONLY,
    }
    write_json(out / FIGURES, figures)
    write_baseline_report(plan, figures, importance, out)
    return figures


def out_of_fold_predictions(baseline: Baseline) -> list[Prediction]:
    """Return the prediction of each crop by the fit without its patient."""
    logits = baseline.out_of_fold_logits()
    return [
        make_prediction(row, fold=fold, seed=SEED, logit=logit)
        for row, fold, logit in zip(
            baseline.table.rows, baseline.fold.tolist(), logits.tolist(), strict=True
        )
    ]


def describe_baseline_run(baseline: Baseline, seconds: float) -> CrossValidationRun:
    """Return the contents of ``run.json``."""
    plan, rows = baseline.plan, baseline.table.rows
    predictors = [Predictor(fold=fold, seed=SEED) for fold in range(plan.folds.count)]
    return CrossValidationRun(
        name=plan.name,
        title=plan.title,
        method=HANDCRAFTED,
        views=sorted({row.view for row in rows}),
        data=plan.data,
        crops=len(rows),
        patients=len({row.patient_id for row in rows}),
        folds=plan.folds.count,
        predictors=predictors,
        planned=predictors,
        parameters=baseline.model.classifier.size,
        seconds_per_case=seconds,
        machine=processor_name(),
        recipe=msgspec.to_builtins(plan),
        software=f"mammopair {__version__}",
    )


def seconds_per_baseline_case(data: Path, baseline: Baseline) -> float:
    """Measure the CPU seconds for two views of a mass, from view to logit, on one thread."""
    from threadpoolctl import threadpool_limits

    classifier, times = baseline.model.classifier, []
    with threadpool_limits(1):
        for row in baseline.table.rows[: 1 + TIMED]:
            view = read_crop(data, row)
            start = time.thread_time()
            values = compute_features(view, row.box)
            classifier.logits(np.array([[values[name] for name in FEATURE_NAMES]]))
            times.append(time.thread_time() - start)
    return 2 * min(times[1:] or times)


def write_importance(importance: list[Importance], path: Path) -> None:
    """Write the importance of groups and features as CSV."""
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["name", "features", "auc_loss", "deviation_over_folds"])
        for one in importance:
            table.writerow([one.name, one.features, f"{one.loss:.5f}", f"{one.deviation:.5f}"])
