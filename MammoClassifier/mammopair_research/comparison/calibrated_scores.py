"""Calibrated probabilities of out-of-fold lesions, each fold calibrated on the other folds.

Slope and intercept are fitted as for an exported ensemble, separately for lesions with two views
and with one, but on the lesions of the other folds: no label of a fold affects its own
probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mammopair.calibration.platt import sigmoid
from mammopair.errors import InputError
from mammopair.lesion_groups import group_lesions
from mammopair_research.comparison.table_rows import CropPrediction
from mammopair_research.training.calibration_fit import fit_slope_and_intercept, split_by_views
from mammopair_research.training.out_of_fold import LesionLogits


@dataclass(frozen=True)
class OutOfFoldLesion:
    """One lesion in the views that a method reads."""

    name: str
    """See :func:`mammopair.lesion_groups.lesion_name`."""
    views: tuple[CropPrediction, ...]

    @property
    def fold(self) -> int:
        """The patient's fold."""
        return self.views[0].crop.fold

    @cached_property
    def lesion_logits(self) -> LesionLogits:
        """The logits that a calibration is fitted on."""
        first = self.views[0].crop
        logits = np.array([prediction.logits for prediction in self.views])
        return LesionLogits(first.patient_id, first.label, logits, first.fold)


@dataclass(frozen=True)
class Score:
    """The probability of one lesion or one view."""

    name: str
    """Name of the lesion, or file of the crop."""
    patient_id: str
    label: int
    """1 for malignant, 0 for benign."""
    probability: float
    """Of malignancy, calibrated."""


def out_of_fold_lesions(predictions: Sequence[CropPrediction]) -> list[OutOfFoldLesion]:
    """Group predictions by lesion."""
    groups = group_lesions([prediction.crop for prediction in predictions])
    return [
        OutOfFoldLesion(name, tuple(predictions[index] for index in indices))
        for name, indices in groups.items()
    ]


def cross_fit_scores(lesions: Sequence[OutOfFoldLesion]) -> tuple[list[Score], list[Score]]:
    """Calibrate each fold on the other folds; return the scores of lesions and of single views.

    The probability of a view is the mean over the predictors, that of a lesion the mean over its
    views. A view of a lesion with two views has the calibration of lesions with two views.

    Raises
    ------
    InputError
        If there is one fold only, or the other folds have one class only.
    """
    by_lesion, by_view = [], []
    for fold in sorted({lesion.fold for lesion in lesions}):
        others = [lesion.lesion_logits for lesion in lesions if lesion.fold != fold]
        if not others:
            raise InputError(
                "calibration",
                f"of fold {fold} needs another fold to be fitted on; "
                "give the recipe at least two folds",
            )
        two, one = split_by_views(others)
        for_two = fit_slope_and_intercept(two)
        for_one = fit_slope_and_intercept(one) if one else for_two
        for lesion in (lesion for lesion in lesions if lesion.fold == fold):
            slope, intercept = for_two if len(lesion.views) > 1 else for_one
            views = sigmoid(slope * lesion.lesion_logits.logits + intercept).mean(axis=1)
            by_lesion.append(_score(lesion.name, lesion.views[0], float(views.mean())))
            by_view += [
                _score(view.crop.file, view, float(probability))
                for view, probability in zip(lesion.views, views, strict=True)
            ]
    return by_lesion, by_view


def _score(name: str, prediction: CropPrediction, probability: float) -> Score:
    return Score(name, prediction.crop.patient_id, prediction.crop.label, probability)
