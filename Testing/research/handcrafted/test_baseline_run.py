"""The baseline: chosen inside the training folds, held out outside, saved as it was fitted."""

from __future__ import annotations

import csv
import json

import msgspec
import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES
from mammopair.io.crop_folder import read_index
from mammopair_research.crossval.run_description import read_cross_validation
from mammopair_research.datasets.folds import Folds, split_patients
from mammopair_research.handcrafted import hyperparameter_search, nested_fit
from mammopair_research.handcrafted.baseline_figures import measure_baseline, measures_against_words
from mammopair_research.handcrafted.baseline_run import run_baseline
from mammopair_research.handcrafted.classifier import load_classifier
from mammopair_research.handcrafted.feature_table import FeatureTable
from mammopair_research.handcrafted.hyperparameter_search import tune
from mammopair_research.handcrafted.importance import groups, measure_importance
from mammopair_research.handcrafted.nested_fit import fit_baseline
from mammopair_research.handcrafted.search_plan import (
    Boosting,
    Logistic,
    SearchPlan,
    SupportVectors,
)
from Testing.stepwise import drive
from Testing.synthetic_lesions import write_crop_folder

SIGNAL, OTHER = FEATURE_NAMES.index("spiculation_radial_lines"), FEATURE_NAMES.index("shape_area")
DRAWN = SIGNAL + 8
"""Columns with values in them."""
PLAN = SearchPlan(
    name="small",
    title="Small",
    data="Synthetic lesions.",
    folds=Folds(count=3, seed=5),
    inner=Folds(count=2, seed=1),
    logistic=Logistic(strength=[0.01, 0.1]),
    support_vectors=SupportVectors(strength=[1.0], gamma=[0.01]),
    boosting=Boosting(trees=[30], depth=[1]),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """60 patients with drawn features, one of which tells the label, if not for certain."""
    rows = read_index(write_crop_folder(tmp_path_factory.mktemp("data") / "crops", patients=60))
    rng = np.random.default_rng(3)
    values = rng.standard_normal((len(rows), len(FEATURE_NAMES)))
    values[:, DRAWN:] = 0
    values[:, SIGNAL] += [4 * row.label for row in rows]
    values[rng.random(values.shape) < 0.01] = np.nan
    return FeatureTable(rows, values)


@pytest.fixture(scope="module")
def baseline(table):
    return drive(fit_baseline(PLAN, table))[1]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A whole run on a few pictures."""
    folder = tmp_path_factory.mktemp("run")
    data = write_crop_folder(folder / "crops", patients=18)
    (folder / "out").mkdir()
    figures = drive(run_baseline(PLAN, data, folder / "out"))[1]
    return folder, figures


# --- held out ------------------------------------------------------------------------------------


def test_patients_are_in_the_folds_of_the_networks(baseline, table):
    fold_of = split_patients(table.rows, PLAN.folds)
    assert [fold_of[row.patient_id] for row in table.rows] == baseline.fold.tolist()


def test_no_fit_has_seen_a_patient_of_the_fold_that_it_predicts(baseline, table):
    for fold, kinds in enumerate(baseline.by_fold):
        held_out = {
            row.patient_id for row, f in zip(table.rows, baseline.fold, strict=True) if f == fold
        }
        for tuned in kinds.values():
            seen = set(tuned.classifier.description.patients)
            assert not seen & held_out
            assert seen | held_out == {row.patient_id for row in table.rows}


def test_labels_and_features_of_held_out_patients_change_nothing_of_their_predictors(
    table, baseline
):
    """The one that matters: with the held-out labels turned round, the fit is the same."""
    fold = 1
    held_out = baseline.fold == fold
    values = np.where(held_out[:, None], 7.0, table.values)
    kept = FeatureTable(table.rows, values)
    for kind, tuned in baseline.by_fold[fold].items():
        again = tune(kind, PLAN, nested_fit.part(kept, ~held_out))
        assert again.classifier.description == tuned.classifier.description
        for name, array in tuned.classifier.arrays.items():
            assert np.array_equal(again.classifier.arrays[name], array), name


def test_a_signal_is_found_and_nothing_is_found_in_noise(baseline, table):
    assert measure_baseline(baseline)["views"]["auc"] > 0.9
    noise = FeatureTable(table.rows, np.random.default_rng(1).standard_normal(table.values.shape))
    of_noise = drive(fit_baseline(PLAN, noise))[1]
    for kind in PLAN.grids:
        logits = of_noise.held_out_logits(kind)
        assert abs(np.corrcoef(logits, [row.label for row in table.rows])[0, 1]) < 0.25


def test_the_pipeline_with_the_best_inner_auc_is_chosen(baseline):
    for fold, kinds in enumerate(baseline.by_fold):
        chosen = baseline.chosen(fold)
        assert chosen.inner_auc == max(tuned.inner_auc for tuned in kinds.values())
        assert any(chosen is tuned for tuned in kinds.values())
    assert baseline.model.inner_auc == max(tuned.inner_auc for tuned in baseline.whole.values())


def test_two_processes_fit_what_one_does(baseline, table, pool):
    together = drive(fit_baseline(PLAN, table, pool=pool))[1]
    assert np.array_equal(together.held_out_logits(), baseline.held_out_logits())


def test_a_fit_that_was_kept_is_not_made_again_unless_its_rows_have_changed(
    table, baseline, tmp_path, monkeypatch
):
    made = []

    def noting(kind, plan, training, tune=hyperparameter_search.tune):
        made.append(kind)
        return tune(kind, plan, training)

    monkeypatch.setattr(hyperparameter_search, "tune", noting)
    few = msgspec.structs.replace(PLAN, support_vectors=None, boosting=None)
    steps = fit_baseline(few, table, keep=tmp_path)
    next(steps), next(steps)
    steps.close()
    assert len(made) == 1
    whole = drive(fit_baseline(few, table, keep=tmp_path))[1]
    assert len(made) == 4
    assert np.array_equal(whole.held_out_logits(), baseline.held_out_logits("logistic regression"))
    again = drive(fit_baseline(few, FeatureTable(table.rows, table.values + 1), keep=tmp_path))[1]
    assert len(made) == 8
    assert again.held_out_logits() == pytest.approx(whole.held_out_logits(), abs=1e-6)


def test_the_logit_means_a_probability(baseline, table):
    """On the whole, as many are malignant as the probabilities say."""
    probabilities = 1 / (1 + np.exp(-baseline.held_out_logits()))
    labels = np.array([row.label for row in table.rows])
    assert probabilities.mean() == pytest.approx(labels.mean(), abs=0.08)
    assert probabilities[labels == 1].mean() - probabilities[labels == 0].mean() > 0.5


def test_too_few_patients_are_refused(table):
    few = FeatureTable(table.rows[:4], table.values[:4])
    with pytest.raises(InputError, match="folds"):
        drive(fit_baseline(PLAN, few))[1]


# --- what it rests on ----------------------------------------------------------------------------


def test_importance_names_the_feature_that_tells_and_its_group(baseline):
    found = drive(measure_importance(baseline))[1]
    by_name = {one.name: one for one in found}
    assert found[0].name == "spiculation"
    assert (
        max(by_name[name].loss for name in FEATURE_NAMES)
        == by_name[FEATURE_NAMES[SIGNAL]].loss
        > 0.1
    )
    assert abs(by_name[FEATURE_NAMES[OTHER]].loss) < 0.05
    assert len(found) == len(FEATURE_NAMES) + len(groups())


def test_every_feature_is_in_one_group():
    columns = [column for members in groups().values() for column in members]
    assert sorted(columns) == list(range(len(FEATURE_NAMES)))
    assert {
        "shape",
        "margin",
        "spiculation",
        "intensity",
        "contrast",
        "glcm",
        "lbp",
        "gradient",
    } == set(groups())


def test_measures_are_held_against_the_words_without_any_fit(table):
    """In the synthetic folder all malignant masses, and no others, are called spiculated."""
    told = measures_against_words(table)["spiculated"]
    assert told[FEATURE_NAMES[SIGNAL]]["auc"] > 0.95
    low, high = told[FEATURE_NAMES[SIGNAL]]["auc_ci"]
    assert low < told[FEATURE_NAMES[SIGNAL]]["auc"] <= high
    assert told["spiculation_spread"]["auc"] == pytest.approx(0.5, abs=0.2)
    silent = FeatureTable(
        [msgspec.structs.replace(row, mass_margins="") for row in table.rows], table.values
    )
    assert measures_against_words(silent) == {}


# --- the run -------------------------------------------------------------------------------------


def test_a_run_leaves_predictions_that_the_comparison_can_read(run_folder):
    folder, figures = run_folder
    held_out = read_cross_validation(folder / "out")
    rows = read_index(folder / "crops")
    assert {row.file for row in held_out.predictions} == {row.file for row in rows}
    assert held_out.run.method == "handcrafted"
    assert held_out.run.finished
    assert held_out.run.seconds_per_case > 0
    assert held_out.run.crops == figures["views"]["n"] == len(rows)
    fold_of = split_patients(rows, PLAN.folds)
    assert all(row.fold == fold_of[row.patient_id] for row in held_out.predictions)


def test_stars_are_told_from_discs(run_folder):
    _, figures = run_folder
    assert figures["pairs"]["auc"] > 0.95
    assert figures["spiculation"]["spiculated"]["spiculation_radial_lines"]["auc"] > 0.95


def test_the_saved_model_scores_a_view_it_has_never_met(run_folder):
    from mammopair.features.catalogue import compute_features
    from mammopair.view import Box
    from Testing.synthetic_lesions import LESION_BOX, film

    model = load_classifier(run_folder[0] / "out" / "model")
    assert len(model.description.patients) == 18
    logits = {}
    for malignant in (True, False):
        found = [
            compute_features(
                film(malignant=malignant, seed=50 + n, millimetres=0.2), Box(*LESION_BOX)
            )
            for n in range(4)
        ]
        logits[malignant] = model.logits(
            np.array([[one[name] for name in FEATURE_NAMES] for one in found])
        )
    assert logits[True].min() > logits[False].max()


def test_the_report_says_what_was_measured_chosen_and_that_it_is_research(run_folder):
    folder, figures = run_folder
    text = (folder / "out" / "report.md").read_text("utf-8")
    assert "research" in text.lower()
    assert f"{figures['pairs']['auc']:.3f}" in text
    assert figures["saved"]["pipeline"] in text
    assert "spiculation_radial_lines" in text
    assert json.loads((folder / "out" / "figures.json").read_text("utf-8")) == figures
    with (folder / "out" / "importance.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(FEATURE_NAMES) + len(groups())


def test_a_second_run_gives_the_same_predictions(run_folder):
    folder, _ = run_folder
    before = (folder / "out" / "predictions.csv").read_bytes()
    drive(run_baseline(PLAN, folder / "crops", folder / "out"))[1]
    assert (folder / "out" / "predictions.csv").read_bytes() == before
