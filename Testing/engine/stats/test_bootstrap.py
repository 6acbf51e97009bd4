"""Patient bootstrap: equal to explicit resampling, correct coverage, fast, reproducible."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.stats.bootstrap import (
    bootstrap_difference,
    bootstrap_intervals,
    patient_weights,
)
from mammopair.stats.metrics import NAMES, measure
from mammopair.stats.weighted_metrics import measure_resamples


def clustered(
    patients: int, seed: int, *, shift: float = 1.0, shared: float = 0.8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return four rows per patient, whose scores share a component of the patient."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, patients)
    own = rng.normal(size=patients) * np.sqrt(shared)
    who = np.repeat(np.arange(patients), 4)
    score = own[who] + rng.normal(size=len(who)) * np.sqrt(1 - shared) + shift * label[who]
    return 1 / (1 + np.exp(-score)), label[who], np.array([f"P{i:03}" for i in who])


@pytest.mark.parametrize("decimals", [16, 1])
def test_weighted_metrics_equal_those_of_repeated_rows(decimals):
    p, y, who = clustered(40, seed=1)
    p = np.round(p, decimals)  # one decimal: many ties
    weights = patient_weights(who, resamples=30, seed=2)
    weighted = measure_resamples(p, y.astype(bool), weights, threshold=0.6)
    for index, weight in enumerate(weights):
        rows = np.repeat(np.arange(len(p)), weight)
        expected = measure(p[rows], y[rows], threshold=0.6)
        for name in NAMES:
            assert weighted[name][index] == pytest.approx(getattr(expected, name), abs=1e-12), name


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_thresholds_of_0_and_1_are_valid(threshold):
    p, y, who = clustered(20, seed=1)
    weights = patient_weights(who, resamples=5, seed=2)
    weighted = measure_resamples(p, y.astype(bool), weights, threshold=threshold)
    expected = (1.0, 0.0) if threshold == 0 else (0.0, 1.0)
    assert set(weighted["sensitivity"]) == {expected[0]}
    assert set(weighted["specificity"]) == {expected[1]}


def test_results_do_not_depend_on_the_chunk_size(monkeypatch):
    p, y, who = clustered(20, seed=1)
    weights = patient_weights(who, resamples=50, seed=2)
    together = measure_resamples(p, y.astype(bool), weights)
    monkeypatch.setattr("mammopair.stats.weighted_metrics.CHUNK_CELLS", 7 * len(p))
    for name, values in measure_resamples(p, y.astype(bool), weights).items():
        np.testing.assert_allclose(values, together[name], atol=1e-12)


def test_whole_patients_are_drawn_and_as_many_as_there_are():
    who = np.array(["b", "a", "b", "c", "a", "b"])
    weights = patient_weights(who, resamples=500, seed=0)
    assert weights.shape == (500, 6)
    for patient in "abc":
        columns = weights[:, who == patient]
        assert (columns == columns[:, :1]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights[:, 3].mean() == pytest.approx(1, abs=0.15)


def test_intervals_depend_on_the_seed_but_not_on_the_order_of_rows():
    p, y, who = clustered(50, seed=4)
    order = np.random.default_rng(0).permutation(len(p))
    first = bootstrap_intervals(p, y, who, resamples=200, seed=7)
    again = bootstrap_intervals(p[order], y[order], who[order], resamples=200, seed=7)
    other = bootstrap_intervals(p, y, who, resamples=200, seed=8)
    for name in NAMES:
        assert first.ranges[name] == pytest.approx(again.ranges[name])
    assert first.ranges["auc"] != other.ranges["auc"]


def test_the_interval_covers_the_true_auc_with_the_nominal_frequency():
    """In 200 simulated studies of 60 patients with four similar rows each.

    Percentile intervals of small samples are slightly too narrow; intervals that treat rows as
    independent are far too narrow.
    """
    from scipy.stats import norm

    truth = norm.cdf(1.0 / np.sqrt(2))
    by_patient = by_row = 0
    studies = 200
    for seed in range(studies):
        p, y, who = clustered(60, seed)
        low, high = bootstrap_intervals(p, y, who, resamples=200, seed=0).ranges["auc"]
        by_patient += low <= truth <= high
        rows = np.arange(len(p)).astype(str)
        low, high = bootstrap_intervals(p, y, rows, resamples=200, seed=0).ranges["auc"]
        by_row += low <= truth <= high
    # The standard error of a coverage of 0.95 over 200 studies is 0.015.
    assert 0.90 <= by_patient / studies <= 0.985
    assert by_row / studies < 0.80


def test_resamples_with_one_class_are_excluded_and_counted():
    # One malignant patient of four: (3/4)^4 of the resamples, 31.6 %, do not include them.
    p, y, who = [0.8, 0.3, 0.4, 0.9], [1, 0, 0, 0], ["a", "b", "c", "d"]
    found = bootstrap_intervals(p, y, who, resamples=4000, seed=0)
    assert found.left_out / 4000 == pytest.approx(0.316, abs=0.03)
    assert found.ranges["sensitivity"] == (1.0, 1.0)
    low, high = found.ranges["auc"]
    assert 0 <= low <= 2 / 3 <= high <= 1


def test_a_sample_of_one_class_has_no_interval_and_no_test():
    found = bootstrap_intervals([0.1, 0.2], [1, 1], ["a", "b"], resamples=10)
    assert found.left_out == 10
    assert set(found.ranges.values()) == {None}
    assert bootstrap_difference([0.1, 0.2], [0.1, 0.3], [1, 1], ["a", "b"]) is None


def test_a_missing_patient_is_rejected():
    with pytest.raises(InputError, match="has 1 entries for 2 rows"):
        bootstrap_intervals([0.1, 0.2], [0, 1], ["a"])


def test_a_real_difference_is_significant_and_has_the_sign_of_first_minus_second():
    p, y, who = clustered(150, seed=3, shift=1.5)
    noise = np.random.default_rng(4).uniform(size=len(p))
    found = bootstrap_difference(p, noise, y, who, resamples=500)
    assert found.difference == pytest.approx(measure(p, y).auc - measure(noise, y).auc)
    assert 0 < found.low < found.difference < found.high
    assert found.p_value == pytest.approx(2 / 501)
    swapped = bootstrap_difference(noise, p, y, who, resamples=500)
    assert (swapped.low, swapped.high) == pytest.approx((-found.high, -found.low))
    assert swapped.p_value == found.p_value


@pytest.mark.parametrize("metric", NAMES)
def test_predictions_do_not_differ_from_themselves_in_any_metric(metric):
    p, y, who = clustered(30, seed=3)
    found = bootstrap_difference(p, p, y, who, metric=metric, resamples=100)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_the_test_rejects_equally_good_predictions_with_the_nominal_frequency():
    rejected = 0
    for seed in range(100):
        p, y, who = clustered(60, seed)
        rng = np.random.default_rng(1000 + seed)
        logit = np.log(p / (1 - p))
        a, b = (1 / (1 + np.exp(-(logit + rng.normal(size=len(p))))) for _ in range(2))
        rejected += bootstrap_difference(a, b, y, who, resamples=200).p_value < 0.05
    assert 0 < rejected / 100 < 0.11  # 0.05 plus about three standard errors of 0.02


def test_the_interval_of_a_paired_difference_is_narrower_than_that_of_either():
    p, y, who = clustered(80, seed=6)
    perturbed = np.clip(p + np.random.default_rng(0).normal(size=len(p)) * 0.01, 0, 1)
    found = bootstrap_difference(p, perturbed, y, who, resamples=300)
    low, high = bootstrap_intervals(p, y, who, resamples=300).ranges["auc"]
    assert found.high - found.low < 0.2 * (high - low)


def test_an_unknown_metric_is_rejected_with_the_known_ones():
    with pytest.raises(InputError, match=r"metric: is 'f1'; use one of auc, accuracy"):
        bootstrap_difference([0.1, 0.9], [0.2, 0.8], [0, 1], ["a", "b"], metric="f1")


def test_1300_rows_and_2000_resamples_take_less_than_two_seconds_on_one_core():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1300)
    p = rng.uniform(size=1300)
    who = rng.integers(0, 690, 1300).astype(str)
    bootstrap_intervals(p, y, who, resamples=10)  # imports
    start = time.process_time()
    bootstrap_intervals(p, y, who)
    assert time.process_time() - start < 2.0
