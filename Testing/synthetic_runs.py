"""Synthetic cross-validation runs: predictions and descriptions without networks.

>>> write_run_folder(tmp_path / "net", seeds=(1, 2), skill=1.5)   # run.json, predictions.csv

The data have 64 patients with one mass each, half of them benign, in four folds, of which 0 and 2
are predicted; every fourth mass has a CC view only. A logit is plus or minus the skill, by label,
plus noise of standard deviation 1 that depends on name, crop and seed only.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mammopair_research.crossval.predictions import Prediction, write_predictions
from mammopair_research.crossval.run_description import (
    PREDICTIONS,
    CrossValidationRun,
    Predictor,
    write_cross_validation_run,
)

PATIENTS, FOLDS, PREDICTED_FOLDS = 64, 4, (0, 2)


def fold_of(patient: int) -> int:
    """Return the fold of a patient: patients are assigned in turn."""
    return patient % FOLDS


def label_of(patient: int) -> int:
    """Return the label of a patient; each fold is half benign."""
    return patient // FOLDS % 2


def views_of(patient: int) -> tuple[str, ...]:
    """Return the views of a patient; every fourth of either label has a CC view only."""
    return ("CC",) if patient // (2 * FOLDS) % 4 == 3 else ("CC", "MLO")


def predictions(
    name: str, views: Sequence[str], seeds: Sequence[int], skill: float
) -> list[Prediction]:
    """Return the rows of a run's table."""
    rows = []
    for seed in seeds:
        for patient in range(PATIENTS):
            if fold_of(patient) not in PREDICTED_FOLDS:
                continue
            for view in views_of(patient):
                if view not in views:
                    continue
                file = f"P{patient:02d}_{view}.png"
                noise = np.random.default_rng(zlib.crc32(f"{name}{file}{seed}0".encode()))
                rows.append(
                    Prediction(
                        file=file,
                        patient_id=f"P{patient:02d}",
                        laterality="LEFT",
                        view=view,
                        abnormality_id="1",
                        pair_id=f"P{patient:02d}_LEFT" if len(views_of(patient)) > 1 else "",
                        label=label_of(patient),
                        fold=fold_of(patient),
                        seed=seed,
                        logit=(2 * label_of(patient) - 1) * skill + noise.normal(),
                    )
                )
    return rows


def write_run_folder(
    folder: Path,
    *,
    name: str = "net",
    views: Sequence[str] = ("CC", "MLO"),
    seeds: Sequence[int] = (1,),
    skill: float = 1.0,
    method: str = "googlenet",
    rows: Sequence[Prediction] | None = None,
    **run: Any,
) -> Path:
    """Write ``run.json`` and ``predictions.csv``; return the folder.

    Parameters
    ----------
    rows
        Predictions to write instead of those of :func:`predictions`.
    run
        Other fields of ``run.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if rows is None:
        rows = predictions(name, views, seeds, skill)
    predictors = [
        Predictor(fold=fold, seed=seed)
        for fold, seed in dict.fromkeys((row.fold, row.seed) for row in rows)
    ]
    fields: dict[str, Any] = {
        "name": name,
        "title": "GoogLeNet" if method == "googlenet" else "Hand-crafted",
        "method": method,
        "views": list(views),
        "data": "Synthetic.",
        "crops": 2 * PATIENTS,
        "patients": PATIENTS,
        "folds": FOLDS,
        "predictors": predictors,
        "planned": predictors,
        "reduced": "folds 0, 2 of 4 only",
        "parameters": None if method == "handcrafted" else 1_000_000,
        "seconds_per_case": 0.1 * len(views),
        "machine": "a processor",
        "recipe": {"network": method, "optimisation": {"epochs": 3, "views": list(views)}},
        "software": "mammopair tests",
    }
    write_predictions(folder / PREDICTIONS, rows)
    write_cross_validation_run(CrossValidationRun(**(fields | run)), folder)
    return folder
