"""From views to pairs and lesions, by hand and on the real list of crops."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mammopair.errors import InputError
from mammopair.stats.aggregation import LesionScore, ViewScore, lesion_scores, pair_scores

CC = ViewScore("P1", "LEFT", "CC", "1", "P1_LEFT", 1, 0.8)
MLO = ViewScore("P1", "LEFT", "MLO", "1", "P1_LEFT", 1, 0.4)
ALONE = ViewScore("P2", "RIGHT", "MLO", "1", "", 0, 0.3)

CROPS = Path(__file__).parents[4] / "shared" / "data" / "cbis-ddsm" / "crops.csv"


def test_a_pair_is_the_mean_of_its_two_views():
    assert pair_scores([CC, ALONE, MLO]) == [LesionScore("P1", 1, pytest.approx(0.6), 2)]


def test_lesions_are_the_pairs_and_the_masses_that_have_one_view_only():
    assert lesion_scores([ALONE, MLO, CC]) == [
        LesionScore("P1", 1, pytest.approx(0.6), 2),
        LesionScore("P2", 0, 0.3, 1),
    ]


def test_two_views_of_a_mass_without_a_pair_are_one_lesion():
    other = replace(ALONE, view="CC", probability=0.5)
    assert lesion_scores([ALONE, other]) == [LesionScore("P2", 0, pytest.approx(0.4), 2)]


@pytest.mark.parametrize(
    "change",
    [{"patient_id": "P3"}, {"laterality": "LEFT"}, {"abnormality_id": "2"}, {"label": 1}],
)
def test_masses_that_differ_in_patient_side_number_or_label_stay_apart(change):
    other = replace(ALONE, view="CC", **change)
    assert len(lesion_scores([ALONE, other])) == 2


def test_a_pair_may_have_another_number_on_the_other_view():
    assert len(lesion_scores([CC, replace(MLO, abnormality_id="2")])) == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([CC], "pair P1_LEFT: its views are CC;"),
        ([CC, CC], "its views are CC, CC;"),
        ([CC, MLO, replace(MLO, abnormality_id="2")], "its views are CC, MLO, MLO;"),
        ([CC, replace(MLO, view="ML")], "its views are CC, ML;"),
        ([CC, replace(MLO, patient_id="P9")], "are of P1 LEFT and P9 LEFT"),
        ([CC, replace(MLO, laterality="RIGHT")], "are of P1 LEFT and P1 RIGHT"),
        ([CC, replace(MLO, label=0)], "different labels"),
    ],
)
def test_a_pair_that_is_none_is_refused_by_name(rows, says):
    for score in (pair_scores, lesion_scores):
        with pytest.raises(InputError, match=says):
            score(rows)


def test_two_rows_of_one_view_of_a_mass_are_refused():
    with pytest.raises(InputError, match="P2 RIGHT mass 1: MLO, MLO are two rows of one view"):
        lesion_scores([ALONE, ALONE])


@pytest.mark.skipif(not CROPS.exists(), reason="no ../shared/data/cbis-ddsm beside the repository")
def test_the_real_crops_make_477_pairs_and_count_every_crop_once():
    with CROPS.open(newline="") as file:
        rows = [
            ViewScore(
                patient_id=row["patient_id"],
                laterality=row["laterality"],
                view=row["view"],
                abnormality_id=row["abnormality_id"],
                pair_id=row["pair_id"],
                label=int(row["label"]),
                probability=0.5,
            )
            for row in csv.DictReader(file)
        ]
    pairs, lesions = pair_scores(rows), lesion_scores(rows)
    assert len(pairs) == 477
    assert sum(pair.label for pair in pairs) == 233
    assert len({pair.patient_id for pair in pairs}) == 466
    assert sum(lesion.views for lesion in lesions) == len(rows) == 1318
    # 242 masses on one view, 59 on two with more masses in the breast, and the breast of P_00419,
    # whose two masses have each other's numbers on the other view: four lesions of one view.
    assert Counter(lesion.views for lesion in lesions) == {2: 477 + 59, 1: 242 + 4}
