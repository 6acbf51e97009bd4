"""Runs of a cross-validation as numbers alone: for tests of what is made of them.

>>> write_run_folder(tmp_path / "net", seeds=(1, 2), skill=1.5)   # run.json, predictions.csv

The collection has 64 patients in four folds, of which 0 and 2 are held out: half of them benign,
each with one mass; every fourth mass has a CC view only. A logit is the label's side times the
skill, plus noise of standard deviation 1 that depends on name, crop and seed only.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PATIENTS, FOLDS, HELD_OUT = 64, 4, (0, 2)


def fold_of(patient: int) -> int:
    """Patients are dealt out in turn."""
    return patient % FOLDS


def label_of(patient: int) -> int:
    """So that each fold is half benign."""
    return patient // FOLDS % 2


def views_of(patient: int) -> tuple[str, ...]:
    """Every fourth patient of either label has a CC view only."""
    return ("CC",) if patient // (2 * FOLDS) % 4 == 3 else ("CC", "MLO")


def predictions(
    name: str, views: Sequence[str], seeds: Sequence[int], skill: float, repeats: int = 1
) -> list[Any]:
    """The rows of a run's table."""
    from mammopair_research.crossval.predictions import Prediction

    rows = []
    for repeat in range(repeats):
        for seed in seeds:
            for patient in range(PATIENTS):
                if fold_of(patient) not in HELD_OUT:
                    continue
                for view in views_of(patient):
                    if view not in views:
                        continue
                    file = f"P{patient:02d}_{view}.png"
                    noise = np.random.default_rng(
                        zlib.crc32(f"{name}{file}{seed}{repeat}".encode())
                    )
                    side = 2 * label_of(patient) - 1
                    rows.append(
                        Prediction(
                            file=file,
                            patient_id=f"P{patient:02d}",
                            laterality="LEFT",
                            view=view,
                            abnormality_id="1",
                            pair_id=f"P{patient:02d}_LEFT" if len(views_of(patient)) > 1 else "",
                            label=label_of(patient),
                            repeat=repeat,
                            fold=fold_of(patient),
                            seed=seed,
                            logit=side * skill + noise.normal(),
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
    repeats: int = 1,
    method: str = "googlenet",
    rows: Sequence[Any] | None = None,
    **run: Any,
) -> Path:
    """Write ``run.json`` and ``predictions.csv``; give the folder back.

    Parameters
    ----------
    rows
        Instead of those of :func:`predictions`.
    run
        Other fields of ``run.json``.
    """
    from mammopair_research.crossval.predictions import write_predictions
    from mammopair_research.crossval.run_description import (
        PREDICTIONS,
        CrossValidationRun,
        Predictor,
        write_cross_validation_run,
    )

    folder.mkdir(parents=True, exist_ok=True)
    if rows is None:
        rows = predictions(name, views, seeds, skill, repeats)
    predictors = [
        Predictor(repeat=repeat, fold=fold, seed=seed)
        for repeat, fold, seed in dict.fromkeys((r.repeat, r.fold, r.seed) for r in rows)
    ]
    fields: dict[str, Any] = {
        "name": name,
        "title": "GoogLeNet" if method == "googlenet" else "Hand-crafted",
        "method": method,
        "views": list(views),
        "data": "Made up.",
        "crops": 2 * PATIENTS,
        "patients": PATIENTS,
        "folds": FOLDS,
        "predictors": predictors,
        "planned": predictors,
        "reduced": "folds 0, 2 of 4 only",
        "parameters": None if method == "handcrafted" else 1_000_000,
        "seconds_a_case": 0.1 * len(views),
        "machine": "a processor",
        "recipe": {"network": method, "optimisation": {"epochs": 3, "views": list(views)}},
        "software": "mammopair tests",
    }
    write_predictions(folder / PREDICTIONS, rows)
    write_cross_validation_run(CrossValidationRun(**(fields | run)), folder)
    return folder
