"""Calibrated probabilities of held-out lesions, each fold's from what the other folds give.

Slope and intercept are fitted as for an ensemble that ships, apart for lesions with two views and
for those with one, but on the lesions of the other folds of the same repeat: no label of a fold has
a part in its own probabilities.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mammopair.calibration.platt import sigmoid
from mammopair.errors import InputError
from mammopair_research.comparison.table_rows import CropPrediction
from mammopair_research.training.calibration_fit import divided_by_views, fit_slope_and_intercept
from mammopair_research.training.out_of_fold import LesionLogits

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFoldLesion:
    """One mass, in the views that an entrant read."""

    name: str
    """Its pair, or patient, breast, number and label."""
    views: tuple[CropPrediction, ...]

    @property
    def repeat(self) -> int:
        """The split of the patients."""
        return self.views[0].crop.repeat

    @property
    def fold(self) -> int:
        """The patient's fold in that split."""
        return self.views[0].crop.fold

    @cached_property
    def known(self) -> LesionLogits:
        """What a calibration is fitted on."""
        first = self.views[0].crop
        logits = np.array([prediction.logits for prediction in self.views])
        return LesionLogits(first.patient_id, first.label, logits, first.fold)


@dataclass(frozen=True)
class Score:
    """A probability, and whose it is: one lesion's, or one view's."""

    repeat: int
    name: str
    """Of the lesion, or the crop's file."""
    patient_id: str
    label: int
    probability: float


def lesions_of(predictions: Sequence[CropPrediction]) -> list[OutOfFoldLesion]:
    """Readings by mass, as :mod:`mammopair.stats.aggregation` has it."""
    views: dict[tuple[int, str], list[CropPrediction]] = defaultdict(list)
    for prediction in predictions:
        views[prediction.crop.repeat, lesion_name(prediction)].append(prediction)
    return [OutOfFoldLesion(name, tuple(found)) for (_, name), found in views.items()]


def lesion_name(prediction: CropPrediction) -> str:
    """The pair where there is one, else patient, breast, number and label.

    The label is part of it as some breasts number several masses in another order on the other
    view.
    """
    crop = prediction.crop
    number = f"{crop.patient_id} {crop.laterality} {crop.abnormality_id}"
    return crop.pair_id or f"{number} {'malignant' if crop.label else 'benign'}"


def cross_fitted(lesions: Sequence[OutOfFoldLesion]) -> tuple[list[Score], list[Score]]:
    """Probabilities of lesions, and of their views one by one.

    A view's probability is the mean over the predictors, a lesion's the mean over its views. A view
    of two is calibrated as the lesion is.

    Raises
    ------
    InputError
        If a repeat has one fold only, or the other folds hold one class only.
    """
    by_lesion, by_view = [], []
    for repeat, fold in sorted({(lesion.repeat, lesion.fold) for lesion in lesions}):
        here = [one for one in lesions if (one.repeat, one.fold) == (repeat, fold)]
        others = [one for one in lesions if one.repeat == repeat and one.fold != fold]
        if not others:
            raise InputError(
                "calibration",
                f"of fold {fold} needs another fold to be fitted on; give the recipe two at least",
            )
        two, one = divided_by_views([lesion.known for lesion in others])
        for_two = fit_slope_and_intercept(two)
        for_one = fit_slope_and_intercept(one) if one else for_two
        for lesion in here:
            slope, intercept = for_two if len(lesion.views) > 1 else for_one
            views = sigmoid(slope * lesion.known.logits + intercept).mean(axis=1)
            by_lesion.append(_score(lesion.name, lesion.views[0], float(views.mean())))
            by_view += [
                _score(view.crop.file, view, float(probability))
                for view, probability in zip(lesion.views, views, strict=True)
            ]
    return by_lesion, by_view


def _score(name: str, prediction: CropPrediction, probability: float) -> Score:
    crop = prediction.crop
    return Score(crop.repeat, name, crop.patient_id, crop.label, probability)
