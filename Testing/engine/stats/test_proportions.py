"""The interval of a share resamples patients, not rows."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.stats.proportions import share_by_patient, share_figures


def test_correlated_rows_of_a_patient_widen_the_interval():
    hits = np.random.default_rng(0).random(100) < 0.7
    by_row = share_by_patient(np.repeat(hits, 4), [str(n) for n in range(400)])
    by_patient = share_by_patient(np.repeat(hits, 4), [str(n // 4) for n in range(400)])
    assert by_row[0] == by_patient[0] == pytest.approx(hits.mean())
    width, width_by_patient = (high - low for _, (low, high) in (by_row, by_patient))
    assert width_by_patient == pytest.approx(2 * width, rel=0.2)


def test_the_interval_is_that_of_a_binomial_for_independent_rows():
    hits = np.arange(500) < 400
    _, (low, high) = share_by_patient(hits, [str(n) for n in range(500)])
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 500), rel=0.1)


def test_no_rows_have_no_share():
    assert share_by_patient([], []) is None
    assert share_figures("coverage", [], []) == {"coverage": None, "coverage_ci": None}
