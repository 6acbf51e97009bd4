"""Run the baseline: features, fits, held-out predictions, the saved model, and a report."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Generator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.handcrafted.classifier import save_classifier
from mammopair.handcrafted.features import NAMES, compute_features
from mammopair.handcrafted.table import measure_folder
from mammopair.held_out.predictions import Prediction, write_predictions
from mammopair.held_out.run import HANDCRAFTED, PREDICTIONS, Predictor, Run, write_run
from mammopair.progress import Progress
from mammopair.reading.crop_folder import read_crop, read_index
from mammopair.training.baseline.figures import measure_baseline
from mammopair.training.baseline.fitting import Baseline, fit_baseline
from mammopair.training.baseline.importance import Importance, measure_importance
from mammopair.training.baseline.plan import Plan
from mammopair.training.baseline.report import write_report
from mammopair.training.timing import processor_name
from mammopair.whole_file import whole_text_file

FEATURES, FITS, MODEL = "features.csv", "fits", "model"
FIGURES, IMPORTANCE = "figures.json", "importance.csv"
SEED = 0
"""Of every fit: a fit of the same rows is the same."""
TIMED = 5
"""Crops whose features are timed; the fastest counts."""


def run_baseline(
    plan: Plan, data: Path, out: Path, *, pool: Executor | None = None
) -> Generator[Progress, None, dict[str, Any]]:
    """Everything, into a folder; features that it has already are not measured again.

    Parameters
    ----------
    pool
        Processes that measure and tune side by side; without, this one does.

    Returns
    -------
    dict
        The figures, as in ``figures.json``; as the generator's value.

    Raises
    ------
    InputError
        If the data cannot be read or divided, or the folder holds other files of these names.
    """
    rows = read_index(data)
    table = yield from measure_folder(data, rows, out / FEATURES, pool=pool)
    baseline = yield from fit_baseline(plan, table, keep=out / FITS, pool=pool)
    save_classifier(baseline.model.classifier, out / MODEL)
    write_predictions(out / PREDICTIONS, held_out_predictions(baseline))
    write_run(describe_run(baseline, seconds_a_case(data, baseline)), out)
    importance = yield from measure_importance(baseline)
    write_importance(importance, out / IMPORTANCE)
    yield Progress(0, 1, "Measuring the predictions")
    figures = {
        **measure_baseline(baseline),
        "software": f"mammopair {__version__}",
        "notice": RESEARCH_USE_ONLY,
    }
    with whole_text_file(out / FIGURES) as stream:
        stream.write(json.dumps(figures, indent=2) + "\n")
    write_report(plan, figures, importance, out)
    return figures


def held_out_predictions(baseline: Baseline) -> list[Prediction]:
    """One row a crop, by the fit that did not see its patient."""
    logits = baseline.held_out_logits()
    return [
        Prediction(
            file=row.file,
            patient_id=row.patient_id,
            laterality=row.laterality,
            view=row.view,  # type: ignore[arg-type]  # the index holds CC and MLO only
            abnormality_id=row.abnormality_id,
            pair_id=row.pair_id,
            label=row.label,
            repeat=0,
            fold=fold,
            seed=SEED,
            logit=logit,
        )
        for row, fold, logit in zip(
            baseline.table.rows, baseline.fold.tolist(), logits.tolist(), strict=True
        )
    ]


def describe_run(baseline: Baseline, seconds: float) -> Run:
    """What ``run.json`` says of it."""
    plan, rows = baseline.plan, baseline.table.rows
    predictors = [Predictor(fold=fold, seed=SEED) for fold in range(plan.folds.count)]
    return Run(
        name=plan.name,
        title=plan.title,
        method=HANDCRAFTED,
        views=sorted({row.view for row in rows}),  # type: ignore[misc]  # CC and MLO only
        data=plan.data,
        crops=len(rows),
        patients=len({row.patient_id for row in rows}),
        folds=plan.folds.count,
        predictors=predictors,
        planned=predictors,
        parameters=baseline.model.classifier.size,
        seconds_a_case=seconds,
        machine=processor_name(),
        recipe=msgspec.to_builtins(plan),
        software=f"mammopair {__version__}",
    )


def seconds_a_case(data: Path, baseline: Baseline) -> float:
    """Seconds for the two views of a mass, from the view in memory to the logit, one thread.

    Of the processor's time, so that other programs on the machine do not count.
    """
    from threadpoolctl import threadpool_limits

    classifier, times = baseline.model.classifier, []
    with threadpool_limits(1):
        for row in baseline.table.rows[: 1 + TIMED]:
            view = read_crop(data, row)
            began = time.thread_time()
            values = compute_features(view, row.box)
            classifier.logits(np.array([[values[name] for name in NAMES]]))
            times.append(time.thread_time() - began)
    return 2 * min(times[1:] or times)


def write_importance(importance: list[Importance], path: Path) -> None:
    """A CSV, groups before features."""
    with whole_text_file(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["name", "features", "auc_loss", "deviation_over_folds"])
        for one in importance:
            table.writerow([one.name, one.features, f"{one.loss:.5f}", f"{one.deviation:.5f}"])
