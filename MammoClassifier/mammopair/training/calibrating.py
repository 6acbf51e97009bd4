"""Fit the calibration and the operating points on predictions that no member had learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.model.calibration import CERTAIN, lesion_probability, probabilities
from mammopair.model.ensemble_manifest import Calibration, OperatingPoint

RESAMPLES = 200
FLATTEST, STEEPEST = 0.05, 20.0
"""The slope is kept between these; a network that learned nothing must not turn the sign."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LesionLogits:
    """What members that never saw the patient said of one lesion."""

    patient_id: str
    label: int
    logits: Floats
    """``(views, members)``, one or two views."""


def fit_calibration(lesions: Sequence[LesionLogits], fitted_on: str, seed: int = 0) -> Calibration:
    """Slope and intercept of least cross-entropy of the lesions' **averaged** probabilities.

    The covariance is that over bootstrap resamples of the patients.
    """
    patients = sorted({lesion.patient_id for lesion in lesions})
    owner = np.array([patients.index(lesion.patient_id) for lesion in lesions])
    logits, labels = _stack(lesions)

    draws = np.random.default_rng(seed).multinomial(
        len(patients), np.full(len(patients), 1 / len(patients)), size=RESAMPLES
    )
    slope, intercept = _minimise(logits, labels, np.ones(len(lesions)))
    resampled = np.array([_minimise(logits, labels, draw[owner]) for draw in draws])
    (a, b), (c, d) = np.cov(resampled.T).tolist()
    return Calibration(
        slope=slope, intercept=intercept, covariance=((a, b), (c, d)), fitted_on=fitted_on
    )


def operating_points(
    lesions: Sequence[LesionLogits], calibration: Calibration
) -> list[OperatingPoint]:
    """Thresholds that give 95 % and 90 % sensitivity, and 90 % specificity, on these lesions."""
    labels = np.array([lesion.label for lesion in lesions])
    scores = np.array(
        [lesion_probability(probabilities(lesion.logits, calibration)) for lesion in lesions]
    )
    malignant, benign = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    thresholds = {
        "sensitivity 95 %": malignant[int(np.floor(0.05 * len(malignant)))],
        "sensitivity 90 %": malignant[int(np.floor(0.10 * len(malignant)))],
        "specificity 90 %": np.nextafter(benign[int(np.ceil(0.90 * len(benign))) - 1], 1),
    }
    return [
        OperatingPoint(
            name=name,
            threshold=float(threshold),
            sensitivity=float((malignant >= threshold).mean()),
            specificity=float((benign < threshold).mean()),
        )
        for name, threshold in thresholds.items()
    ]


def _minimise(logits: Floats, labels: Floats, weights: Floats) -> tuple[float, float]:
    """Minimise ``-sum w (y log P + (1 - y) log(1 - P))``, ``P = mean(sigmoid(a l + b))``."""
    from scipy.optimize import minimize

    present = ~np.isnan(logits)
    count = present.sum(axis=1)
    known = np.where(present, logits, 0.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, intercept = parameters
        each = present / (1 + np.exp(-np.clip(slope * known + intercept, -50, 50)))
        mean = np.clip(each.sum(axis=1) / count, CERTAIN, 1 - CERTAIN)
        entropy = -(labels * np.log(mean) + (1 - labels) * np.log(1 - mean))
        outer = weights * (mean - labels) / (mean * (1 - mean)) / count
        steep = outer[:, None] * each * (1 - each)
        gradient = np.array([(steep * known).sum(), steep.sum()])
        return float(weights @ entropy) / weights.sum(), gradient / weights.sum()

    found = minimize(
        loss, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=[(FLATTEST, STEEPEST), (-10, 10)]
    )
    return float(found.x[0]), float(found.x[1])


def _stack(lesions: Sequence[LesionLogits]) -> tuple[Floats, Floats]:
    """``(n, readings)`` padded with NaN, and ``(n,)`` labels.

    Readings are one flat mean here, as each crop has the same number of members that may speak.
    """
    widest = max(lesion.logits.size for lesion in lesions)
    logits = np.full((len(lesions), widest), np.nan)
    for row, lesion in zip(logits, lesions, strict=True):
        row[: lesion.logits.size] = lesion.logits.ravel()
    return logits, np.array([lesion.label for lesion in lesions], float)
