"""Rows are grouped into lesions and pairs by one rule, by hand and on the real list of crops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations

import pytest

from mammopair.errors import InputError
from mammopair.io.crop_folder import read_index
from mammopair.lesion_groups import find_conflict, group_lesions, is_pair, lesion_name


@dataclass(frozen=True)
class Row:
    patient_id: str
    laterality: str
    view: str
    abnormality_id: str
    pair_id: str
    label: int | None
    file: str = "crop.png"


CC = Row("P1", "LEFT", "CC", "1", "P1_LEFT", 1)
MLO = Row("P1", "LEFT", "MLO", "1", "P1_LEFT", 1)
SINGLE = Row("P2", "RIGHT", "MLO", "1", "", 0)


def groups(*rows):
    return list(group_lesions(rows).values())


def test_rows_of_a_pair_are_one_lesion_and_others_are_lesions_of_their_own():
    assert group_lesions([SINGLE, MLO, CC]) == {"P2_RIGHT_1_benign": [0], "P1_LEFT": [1, 2]}


def test_two_views_of_a_mass_without_a_pair_are_one_lesion_but_not_a_pair():
    rows = [SINGLE, replace(SINGLE, view="CC")]
    assert groups(*rows) == [[0, 1]]
    assert not is_pair(rows)
    assert is_pair([CC, MLO])


@pytest.mark.parametrize(
    "change",
    [{"patient_id": "P3"}, {"laterality": "LEFT"}, {"abnormality_id": "2"}, {"label": 1}],
)
def test_masses_that_differ_in_patient_side_number_or_label_are_separate(change):
    assert groups(SINGLE, replace(SINGLE, view="CC", **change)) == [[0], [1]]


def test_the_views_of_a_pair_may_have_different_numbers():
    assert groups(CC, replace(MLO, abnormality_id="2")) == [[0, 1]]


def test_one_view_of_a_pair_is_a_lesion_and_is_not_merged_with_a_row_without_pair():
    other = replace(MLO, pair_id="")
    assert groups(CC, other) == [[0], [1]]
    assert not is_pair([CC])


def test_excluding_rows_does_not_change_the_grouping_of_the_others():
    rows = [CC, MLO, replace(CC, pair_id=""), SINGLE, replace(SINGLE, view="CC", label=1)]
    for size in range(1, len(rows)):
        for subset in combinations(rows, size):
            found = group_lesions(subset)
            for name, indices in found.items():
                assert [subset[index] for index in indices] == [
                    row for row in subset if lesion_name(row) == name
                ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([CC, CC], "is a second CC row of"),
        ([CC, MLO, replace(MLO, abnormality_id="2")], "is a second MLO row of"),
        ([CC, replace(MLO, patient_id="P9")], "patient_id is P9, but P1 in"),
        ([CC, replace(MLO, laterality="RIGHT")], "laterality is RIGHT, but LEFT in"),
        ([CC, replace(MLO, label=0)], "label is 0, but 1 in"),
    ],
)
def test_rows_of_a_pair_that_disagree_are_rejected_with_the_name_of_the_pair(rows, problem):
    with pytest.raises(InputError, match=f"crops.csv, crop.png: {problem}.* lesion P1_LEFT; "):
        group_lesions(rows, "crops.csv")


def test_two_rows_of_one_view_of_a_mass_are_rejected():
    with pytest.raises(
        InputError, match="is a second MLO row of lesion P2_RIGHT_1_benign; keep one"
    ):
        group_lesions([SINGLE, SINGLE])


def test_an_unknown_label_is_not_a_benign_one():
    unknown = replace(SINGLE, view="CC", label=None)
    assert "label is empty, but 0 in" in find_conflict(unknown, [SINGLE], "the lesion")


def test_the_real_crops_are_477_pairs_and_782_lesions(cbis):
    rows = read_index(cbis)
    lesions = [[rows[index] for index in indices] for indices in group_lesions(rows).values()]
    pairs = [views for views in lesions if is_pair(views)]
    assert len(pairs) == 477
    assert sum(views[0].label for views in pairs) == 233
    assert len({views[0].patient_id for views in pairs}) == 466
    # 242 masses in one view, 59 in two views of a breast with several masses, and P_00419, whose
    # two masses have each other's numbers in the other view: four lesions with one view.
    assert Counter(map(len, lesions)) == {2: 477 + 59, 1: 242 + 4}
