"""Metrics of one sample: cases computed by hand, scikit-learn, invariances, invalid input."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from mammopair.errors import InputError
from mammopair.stats.metrics import (
    CALIBRATION_BINS,
    NAMES,
    expected_calibration_error,
    measure,
    sensitivity_at_specificity,
)
from mammopair.stats.sample import validate


def simulated(rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, rows)
    return 1 / (1 + np.exp(-(rng.normal(size=rows) + 1.5 * labels - 0.75))), labels


def test_metrics_of_a_case_computed_by_hand():
    # Malignant 0.9, 0.6, 0.4; benign 0.7, 0.4, 0.2, 0.1.
    found = measure([0.9, 0.6, 0.4, 0.7, 0.4, 0.2, 0.1], [1, 1, 1, 0, 0, 0, 0])
    # Of the 12 pairs: 0.9 is higher in 4, 0.6 in 3, 0.4 in 2 and equal in 1.
    assert found.auc == pytest.approx(9.5 / 12)
    assert found.accuracy == pytest.approx(5 / 7)
    assert found.sensitivity == pytest.approx(2 / 3)
    assert found.specificity == pytest.approx(3 / 4)
    # A specificity of 0.9 of four benign rows needs all four: only 0.9 is above 0.7.
    assert found.sensitivity_at_specificity == pytest.approx(1 / 3)
    squares = [0.01, 0.16, 0.36, 0.49, 0.16, 0.04, 0.01]
    assert found.brier == pytest.approx(sum(squares) / 7)


def test_a_probability_at_the_threshold_is_called_malignant():
    found = measure([0.3, 0.3, 0.2], [1, 0, 0], threshold=0.3)
    assert (found.sensitivity, found.specificity) == (1.0, 0.5)


def test_calibration_error_of_two_bins_computed_by_hand():
    # Bins {0.1, 0.3} with share 0.5, mean 0.2, and {0.6, 0.8} with share 0.5, mean 0.7.
    p, y = validate([0.8, 0.1, 0.6, 0.3], [1, 1, 0, 0])
    error = expected_calibration_error(p, y, bins=2)
    assert error == pytest.approx((0.3 + 0.2) / 2)


def test_calibration_error_equals_the_definition_if_bins_divide_the_rows_evenly():
    p, y = simulated(400)
    order = np.argsort(p)
    gaps = [abs(y[part].mean() - p[part].mean()) for part in np.array_split(order, 10)]
    assert expected_calibration_error(p, y, bins=10) == pytest.approx(np.mean(gaps))


def test_calibration_error_does_not_depend_on_the_order_of_ties():
    p = np.array([0.2, 0.5, 0.5, 0.5, 0.5, 0.9])
    y = np.array([0, 1, 1, 0, 0, 1])
    errors = [
        expected_calibration_error(p[order], y[order], bins=2)
        for order in (np.arange(6), np.array([0, 3, 4, 1, 2, 5]))
    ]
    # Each half has one end row and half of the four ties: mean gap -0.2/3 and 0.1/3.
    assert errors == pytest.approx([(0.2 + 0.1) / 6] * 2)


def test_there_are_never_more_calibration_bins_than_rows():
    p, y = validate([0.2, 0.9], [0, 1])
    assert expected_calibration_error(p, y, bins=10) == pytest.approx((0.2 + 0.1) / 2)


def test_calibrated_predictions_have_a_small_error_and_overconfident_ones_a_large_one():
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20_000)
    y = (rng.uniform(size=len(p)) < p).astype(int)
    overconfident = np.clip(0.5 + 2 * (p - 0.5), 0, 1)
    assert expected_calibration_error(p, y, CALIBRATION_BINS) < 0.01
    assert expected_calibration_error(overconfident, y, CALIBRATION_BINS) > 0.1


def test_sensitivity_at_specificity_is_that_of_the_best_threshold():
    p, y = simulated()
    for specificity in (0.0, 0.5, 0.8, 0.9, 0.95, 1.0):
        best = max(
            np.mean(p[y == 1] >= t)
            for t in [*p, np.inf]
            if np.mean(p[y == 0] < t) >= specificity - 1e-9
        )
        assert sensitivity_at_specificity(p, y, specificity) == pytest.approx(best)


def test_sensitivity_at_specificity_includes_a_point_with_exactly_that_specificity():
    # One benign row of ten is above: the specificity is 0.9, but 1 - 0.9 < 0.1 in floats.
    p, y = validate([0.95, 0.9, *np.linspace(0.1, 0.5, 9)], [0, 1] + [0] * 9)
    assert sensitivity_at_specificity(p, y, 0.9) == 1.0


def test_auc_is_invariant_under_increasing_transforms_and_inverted_by_decreasing_ones():
    p, y = simulated()
    auc = measure(p, y).auc
    assert measure(p**3, y).auc == pytest.approx(auc)
    assert measure(1 - p, y).auc == pytest.approx(1 - auc)


def test_no_metric_depends_on_the_order_of_rows():
    p, y = simulated()
    p = np.round(p, 1)  # many ties
    order = np.random.default_rng(3).permutation(len(p))
    assert asdict(measure(p[order], y[order])) == pytest.approx(asdict(measure(p, y)))


def test_swapping_the_classes_swaps_sensitivity_and_specificity():
    p, y = simulated()
    found, swapped = measure(p, y), measure(1 - p, 1 - y)
    assert swapped.sensitivity == pytest.approx(found.specificity)
    assert swapped.specificity == pytest.approx(found.sensitivity)
    assert swapped.brier == pytest.approx(found.brier)
    assert swapped.ece == pytest.approx(found.ece)


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0]])
def test_metrics_of_one_class_are_undefined_and_null_in_json(labels):
    found = asdict(measure([0.2, 0.5, 0.9], labels))
    assert set(found) == set(NAMES)
    assert set(found.values()) == {None}
    assert "NaN" not in json.dumps(found, allow_nan=False)


def test_metrics_of_no_rows_are_undefined():
    assert set(asdict(measure([], [])).values()) == {None}


@pytest.mark.parametrize(
    ("probabilities", "labels", "problem"),
    [
        ([0.5, 1.2], [0, 1], "row 1 has the probability 1.2"),
        ([-0.1, 0.2], [0, 1], "row 0 has the probability -0.1"),
        ([0.5, math.nan], [0, 1], "row 1 has the probability nan"),
        ([0.5, 0.6], [0, 2], "row 1 has the label 2"),
        ([0.5, 0.6], [0, 0.5], "row 1 has the label 0.5"),
        ([0.5, 0.6], [0], r"shape \(2,\) and labels of shape \(1,\)"),
        ([[0.5], [0.6]], [0, 1], "each row needs one probability"),
    ],
)
def test_invalid_predictions_are_rejected(probabilities, labels, problem):
    with pytest.raises(InputError, match=problem):
        measure(probabilities, labels)


def test_metrics_equal_those_of_scikit_learn_with_many_ties():
    p, y = simulated()
    p = np.round(p, 1)
    found = measure(p, y)
    assert found.auc == pytest.approx(roc_auc_score(y, p))
    fpr, tpr, _ = roc_curve(y, p)
    assert found.sensitivity_at_specificity == pytest.approx(tpr[fpr <= 0.1].max())
