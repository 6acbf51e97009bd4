"""Score a folder of labelled crops by the road that every lesion takes, and measure."""

from mammopair.evaluation.crop_scores import (
    CROPS_AT_ONCE,
    out_of_fold_members,
    out_of_fold_rows,
    score_folder,
)
from mammopair.evaluation.measurement import evaluate_folder, measure_scores

__all__ = [
    "CROPS_AT_ONCE",
    "evaluate_folder",
    "measure_scores",
    "out_of_fold_members",
    "out_of_fold_rows",
    "score_folder",
]
