"""Means and differences, with intervals that resample patients, not rows."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair_research.stats.bootstrap_means import bootstrap_group_difference, bootstrap_mean


def test_nan_is_excluded_from_the_mean():
    found = bootstrap_mean([1.0, 3.0, np.nan, 5.0], ["a", "b", "c", "a"])
    assert (found.value, found.rows, found.patients) == (3.0, 3, 2)
    assert found.low <= 3 <= found.high
    assert bootstrap_mean([1.0, 2.0, np.nan], ["a", "a", "b"]) is None
    assert bootstrap_mean([], []) is None


def test_copies_of_a_patients_rows_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    values, patients = rng.normal(size=40), [f"p{number:02d}" for number in range(40)]
    once = bootstrap_mean(values, patients)
    copied = bootstrap_mean(np.repeat(values, 5), np.repeat(patients, 5))
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=1e-6)


def test_the_interval_covers_the_true_mean_with_the_nominal_frequency():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        patients = np.repeat([f"p{number:02d}" for number in range(40)], 2)
        values = np.repeat(rng.normal(size=40), 2) + 0.3 * rng.normal(size=80)
        found = bootstrap_mean(values, patients)
        hits += found.low <= 0 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_difference_of_two_groups():
    values = np.array([5.0, 7.0, 1.0, 3.0, np.nan])
    first = np.array([True, True, False, False, False])
    found = bootstrap_group_difference(values, first, ["a", "b", "c", "d", "e"])
    assert found.value == pytest.approx(4)
    assert found.low <= 4 <= found.high
    assert bootstrap_group_difference(values, np.ones(5, bool), list("abcde")) is None


def test_a_missing_patient_is_rejected():
    with pytest.raises(InputError, match="has 2 entries for 3 rows"):
        bootstrap_mean([1.0, 2.0, 3.0], ["a", "b"])
