"""Which calibration keeps its word on other patients: one number or two, by views or together.

Run from the root of the repository; DATA holds ``crops.csv`` and its pictures::

    python -m Testing.benchmarks.calibration DATA
    python -m Testing.benchmarks.calibration DATA --model ENSEMBLE

Each way is fitted on the lesions of all folds but one and scored on those of that one. A
temperature is a slope without an intercept. The last line is the ECE that the calibration that
ships would show on so many pairs were it perfect: labels are drawn from its own probabilities.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from mammopair.calibration.platt import Calibration, lesion_probability, probabilities
from mammopair.cli.terminal import run_with_bar
from mammopair.evaluation.crop_scores import training_folds
from mammopair.io.crop_folder import read_index
from mammopair.model.ensemble import load_ensemble
from mammopair.stats.metrics import measure
from mammopair_research.training.calibration_fit import fit_slope_and_intercept, fit_temperature
from mammopair_research.training.out_of_fold import (
    LesionLogits,
    out_of_fold_lesions,
    predict_out_of_fold,
)

DRAWS = 500

Lesions = Sequence[LesionLogits]
Fit = Callable[[Lesions], tuple[float, float]]


def as_they_are(_: Lesions) -> tuple[float, float]:
    """No calibration."""
    return 1.0, 0.0


def temperature(lesions: Lesions) -> tuple[float, float]:
    """A slope without an intercept."""
    return fit_temperature(lesions), 0.0


WAYS: dict[str, tuple[Fit, bool]] = {
    "as they are": (as_they_are, False),
    "temperature": (temperature, False),
    "slope and intercept": (fit_slope_and_intercept, False),
    "temperature, by views": (temperature, True),
    "slope and intercept, by views": (fit_slope_and_intercept, True),
}
"""By name: how it is fitted, and whether lesions with one view and with two are fitted apart."""
SHIPS = "slope and intercept, by views"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--model", default=None)
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    ensemble = load_ensemble(chosen.model, "cpu")
    folds = training_folds(ensemble)
    rows = [row for row in read_index(chosen.data) if row.patient_id in folds]
    unseen = run_with_bar(predict_out_of_fold(ensemble, rows, chosen.data, folds))
    lesions = out_of_fold_lesions(unseen, folds)
    pairs = np.array([len(lesion.logits) > 1 for lesion in lesions])
    labels = np.array([lesion.label for lesion in lesions])

    print(f"{'':31}  {pairs.sum():4} with two views     {len(lesions):4} lesions")
    print(f"{'fitted on the other folds':31}  log loss   Brier    ECE  log loss   Brier    ECE")
    for name, (fit, by_views) in WAYS.items():
        scores = cross_fitted(lesions, fit, by_views)
        cells = []
        for mine in (pairs, np.ones_like(pairs)):
            found = measure(scores[mine], labels[mine])
            loss = -np.log(np.where(labels[mine] == 1, scores[mine], 1 - scores[mine])).mean()
            cells.append(f"{loss:8.4f}  {found.brier:.4f}  {found.ece:.3f}")
        print(f"{name:31}  {'  '.join(cells)}")
    perfect = cross_fitted(lesions, *WAYS[SHIPS])[pairs]
    rng = np.random.default_rng(0)
    drawn = [measure(perfect, rng.random(len(perfect)) < perfect).ece for _ in range(DRAWS)]
    print(f"{'were it perfect':31}  {'':8}  {'':6}  {np.mean(drawn):.3f}")


def cross_fitted(lesions: Lesions, fit: Fit, by_views: bool) -> np.ndarray:
    """Probabilities of lesions by what the other folds give."""
    kinds = [(lesion.fold, len(lesion.logits) if by_views else 0) for lesion in lesions]
    scores = np.empty(len(lesions))
    for fold, views in sorted(set(kinds)):
        others = [
            lesion
            for lesion, kind in zip(lesions, kinds, strict=True)
            if kind[0] != fold and kind[1] == views
        ]
        slope, intercept = fit(others)
        calibration = Calibration(
            slope=slope,
            intercept=intercept,
            covariance=((0.0, 0.0), (0.0, 0.0)),
            fitted_on=f"lesions outside fold {fold}",
        )
        for number in [number for number, kind in enumerate(kinds) if kind == (fold, views)]:
            readings = probabilities(lesions[number].logits, calibration)
            scores[number] = lesion_probability(readings)
    return scores


if __name__ == "__main__":
    main()
