"""Runs that do not go together are refused in one sentence that names the run."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair_research.comparison.compare_runs import compare_runs
from mammopair_research.comparison.compatibility import check_agreement
from mammopair_research.crossval.run_description import Predictor
from Testing.stepwise import drive


@pytest.fixture
def refusal(write):
    def refuse(change, **how):
        first = write("first")
        rows = [change(row) for row in first.predictions]
        second = write("second", rows=rows, **how)
        with pytest.raises(InputError) as caught:
            check_agreement([first, second])
        sentence = str(caught.value)
        assert "second" in sentence
        assert "\n" not in sentence
        return sentence

    return refuse


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", 0), ("abnormality_id", "2"), ("pair_id", "another"), ("laterality", "RIGHT")],
)
def test_a_crop_that_is_described_otherwise_is_other_data(refusal, field, value):
    said = refusal(lambda row: replace(row, **{field: value}))
    assert "compare runs on the same data" in said


def test_another_split_is_refused(refusal):
    said = refusal(lambda row: replace(row, fold=2 - row.fold))
    assert "has patient P00 in fold 2, the runs before it in 0" in said


@pytest.mark.parametrize(("what", "count"), [("crops", 7), ("patients", 9), ("folds", 5)])
def test_another_number_of_crops_patients_or_folds_is_refused(refusal, what, count):
    said = refusal(lambda row: row, **{what: count})
    assert f"counts {count} {what}" in said


def test_one_run_given_twice_is_refused(write):
    run = write("net")
    with pytest.raises(InputError, match="has the name of another run, net"):
        check_agreement([run, run])


def test_no_run_at_all_is_refused():
    with pytest.raises(InputError, match="name the folders of one run or more"):
        check_agreement([])


def test_runs_that_held_out_other_folds_have_nothing_in_common(write):
    first = write("first")
    moved = [
        replace(r, patient_id=f"{r.patient_id}x", file=f"x{r.file}") for r in first.predictions
    ]
    moved = [replace(r, pair_id=r.pair_id and f"x{r.pair_id}") for r in moved]
    with pytest.raises(InputError, match="held out the same folds"):
        drive(compare_runs([first, write("second", rows=moved)]))


def test_a_run_without_a_finished_network_in_some_fold_is_unfinished(write):
    rows = [row for row in write("whole").predictions if row.fold == 0]
    planned = [Predictor(fold=0, seed=1), Predictor(fold=2, seed=1)]
    run = write("part", rows=rows, planned=planned)
    with pytest.raises(InputError, match=r"unfinished run: 1 of 2 networks .* crossval` again"):
        drive(compare_runs([run]))


def test_an_unfinished_run_is_compared_with_the_networks_that_all_folds_have(write):
    whole = write("whole", seeds=(1, 2, 3))
    rows = [row for row in whole.predictions if row.fold == 0 or row.seed == 1]
    part = write("part", rows=rows, planned=whole.run.planned)
    table = drive(compare_runs([part], None, 20))[1]
    assert [row.networks for row in table.rows] == [1]
    assert "Unfinished: part has 4 of 6 networks." in table.notes


def test_a_run_of_one_fold_is_refused(write):
    rows = [row for row in write("whole").predictions if row.fold == 0]
    with pytest.raises(InputError, match="needs another fold to be fitted on"):
        drive(compare_runs([write("one", rows=rows)]))


def test_a_crop_that_one_network_left_out_is_damage(write):
    rows = write("whole", seeds=(1, 2, 3)).predictions
    with pytest.raises(InputError, match=r"is damaged: P00_CC\.png has 2 predictions"):
        drive(compare_runs([write("less", rows=rows[1:])]))
