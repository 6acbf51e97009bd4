"""Incompatible runs raise an error of one sentence that names the run."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair_research.comparison.compare_runs import compare_runs
from mammopair_research.comparison.compatibility import check_compatible
from mammopair_research.crossval.run_description import Predictor
from Testing.stepwise import drive


@pytest.fixture
def error_of(write):
    """Return a function that changes the rows of a second run and returns the error message."""

    def check(change, **fields):
        first = write("first")
        rows = [change(row) for row in first.predictions]
        second = write("second", rows=rows, **fields)
        with pytest.raises(InputError) as caught:
            check_compatible([first, second])
        message = str(caught.value)
        assert "second" in message
        assert "\n" not in message
        return message

    return check


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", 0), ("abnormality_id", "2"), ("pair_id", "another"), ("laterality", "RIGHT")],
)
def test_a_crop_with_a_different_description_is_rejected(error_of, field, value):
    message = error_of(lambda row: replace(row, **{field: value}))
    assert "compare runs on the same data" in message


def test_different_folds_are_rejected(error_of):
    message = error_of(lambda row: replace(row, fold=2 - row.fold))
    assert "has patient P00 in fold 2, but an earlier run in fold 0" in message


@pytest.mark.parametrize(("field", "count"), [("crops", 7), ("patients", 9), ("folds", 5)])
def test_a_different_number_of_crops_patients_or_folds_is_rejected(error_of, field, count):
    message = error_of(lambda row: row, **{field: count})
    assert f"has {field} {count}, but" in message


def test_a_run_given_twice_is_rejected(write):
    run = write("net")
    with pytest.raises(InputError, match="has the name of another run, net"):
        check_compatible([run, run])


def test_an_empty_list_of_runs_is_rejected():
    with pytest.raises(InputError, match="give the folders of one or more runs"):
        check_compatible([])


def test_runs_of_different_patients_have_no_pair_in_common(write):
    first = write("first")
    others = [
        replace(
            row,
            patient_id=f"{row.patient_id}x",
            file=f"x{row.file}",
            pair_id=row.pair_id and f"x{row.pair_id}",
        )
        for row in first.predictions
    ]
    with pytest.raises(InputError, match="compare runs that predict the same folds"):
        drive(compare_runs([first, write("second", rows=others)]))


def test_a_run_without_a_network_in_some_fold_is_rejected(write):
    rows = [row for row in write("whole").predictions if row.fold == 0]
    planned = [Predictor(fold=0, seed=1), Predictor(fold=2, seed=1)]
    run = write("part", rows=rows, planned=planned)
    with pytest.raises(
        InputError, match=r"incomplete run with 1 of 2 networks, .* crossval` again"
    ):
        drive(compare_runs([run]))


def test_an_incomplete_run_is_compared_with_as_many_networks_as_every_fold_has(write):
    whole = write("whole", seeds=(1, 2, 3))
    rows = [row for row in whole.predictions if row.fold == 0 or row.seed == 1]
    part = write("part", rows=rows, planned=whole.run.planned)
    table = drive(compare_runs([part], None, 20))[1]
    assert [row.networks for row in table.rows] == [1]
    assert "Incomplete: part has 4 of 6 networks." in table.notes


def test_a_run_of_one_fold_is_rejected(write):
    rows = [row for row in write("whole").predictions if row.fold == 0]
    with pytest.raises(InputError, match="needs another fold to be fitted on"):
        drive(compare_runs([write("one", rows=rows)]))


def test_a_run_in_which_one_network_lacks_a_crop_is_damaged(write):
    rows = write("whole", seeds=(1, 2, 3)).predictions
    with pytest.raises(InputError, match=r"is damaged: P00_CC\.png has 2 predictions"):
        drive(compare_runs([write("less", rows=rows[1:])]))
