"""Metrics of one sample: hand-computed cases, scikit-learn, invariances, refusals."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from mammopair.errors import InputError
from mammopair.stats.metrics import (
    NAMES,
    expected_calibration_error,
    measure,
    sensitivity_at_specificity,
)


def simulated(rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, rows)
    return 1 / (1 + np.exp(-(rng.normal(size=rows) + 1.5 * labels - 0.75))), labels


def test_a_case_small_enough_to_count_by_hand():
    # Malignant 0.9, 0.6, 0.4; benign 0.7, 0.4, 0.2, 0.1.
    found = measure([0.9, 0.6, 0.4, 0.7, 0.4, 0.2, 0.1], [1, 1, 1, 0, 0, 0, 0])
    # Of the 12 couples: 0.9 beats 4; 0.6 beats 3; 0.4 beats 2 and ties with 1.
    assert found.auc == pytest.approx(9.5 / 12)
    assert found.accuracy == pytest.approx(5 / 7)
    assert found.sensitivity == pytest.approx(2 / 3)
    assert found.specificity == pytest.approx(3 / 4)
    # Specificity 0.9 of four benign rows means all four: only 0.9 lies above 0.7.
    assert found.sensitivity_at_specificity == pytest.approx(1 / 3)
    squares = [0.01, 0.16, 0.36, 0.49, 0.16, 0.04, 0.01]
    assert found.brier == pytest.approx(sum(squares) / 7)


def test_a_probability_at_the_threshold_is_called_malignant():
    found = measure([0.3, 0.3, 0.2], [1, 0, 0], threshold=0.3)
    assert (found.sensitivity, found.specificity) == (1.0, 0.5)


def test_calibration_error_of_two_bins_by_hand():
    # Bins {0.1, 0.3} with share 0.5, mean 0.2, and {0.6, 0.8} with share 0.5, mean 0.7.
    error = expected_calibration_error([0.8, 0.1, 0.6, 0.3], [1, 1, 0, 0], bins=2)
    assert error == pytest.approx((0.3 + 0.2) / 2)


def test_calibration_error_equals_the_plain_definition_where_bins_divide_the_rows():
    p, y = simulated(400)
    order = np.argsort(p)
    gaps = [abs(y[part].mean() - p[part].mean()) for part in np.array_split(order, 10)]
    assert expected_calibration_error(p, y, bins=10) == pytest.approx(np.mean(gaps))


def test_calibration_error_shares_ties_alike_whatever_the_order_of_rows():
    p = np.array([0.2, 0.5, 0.5, 0.5, 0.5, 0.9])
    y = np.array([0, 1, 1, 0, 0, 1])
    errors = [
        expected_calibration_error(p[order], y[order], bins=2)
        for order in (np.arange(6), np.array([0, 3, 4, 1, 2, 5]))
    ]
    # Each half holds one end row and half of the four equal ones: mean gap -0.2/3 and 0.1/3.
    assert errors == pytest.approx([(0.2 + 0.1) / 6] * 2)


def test_calibrated_predictions_have_a_small_error_and_overconfident_ones_a_large_one():
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20_000)
    y = (rng.uniform(size=len(p)) < p).astype(int)
    overconfident = np.clip(0.5 + 2 * (p - 0.5), 0, 1)
    assert expected_calibration_error(p, y) < 0.01
    assert expected_calibration_error(overconfident, y) > 0.1


def test_sensitivity_at_specificity_is_reached_by_a_real_threshold_and_by_no_better_one():
    p, y = simulated()
    for specificity in (0.0, 0.5, 0.8, 0.9, 0.95, 1.0):
        best = max(
            np.mean(p[y == 1] >= t)
            for t in [*p, np.inf]
            if np.mean(p[y == 0] < t) >= specificity - 1e-9
        )
        assert sensitivity_at_specificity(p, y, specificity) == pytest.approx(best)


def test_sensitivity_at_specificity_counts_a_point_that_lies_exactly_on_it():
    # One benign row of ten above: specificity is 0.9, though 1 - 0.9 < 0.1 in floating point.
    p = [0.95, 0.9, *np.linspace(0.1, 0.5, 9)]
    y = [0, 1] + [0] * 9
    assert sensitivity_at_specificity(p, y, 0.9) == 1.0


def test_auc_does_not_change_under_a_rising_transform_and_mirrors_under_a_falling_one():
    p, y = simulated()
    auc = measure(p, y).auc
    assert measure(p**3, y).auc == pytest.approx(auc)
    assert measure(1 - p, y).auc == pytest.approx(1 - auc)


def test_nothing_depends_on_the_order_of_rows():
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
def test_one_class_only_leaves_everything_undefined_and_json_says_null(labels):
    found = asdict(measure([0.2, 0.5, 0.9], labels))
    assert set(found) == set(NAMES)
    assert set(found.values()) == {None}
    assert "NaN" not in json.dumps(found, allow_nan=False)
    assert sensitivity_at_specificity([0.2, 0.5, 0.9], labels) is None
    assert expected_calibration_error([0.2, 0.5, 0.9], labels) is None


def test_no_rows_leave_everything_undefined():
    assert set(asdict(measure([], [])).values()) == {None}


@pytest.mark.parametrize(
    ("probabilities", "labels", "says"),
    [
        ([0.5, 1.2], [0, 1], "row 1 has the probability 1.2"),
        ([-0.1, 0.2], [0, 1], "row 0 has the probability -0.1"),
        ([0.5, math.nan], [0, 1], "row 1 has the probability nan"),
        ([0.5, 0.6], [0, 2], "row 1 has the label 2"),
        ([0.5, 0.6], [0, 0.5], "row 1 has the label 0.5"),
        ([0.5, 0.6], [0], r"shape \(2,\) and labels of shape \(1,\)"),
        ([[0.5], [0.6]], [0, 1], "do not go together"),
    ],
)
def test_what_is_no_prediction_is_refused_by_name(probabilities, labels, says):
    with pytest.raises(InputError, match=says):
        measure(probabilities, labels)


def test_agrees_with_scikit_learn_where_there_are_many_ties():
    p, y = simulated()
    p = np.round(p, 1)
    found = measure(p, y, specificity=0.8)
    assert found.auc == pytest.approx(roc_auc_score(y, p))
    fpr, tpr, _ = roc_curve(y, p)
    assert found.sensitivity_at_specificity == pytest.approx(tpr[fpr <= 0.2].max())
