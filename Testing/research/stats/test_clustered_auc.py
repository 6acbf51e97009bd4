"""AUCs of many scores at once: as DeLong where rows are independent, wider where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from mammopair.stats.delong import delong_auc

from mammopair.stats.metrics import measure
from mammopair_research.stats.clustered_auc import clustered_aucs


def sample(seed, rows=60, shift=0.8):
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.4
    scores = rng.normal(size=(rows, 3)) + shift * positive[:, None]
    return np.round(scores, 1), positive, np.array([f"p{number:03d}" for number in range(rows)])


def test_with_one_row_a_patient_it_is_delong_for_every_score_ties_and_all():
    scores, positive, patients = sample(0)
    found = clustered_aucs(scores, positive, patients)
    for column in range(3):
        reference = delong_auc(scores[:, column], positive)
        assert found.auc[column] == pytest.approx(reference.auc)
        assert found.standard_error[column] == pytest.approx(reference.standard_error, rel=1e-9)


def test_copies_of_a_patients_rows_make_nothing_surer():
    scores, positive, patients = sample(1)
    once = clustered_aucs(scores, positive, patients)
    copied = clustered_aucs(np.repeat(scores, 4, 0), np.repeat(positive, 4), np.repeat(patients, 4))
    assert copied.auc == pytest.approx(once.auc)
    assert copied.standard_error == pytest.approx(once.standard_error)
    assert copied.p_value == pytest.approx(once.p_value)


def test_a_patient_may_have_rows_of_both_kinds():
    rng = np.random.default_rng(2)
    patients = np.repeat([f"p{number:02d}" for number in range(50)], 2)
    own = np.repeat(rng.normal(size=50), 2)
    positive = np.tile([True, False], 50)
    scores = (2 * own + rng.normal(size=100) + 0.5 * positive)[:, None]
    paired = clustered_aucs(scores, positive, patients)
    unpaired = clustered_aucs(scores, positive, np.arange(100).astype(str))
    # What a patient's rows share cancels between her positive and her negative row.
    assert paired.standard_error[0] < 0.6 * unpaired.standard_error[0]


def test_chance_is_rejected_as_seldom_as_it_says():
    rng = np.random.default_rng(3)
    patients = np.repeat([f"p{number:02d}" for number in range(60)], 2)
    positive = np.repeat(rng.random(60) < 0.4, 2)
    noise = np.repeat(rng.normal(size=(60, 2000)), 2, axis=0) + 0.3 * rng.normal(size=(120, 2000))
    found = clustered_aucs(noise, positive, patients)
    assert 0.03 < (found.p_value < 0.05).mean() < 0.075
    assert 0.925 < (np.abs(found.auc - 0.5) < found.reach).mean() < 0.97
    rows = clustered_aucs(noise, positive, np.arange(120).astype(str))
    assert (rows.p_value < 0.05).mean() > 0.1  # what ignoring patients would do


def test_perfect_and_constant_scores_have_a_defined_answer():
    scores = np.array([[1, 7], [2, 7], [3, 7], [4, 7]], float)
    found = clustered_aucs(scores, np.array([False, False, True, True]), list("abcd"))
    assert found.auc == pytest.approx([1, 0.5])
    assert found.p_value == pytest.approx([0, 1])
    assert clustered_aucs(scores, np.array([False, False, False, True]), list("abcd")) is None


def test_the_auc_is_that_of_the_other_metrics():
    scores, positive, patients = sample(4)
    chances = 1 / (1 + np.exp(-scores[:, 0]))
    found = clustered_aucs(scores, positive, patients)
    assert found.auc[0] == pytest.approx(measure(chances, positive.astype(int), threshold=0.5).auc)
