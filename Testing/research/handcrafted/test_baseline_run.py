"""The baseline is chosen on training patients, measured on others and saved as it was fitted."""

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
from mammopair_research.handcrafted.baseline_figures import (
    measure_baseline,
    measure_spiculation_features,
)
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
RANDOM_COLUMNS = SIGNAL + 8
"""Number of columns with random values; the others are 0."""
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
    """Return random features of 60 patients, one of which correlates with the label."""
    rows = read_index(write_crop_folder(tmp_path_factory.mktemp("data") / "crops", patients=60))
    rng = np.random.default_rng(3)
    values = rng.standard_normal((len(rows), len(FEATURE_NAMES)))
    values[:, RANDOM_COLUMNS:] = 0
    values[:, SIGNAL] += [4 * row.label for row in rows]
    values[rng.random(values.shape) < 0.01] = np.nan
    return FeatureTable(rows, values)


@pytest.fixture(scope="module")
def baseline(table):
    return drive(fit_baseline(PLAN, table))[1]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """Run the baseline on a few images; return the folder and the metrics."""
    folder = tmp_path_factory.mktemp("run")
    data = write_crop_folder(folder / "crops", patients=18)
    (folder / "out").mkdir()
    figures = drive(run_baseline(PLAN, data, folder / "out"))[1]
    return folder, figures


# --- out-of-fold ---------------------------------------------------------------------------------


def test_patients_have_the_same_folds_as_for_the_networks(baseline, table):
    fold_of = split_patients(table.rows, PLAN.folds)
    assert [fold_of[row.patient_id] for row in table.rows] == baseline.fold.tolist()


def test_no_fit_uses_a_patient_of_the_fold_that_it_predicts(baseline, table):
    for fold, kinds in enumerate(baseline.by_fold):
        predicted = {
            row.patient_id for row, f in zip(table.rows, baseline.fold, strict=True) if f == fold
        }
        for tuned in kinds.values():
            fitted_on = set(tuned.classifier.description.patients)
            assert not fitted_on & predicted
            assert fitted_on | predicted == {row.patient_id for row in table.rows}


def test_a_fit_does_not_depend_on_the_features_of_the_fold_that_it_predicts(table, baseline):
    fold = 1
    predicted = baseline.fold == fold
    values = np.where(predicted[:, None], 7.0, table.values)
    changed = FeatureTable(table.rows, values)
    for kind, tuned in baseline.by_fold[fold].items():
        again = tune(kind, PLAN, nested_fit.select_rows(changed, ~predicted))
        assert again.classifier.description == tuned.classifier.description
        for name, array in tuned.classifier.arrays.items():
            assert np.array_equal(again.classifier.arrays[name], array), name


def test_a_signal_is_found_but_not_noise(baseline, table):
    assert measure_baseline(baseline)["views"]["auc"] > 0.9
    noise = FeatureTable(table.rows, np.random.default_rng(1).standard_normal(table.values.shape))
    fitted_on_noise = drive(fit_baseline(PLAN, noise))[1]
    for kind in PLAN.grids:
        logits = fitted_on_noise.out_of_fold_logits(kind)
        assert abs(np.corrcoef(logits, [row.label for row in table.rows])[0, 1]) < 0.25


def test_the_pipeline_with_the_best_inner_auc_is_chosen(baseline):
    for fold, kinds in enumerate(baseline.by_fold):
        chosen = baseline.chosen(fold)
        assert chosen.inner_auc == max(tuned.inner_auc for tuned in kinds.values())
        assert any(chosen is tuned for tuned in kinds.values())
    assert baseline.model.inner_auc == max(tuned.inner_auc for tuned in baseline.whole.values())


def test_fits_in_two_processes_equal_those_in_one(baseline, table, pool):
    parallel = drive(fit_baseline(PLAN, table, pool=pool))[1]
    assert np.array_equal(parallel.out_of_fold_logits(), baseline.out_of_fold_logits())


def test_a_cached_fit_is_reused_unless_its_rows_have_changed(
    table, baseline, tmp_path, monkeypatch
):
    calls = []

    def record(kind, plan, training, tune=hyperparameter_search.tune):
        calls.append(kind)
        return tune(kind, plan, training)

    monkeypatch.setattr(hyperparameter_search, "tune", record)
    few = msgspec.structs.replace(PLAN, support_vectors=None, boosting=None)
    steps = fit_baseline(few, table, cache=tmp_path)
    next(steps), next(steps)
    steps.close()
    assert len(calls) == 1
    whole = drive(fit_baseline(few, table, cache=tmp_path))[1]
    assert len(calls) == 4
    assert np.array_equal(
        whole.out_of_fold_logits(), baseline.out_of_fold_logits("logistic regression")
    )
    again = drive(fit_baseline(few, FeatureTable(table.rows, table.values + 1), cache=tmp_path))[1]
    assert len(calls) == 8
    assert again.out_of_fold_logits() == pytest.approx(whole.out_of_fold_logits(), abs=1e-6)


def test_the_logits_are_calibrated(baseline, table):
    """The mean probability is the share of malignant crops."""
    probabilities = 1 / (1 + np.exp(-baseline.out_of_fold_logits()))
    labels = np.array([row.label for row in table.rows])
    assert probabilities.mean() == pytest.approx(labels.mean(), abs=0.08)
    assert probabilities[labels == 1].mean() - probabilities[labels == 0].mean() > 0.5


def test_too_few_patients_are_rejected(table):
    few = FeatureTable(table.rows[:4], table.values[:4])
    with pytest.raises(InputError, match="folds"):
        drive(fit_baseline(PLAN, few))[1]


# --- importance ----------------------------------------------------------------------------------


def test_the_informative_feature_and_its_group_are_the_most_important(baseline):
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


def test_spiculation_features_are_compared_with_descriptors_without_a_fit(table):
    """In the synthetic folder exactly the malignant masses are spiculated."""
    found = measure_spiculation_features(table)["spiculated"]
    assert found[FEATURE_NAMES[SIGNAL]]["auc"] > 0.95
    low, high = found[FEATURE_NAMES[SIGNAL]]["auc_ci"]
    assert low < found[FEATURE_NAMES[SIGNAL]]["auc"] <= high
    assert found["spiculation_spread"]["auc"] == pytest.approx(0.5, abs=0.2)
    undescribed = FeatureTable(
        [msgspec.structs.replace(row, mass_margins="") for row in table.rows], table.values
    )
    assert measure_spiculation_features(undescribed) == {}


# --- the run -------------------------------------------------------------------------------------


def test_a_run_writes_predictions_that_the_comparison_reads(run_folder):
    folder, figures = run_folder
    found = read_cross_validation(folder / "out")
    rows = read_index(folder / "crops")
    assert {row.file for row in found.predictions} == {row.file for row in rows}
    assert found.run.method == "handcrafted"
    assert found.run.finished
    assert found.run.seconds_per_case > 0
    assert found.run.crops == figures["views"]["n"] == len(rows)
    fold_of = split_patients(rows, PLAN.folds)
    assert all(row.fold == fold_of[row.patient_id] for row in found.predictions)


def test_stars_and_discs_are_separated(run_folder):
    _, figures = run_folder
    assert figures["pairs"]["auc"] > 0.95
    assert figures["spiculation"]["spiculated"]["spiculation_radial_lines"]["auc"] > 0.95


def test_the_saved_model_separates_new_views(run_folder):
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


def test_the_report_has_metrics_choices_and_the_research_notice(run_folder):
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
