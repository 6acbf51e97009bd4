"""Folds divide patients: none in two folds, both classes in each, reproducibly."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mammopair.errors import InputError
from mammopair.io.crop_folder import read_index
from mammopair_research.datasets.folds import Folds, split_patients
from Testing.synthetic_lesions import crop_row


def test_every_patient_is_in_one_fold_and_every_fold_has_both_classes(crop_folder):
    rows = read_index(crop_folder)
    fold_of = split_patients(rows, Folds(count=4, seed=3))
    assert set(fold_of) == {row.patient_id for row in rows}
    for fold in range(4):
        assert {row.label for row in rows if fold_of[row.patient_id] == fold} == {0, 1}


def test_folds_of_the_real_collection_are_balanced(cbis):
    rows = read_index(cbis)
    fold_of = split_patients(rows, Folds(count=4, seed=2017))
    for fold in range(4):
        labels = [row.label for row in rows if fold_of[row.patient_id] == fold]
        assert len(labels) == pytest.approx(len(rows) / 4, rel=0.1)
        assert sum(labels) / len(labels) == pytest.approx(
            sum(row.label for row in rows) / len(rows), abs=0.05
        )


UNEVEN = [[1], [1], [0, 0, 1], [1, 1], [1], [0, 1, 0], [0, 0, 1], [0, 1], [1], [1], [0], [1]]
"""With another patient with nine masses, most splits in five leave a fold without a class."""


@given(
    st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=9), min_size=2, max_size=25),
    st.integers(2, 5),
    st.integers(0, 20),
)
@example([[0, 1, 1, 0, 0, 0, 0, 0, 0], *UNEVEN], 5, 1)
def test_any_patients_are_divided_with_both_classes_in_each_fold_or_rejected(masses, count, seed):
    rows = [
        crop_row(str(patient), label=label, abnormality_id=str(number))
        for patient, labels in enumerate(masses)
        for number, label in enumerate(labels)
    ]
    try:
        fold_of = split_patients(rows, Folds(count=count, seed=seed))
    except InputError as error:
        message = str(error)
        assert message.startswith(("folds.count: ", "folds.seed: "))
        return
    assert set(fold_of) == {row.patient_id for row in rows}
    for fold in range(count):
        assert {row.label for row in rows if fold_of[row.patient_id] == fold} == {0, 1}


def test_folds_are_reproducible_and_depend_on_the_seed(crop_folder):
    rows = read_index(crop_folder)
    first = split_patients(rows, Folds(count=4, seed=3))
    assert split_patients(rows, Folds(count=4, seed=3)) == first
    assert split_patients(rows, Folds(count=4, seed=4)) != first


def test_too_few_patients_of_a_class_are_rejected_with_their_number():
    rows = [crop_row(str(patient), label=int(patient < 2)) for patient in range(12)]
    with pytest.raises(InputError, match=r"folds\.count: is 3, but only 2 .* malignant"):
        split_patients(rows, Folds(count=3))
