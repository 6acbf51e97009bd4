"""Score a folder of labelled crops by the road that every lesion takes, and measure."""

from mammopair.scoring.folder import CROPS_AT_ONCE, held_out_rows, score_folder, unseen_members
from mammopair.scoring.measuring import evaluate_folder, measure_scores

__all__ = [
    "CROPS_AT_ONCE",
    "evaluate_folder",
    "held_out_rows",
    "measure_scores",
    "score_folder",
    "unseen_members",
]
