"""AUCs of many scores: DeLong's variance for independent rows, larger for correlated rows."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.stats.metrics import measure
from mammopair_research.stats.clustered_auc import clustered_aucs


def sample(seed, rows=60, shift=0.8):
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.4
    scores = rng.normal(size=(rows, 3)) + shift * positive[:, None]
    return np.round(scores, 1), positive, np.array([f"p{number:03d}" for number in range(rows)])


def delong(scores, positive):
    """Return AUC and standard error of DeLong et al., Biometrics 44:837, 1988, by definition."""
    above = scores[positive][:, None] - scores[~positive][None, :]
    wins = (above > 0) + 0.5 * (above == 0)
    variance = wins.mean(axis=1).var(ddof=1) / positive.sum()
    variance += wins.mean(axis=0).var(ddof=1) / (~positive).sum()
    return wins.mean(), np.sqrt(variance)


def test_with_one_row_per_patient_the_variance_is_delongs_including_ties():
    scores, positive, patients = sample(0)
    found = clustered_aucs(scores, positive, patients)
    for column in range(3):
        auc, error = delong(scores[:, column], positive)
        assert found.auc[column] == pytest.approx(auc)
        assert found.standard_error[column] == pytest.approx(error, rel=1e-9)


def test_copies_of_a_patients_rows_do_not_reduce_the_standard_error():
    scores, positive, patients = sample(1)
    once = clustered_aucs(scores, positive, patients)
    copied = clustered_aucs(np.repeat(scores, 4, 0), np.repeat(positive, 4), np.repeat(patients, 4))
    assert copied.auc == pytest.approx(once.auc)
    assert copied.standard_error == pytest.approx(once.standard_error)
    assert copied.p_value == pytest.approx(once.p_value)


def test_a_patient_may_have_rows_of_both_classes():
    rng = np.random.default_rng(2)
    patients = np.repeat([f"p{number:02d}" for number in range(50)], 2)
    own = np.repeat(rng.normal(size=50), 2)
    positive = np.tile([True, False], 50)
    scores = (2 * own + rng.normal(size=100) + 0.5 * positive)[:, None]
    paired = clustered_aucs(scores, positive, patients)
    unpaired = clustered_aucs(scores, positive, np.arange(100).astype(str))
    # The component shared by the rows of a patient cancels between the positive and the negative.
    assert paired.standard_error[0] < 0.6 * unpaired.standard_error[0]


def test_chance_is_rejected_with_the_nominal_frequency():
    rng = np.random.default_rng(3)
    patients = np.repeat([f"p{number:02d}" for number in range(60)], 2)
    positive = np.repeat(rng.random(60) < 0.4, 2)
    noise = np.repeat(rng.normal(size=(60, 2000)), 2, axis=0) + 0.3 * rng.normal(size=(120, 2000))
    found = clustered_aucs(noise, positive, patients)
    assert 0.03 < (found.p_value < 0.05).mean() < 0.075
    assert 0.925 < (np.abs(found.auc - 0.5) < found.half_width).mean() < 0.97
    rows = clustered_aucs(noise, positive, np.arange(120).astype(str))
    assert (rows.p_value < 0.05).mean() > 0.1  # if patients are ignored


def test_perfect_and_constant_scores_have_defined_results():
    scores = np.array([[1, 7], [2, 7], [3, 7], [4, 7]], float)
    found = clustered_aucs(scores, np.array([False, False, True, True]), list("abcd"))
    assert found.auc == pytest.approx([1, 0.5])
    assert found.p_value == pytest.approx([0, 1])
    assert clustered_aucs(scores, np.array([False, False, False, True]), list("abcd")) is None


def test_the_auc_equals_that_of_measure():
    scores, positive, patients = sample(4)
    probabilities = 1 / (1 + np.exp(-scores[:, 0]))
    found = clustered_aucs(scores, positive, patients)
    assert found.auc[0] == pytest.approx(measure(probabilities, positive.astype(int)).auc)
