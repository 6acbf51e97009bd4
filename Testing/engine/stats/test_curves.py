"""Points for plots, in accord with the metrics that are printed beside them."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from mammopair.stats.curves import calibration_points, roc_points
from mammopair.stats.metrics import measure


@pytest.fixture
def sample() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 333)
    return np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), 2), labels


def test_roc_curve_by_hand():
    curve = roc_points([0.9, 0.7, 0.7, 0.2], [1, 0, 1, 0])
    assert curve.thresholds == (None, 0.9, 0.7, 0.2)
    assert curve.false_positive_rate == (0.0, 0.0, 0.5, 1.0)
    assert curve.sensitivity == (0.0, 0.5, 1.0, 1.0)


def test_roc_curve_has_a_point_for_every_distinct_probability(sample):
    assert set(roc_points(*sample).thresholds) == {None, *sample[0]}


def test_area_under_the_drawn_roc_curve_is_the_auc(sample):
    curve = roc_points(*sample)
    area = np.trapezoid(curve.sensitivity, curve.false_positive_rate)
    assert area == pytest.approx(measure(*sample).auc)


def test_mean_gap_of_the_drawn_calibration_curve_is_the_ece(sample):
    curve = calibration_points(*sample)
    gaps = np.abs(np.subtract(curve.observed, curve.predicted))
    assert np.mean(gaps) == pytest.approx(measure(*sample).ece)


def test_calibration_bins_are_equal_and_hold_all_rows(sample):
    p, y = sample
    curve = calibration_points(p, y, bins=7)
    assert len(curve.predicted) == len(curve.observed) == 7
    assert curve.rows * 7 == pytest.approx(len(p))
    assert np.mean(curve.predicted) == pytest.approx(p.mean())
    assert np.mean(curve.observed) == pytest.approx(y.mean())
    assert list(curve.predicted) == sorted(curve.predicted)


def test_there_are_never_more_bins_than_rows():
    curve = calibration_points([0.2, 0.9], [0, 1], bins=10)
    assert curve.predicted == pytest.approx((0.2, 0.9))
    assert curve.observed == pytest.approx((0.0, 1.0))


def test_curves_are_json(sample):
    for curve in (roc_points(*sample), calibration_points(*sample)):
        assert json.loads(json.dumps(asdict(curve), allow_nan=False))


def test_curves_of_too_little_are_none():
    assert roc_points([0.2, 0.3], [1, 1]) is None
    assert calibration_points([], []) is None
