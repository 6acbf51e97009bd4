"""Score a folder of labelled crops with an ensemble, and compute the metrics of the scores.

Members score only patients that they were not trained on (:mod:`.out_of_fold`).
"""

from mammopair.evaluation.crop_scores import score_folder
from mammopair.evaluation.measurement import evaluate_folder, measure_scores
from mammopair.evaluation.out_of_fold import (
    ScorableCrop,
    explainable_crops,
    out_of_fold_members,
    scorable_crops,
    training_folds,
)

__all__ = [
    "ScorableCrop",
    "evaluate_folder",
    "explainable_crops",
    "measure_scores",
    "out_of_fold_members",
    "scorable_crops",
    "score_folder",
    "training_folds",
]
