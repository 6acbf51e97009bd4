"""All rows are measured on the same pairs and tested against the paper's method."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair.stats.bootstrap import bootstrap_difference
from mammopair_research.comparison.compare_runs import compare_runs
from Testing.stepwise import drive
from Testing.synthetic_runs import PATIENTS, PREDICTED_FOLDS, fold_of, label_of, views_of

RESAMPLES = 200
PAIRED = [p for p in range(PATIENTS) if fold_of(p) in PREDICTED_FOLDS and len(views_of(p)) == 2]
PAPER_TITLE = "GoogLeNet, two networks averaged, CC and MLO (the paper's method)"


def compare(runs, reference=None):
    return drive(compare_runs(runs, reference, RESAMPLES))[1]


@pytest.fixture
def table(matrix):
    return compare(matrix)


def test_the_rows_follow_from_the_runs(table):
    assert [row.title for row in table.rows] == [
        "GoogLeNet, one for both views",
        "GoogLeNet, ensemble of 3",
        "GoogLeNet, CC only",
        "GoogLeNet, MLO only",
        "Hand-crafted",
        PAPER_TITLE,
    ]
    assert [row.networks for row in table.rows] == [1, 3, 1, 1, 1, 2]
    millions = [row.parameters and row.parameters / 1e6 for row in table.rows]
    assert millions == [1, 3, 1, 1, None, 2]
    assert [row.seconds_per_case for row in table.rows] == pytest.approx(
        [0.2, 0.6, 0.1, 0.1, 0.2, 0.2]
    )


def test_every_row_is_measured_on_the_same_pairs_whichever_views_it_reads(table):
    for row in table.rows:
        pairs = row.levels["pairs"]
        assert pairs.n == pairs.patients == len(PAIRED)
        assert pairs.malignant == sum(label_of(p) for p in PAIRED)
    both, _, cc, mlo, *_ = table.rows
    lesions = len(PREDICTED_FOLDS) * PATIENTS // 4
    assert both.levels["views"].n == lesions + len(PAIRED)
    assert both.levels["lesions"].n == cc.levels["views"].n == lesions
    assert mlo.levels["lesions"].n == len(PAIRED)


def test_pairs_that_one_run_lacks_are_left_out_of_every_row(write):
    """The first run errs on the pairs of two patients, which the second and third never scored."""
    absent = {"cc": "P00", "mlo": "P02"}
    assert {int(name[1:]) for name in absent.values()} <= set(PAIRED)
    logits = {
        row.file: (5.0 if row.label else -5.0) * (-1 if row.patient_id in absent.values() else 1)
        for row in write("any").predictions
    }
    runs = [
        write(
            name,
            views=views,
            rows=[
                replace(row, logit=logits[row.file])
                for row in write(f"{name} whole", views=views).predictions
                if row.patient_id != absent.get(name)
            ],
        )
        for name, views in {"both": ("CC", "MLO"), "cc": ("CC",), "mlo": ("MLO",)}.items()
    ]
    assert compare(runs[:1]).rows[0].levels["pairs"].figures["auc"].value < 1
    table = compare(runs)
    assert [row.name for row in table.rows] == ["both", "cc", "mlo", "cc + mlo"]
    for row in table.rows:
        pairs = row.levels["pairs"]
        assert pairs.n == pairs.patients == len(PAIRED) - 2
        assert pairs.malignant == sum(label_of(p) for p in PAIRED) - label_of(0) - label_of(2)
        assert pairs.figures["auc"].value == 1
    for row in table.rows[:3]:
        assert row.against_reference["auc"].difference == 0


def test_the_auc_of_one_view_is_that_of_its_logits_where_folds_share_a_calibration(write):
    """With one slope and intercept for both folds, calibration keeps the order of the logits."""
    from sklearn.metrics import roc_auc_score

    cc = write("cc", views=("CC",), skill=0.5)
    mirrored = []  # both folds hold the same logits, so that their calibrations are one
    for row in cc.predictions:
        twin = int(row.patient_id[1:]) // 4 * 4
        logit = next(r.logit for r in cc.predictions if r.patient_id == f"P{twin:02d}")
        mirrored.append(replace(row, logit=logit))
    both = write("both")
    run = write("mirrored", views=("CC",), rows=mirrored)
    row = compare([both, run]).rows[1]
    paired = [r for r in run.predictions if r.pair_id]
    expected = roc_auc_score([r.label for r in paired], [r.logit for r in paired])
    assert row.levels["pairs"].figures["auc"].value == pytest.approx(expected)
    assert 0.5 < expected < 1


def test_perfect_predictions_have_perfect_figures(write):
    rows = [replace(row, logit=5.0 if row.label else -5.0) for row in write("any").predictions]
    (row,) = compare([write("perfect", rows=rows)]).rows
    for name, value in {"auc": 1, "accuracy": 1, "sensitivity_at_specificity": 1}.items():
        figure = row.levels["pairs"].figures[name]
        assert (figure.value, figure.low, figure.high) == (value, value, value)
    assert row.levels["pairs"].figures["brier"].value < 1e-6


def test_averaging_networks_with_independent_errors_raises_the_auc(table):
    both, three, cc, mlo, _, averaged = (row.levels["pairs"].figures["auc"] for row in table.rows)
    assert three.value > both.value
    assert averaged.value > max(cc.value, mlo.value)
    for figure in (both, three, cc, mlo, averaged):
        assert figure.low <= figure.value <= figure.high


def test_an_ensemble_is_the_mean_of_its_networks_probabilities(write):
    """Three networks with equal logits give the same metrics as one."""
    one = write("one", skill=1.0)
    rows = [replace(row, seed=seed) for seed in (1, 2, 3) for row in one.predictions]
    first, third = compare([write("three", rows=rows)]).rows
    assert third.networks == 3
    for name, figure in first.levels["pairs"].figures.items():
        assert third.levels["pairs"].figures[name].value == pytest.approx(figure.value), name


def test_an_ensemble_takes_the_first_seeds_of_each_fold(write):
    """The fourth network is not used; the order of the seeds is that of the recipe."""
    run = write("net", seeds=(4, 1, 3, 2))
    changed = [replace(row, logit=99.0) if row.seed == 2 else row for row in run.predictions]
    assert compare([run]).rows == compare([write("net", rows=changed)]).rows


def test_each_row_is_tested_against_the_papers_method_on_the_same_pairs(table):
    *others, paper = table.rows
    assert table.reference == paper.name == "cc + mlo"
    assert paper.against_reference == {}
    for row in others:
        for metric in ("auc", "accuracy"):
            found = row.against_reference[metric]
            value, expected = (one.levels["pairs"].figures[metric].value for one in (row, paper))
            assert found.difference == pytest.approx(value - expected)
            assert found.low <= found.difference <= found.high
            assert 0 < found.p_value <= 1
    worst = next(row for row in others if row.method == "handcrafted")
    assert worst.against_reference["auc"].p_value < 0.05


def test_differences_are_tested_with_the_paired_bootstrap(matrix, monkeypatch):
    calls = []

    def spy(first, second, labels, patients, **options):
        calls.append((first, second, labels, patients))
        return bootstrap_difference(first, second, labels, patients, **options)

    monkeypatch.setattr("mammopair_research.comparison.compare_runs.bootstrap_difference", spy)
    compare(matrix)
    assert len(calls) == 2 * 5
    for first, second, labels, patients in calls:
        assert len(first) == len(second) == len(labels) == len(PAIRED)
        assert patients == [f"P{p:02d}" for p in PAIRED]
        assert labels == [label_of(p) for p in PAIRED]
        assert not np.allclose(first, second)


def test_any_row_may_be_the_reference(matrix):
    table = compare(matrix, "both")
    assert table.reference == "both"
    assert table.rows[0].against_reference == {}
    assert table.rows[-1].against_reference["auc"].difference != 0
    with pytest.raises(
        InputError, match=r"'none' is not a row of the table; use one of both, both x 3"
    ):
        compare(matrix, "none")


def test_without_the_papers_method_nothing_is_tested_and_a_note_says_so(write):
    table = compare([write("net")])
    assert table.reference is None
    assert table.rows[0].against_reference == {}
    assert any(note.startswith("No differences were tested") for note in table.notes)


def test_a_cc_run_and_an_mlo_run_with_different_settings_are_not_averaged(write):
    cc = write("cc", views=("CC",))
    other = {"network": "googlenet", "optimisation": {"epochs": 9, "views": ["MLO"]}}
    mlo = write("mlo", views=("MLO",), recipe=other)
    with pytest.raises(InputError, match="no pair of views"):
        compare([cc, write("none", rows=[r for r in cc.predictions if not r.pair_id])])
    assert [row.name for row in compare([cc, mlo]).rows] == ["cc", "mlo"]


def test_a_note_that_applies_to_several_runs_is_written_once(table):
    note = "Reduced cross-validation: both, cc, mlo, features predicted folds 0, 2 of 4 only."
    assert note in table.notes


def test_choices_before_a_run_are_noted(write):
    run = write("net", recipe={"choices": "Widths were watched on fold 0."})
    assert "Chosen before the run of net: Widths were watched on fold 0." in compare([run]).notes
    other = write("other", recipe={"choices": "Widths were watched on fold 0."})
    (chosen,) = (note for note in compare([run, other]).notes if note.startswith("Chosen"))
    assert chosen == "Chosen before the run of net, other: Widths were watched on fold 0."


def test_the_same_runs_give_the_same_table(matrix, table):
    assert compare(matrix) == table


def test_progress_counts_two_steps_per_row(matrix):
    progress, _ = drive(compare_runs(matrix, None, RESAMPLES))
    assert [step.done for step in progress] == list(range(12))
    assert {step.total for step in progress} == {12}
