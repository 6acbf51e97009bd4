"""Compare calibrations on out-of-fold lesions: temperature or slope and intercept, by views or not.

Run from the root of the repository; DATA is a crop folder::

    python -m Testing.benchmarks.calibration DATA
    python -m Testing.benchmarks.calibration DATA --model ENSEMBLE

Each calibration is fitted on the lesions of all folds but one and measured on that fold. A
temperature is a slope without an intercept. The last line is the ECE that a perfect calibration
would have on as many pairs: labels are drawn from the exported calibration's own probabilities.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from mammopair.calibration.platt import Calibration, lesion_probability, probabilities
from mammopair.cli.terminal import run_with_bar
from mammopair.evaluation import training_folds
from mammopair.io.crop_folder import read_index
from mammopair.model.ensemble import load_ensemble
from mammopair.stats.metrics import measure
from mammopair_research.training.calibration_fit import SLOPE_RANGE, fit_slope_and_intercept
from mammopair_research.training.out_of_fold import (
    LesionLogits,
    out_of_fold_lesions,
    predict_out_of_fold,
)

DRAWS = 500

Lesions = Sequence[LesionLogits]
Fit = Callable[[Lesions], tuple[float, float]]


def no_calibration(_: Lesions) -> tuple[float, float]:
    """Return the identity."""
    return 1.0, 0.0


def fit_temperature(lesions: Lesions) -> tuple[float, float]:
    """Fit a slope without an intercept by the cross-entropy of the averaged probabilities."""

    def loss(slope: float) -> float:
        return log_loss(score(lesions, slope, 0.0), np.array([one.label for one in lesions]))

    return float(minimize_scalar(loss, bounds=SLOPE_RANGE, method="bounded").x), 0.0


EXPORTED = "slope and intercept, by views"
CALIBRATIONS: dict[str, tuple[Fit, bool]] = {
    "none": (no_calibration, False),
    "temperature": (fit_temperature, False),
    "slope and intercept": (fit_slope_and_intercept, False),
    "temperature, by views": (fit_temperature, True),
    EXPORTED: (fit_slope_and_intercept, True),
}
"""How each is fitted, and whether lesions with one view and with two are fitted separately."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ensemble = load_ensemble(arguments.model, "cpu")
    folds = training_folds(ensemble)
    rows = [row for row in read_index(arguments.data) if row.patient_id in folds]
    predictions = run_with_bar(predict_out_of_fold(ensemble, rows, arguments.data, folds))
    lesions = out_of_fold_lesions(predictions, folds)
    pairs = np.array([len(lesion.logits) > 1 for lesion in lesions])
    labels = np.array([lesion.label for lesion in lesions])

    print(f"{'':31}  {pairs.sum():4} with two views     {len(lesions):4} lesions")
    print(f"{'fitted on the other folds':31}  log loss   Brier    ECE  log loss   Brier    ECE")
    for name, (fit, by_views) in CALIBRATIONS.items():
        scores = cross_fitted(lesions, fit, by_views)
        cells = []
        for part in (pairs, np.ones_like(pairs)):
            found = measure(scores[part], labels[part])
            loss = log_loss(scores[part], labels[part])
            cells.append(f"{loss:8.4f}  {found.brier:.4f}  {found.ece:.3f}")
        print(f"{name:31}  {'  '.join(cells)}")
    perfect = cross_fitted(lesions, *CALIBRATIONS[EXPORTED])[pairs]
    rng = np.random.default_rng(0)
    drawn = [measure(perfect, rng.random(len(perfect)) < perfect).ece for _ in range(DRAWS)]
    print(f"{'perfect':31}  {'':8}  {'':6}  {np.mean(drawn):.3f}")


def cross_fitted(lesions: Lesions, fit: Fit, by_views: bool) -> np.ndarray:
    """Return the probabilities of lesions, each fold calibrated on the other folds."""
    kinds = [(lesion.fold, len(lesion.logits) if by_views else 0) for lesion in lesions]
    scores = np.empty(len(lesions))
    for fold, views in sorted(set(kinds)):
        others = [
            lesion
            for lesion, kind in zip(lesions, kinds, strict=True)
            if kind[0] != fold and kind[1] == views
        ]
        part = [number for number, kind in enumerate(kinds) if kind == (fold, views)]
        scores[part] = score([lesions[number] for number in part], *fit(others))
    return scores


def score(lesions: Lesions, slope: float, intercept: float) -> np.ndarray:
    """Return the calibrated probabilities of lesions, ``(lesions,)``."""
    calibration = Calibration(
        slope=slope, intercept=intercept, covariance=((0.0, 0.0), (0.0, 0.0)), fitted_on="lesions"
    )
    return np.array([lesion_probability(probabilities(x.logits, calibration)) for x in lesions])


def log_loss(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean cross-entropy."""
    return float(-np.log(np.where(labels == 1, scores, 1 - scores)).mean())


if __name__ == "__main__":
    main()
