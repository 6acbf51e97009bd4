"""Platt scaling, and the interval around a lesion's probability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import approx_fprime

from mammopair.calibration.platt import (
    Calibration,
    interval,
    lesion_probability,
    logit,
    logit_gradient,
    probabilities,
    sigmoid,
)


def calibration(slope=0.8, intercept=-0.1, covariance=((0.02, 0.005), (0.005, 0.01))):
    return Calibration(slope=slope, intercept=intercept, covariance=covariance, fitted_on="nothing")


NO_UNCERTAINTY = calibration(covariance=((0.0, 0.0), (0.0, 0.0)))

logit_arrays = arrays(
    np.float64,
    st.tuples(st.integers(1, 2), st.integers(1, 4)),
    elements=st.floats(-100, 100),
)
calibrations = st.builds(
    lambda slope, intercept, a, b, rho: calibration(
        slope,
        intercept,
        ((a * a, rho * a * b), (rho * a * b, b * b)),
    ),
    st.floats(0.05, 20),
    st.floats(-5, 5),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
    st.floats(-0.9, 0.9),
)


def width(logits, scaling):
    low, high = interval(np.asarray(logits, float), scaling)
    return logit(np.array(high)) - logit(np.array(low))


@given(logit_arrays, calibrations)
def test_the_interval_contains_the_probability_and_is_within_0_and_1(logits, scaling):
    probability = lesion_probability(probabilities(logits, scaling))
    low, high = interval(logits, scaling)
    assert 0 < low <= probability * (1 + 1e-9)
    assert probability * (1 - 1e-9) <= high < 1


@pytest.mark.parametrize("value", [-100.0, 100.0, -1e6, 1e6])
@pytest.mark.parametrize("members", [1, 3])
def test_the_interval_is_defined_for_extreme_logits(value, members):
    low, high = interval(np.full((2, members), value), calibration())
    assert 0 < low <= high < 1
    probability = lesion_probability(probabilities(np.full((2, members), value), calibration()))
    assert 0 < probability < 1
    assert (probability > 0.999) == (value > 0)


def test_members_with_opposite_extreme_logits_have_a_very_wide_interval():
    low, high = interval(np.array([[-100.0, 100.0]]), calibration())
    assert 0 < low < 0.01
    assert 0.99 < high < 1


def test_the_interval_widens_with_disagreement():
    widths = [width([[1 - d, 1 + d]], calibration()) for d in (0, 0.2, 0.5, 1, 2)]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_the_interval_widens_with_the_uncertainty_of_the_calibration():
    widths = [
        width([[0.5, 0.7]], calibration(covariance=((v, 0.0), (0.0, v)))) for v in (0, 0.01, 0.1, 1)
    ]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_one_member_and_a_certain_calibration_have_no_interval():
    assert width([[0.3], [0.4]], NO_UNCERTAINTY) == pytest.approx(0, abs=1e-9)


def test_the_interval_of_one_view_follows_the_formula():
    """With one view a member's calibrated logit is linear in its logit."""
    logits = np.array([[0.2, 0.9, 1.3]])
    scaling = calibration()
    calibrated = probabilities(logits, scaling)
    middle = logit(np.array(calibrated.mean()))
    spread = (0.8 * logits[0] - 0.1).var(ddof=1) * (1 + 1 / 3)
    gradient = logit_gradient(logits, scaling)
    half_width = 1.6448536 * np.sqrt(spread + gradient @ np.array(scaling.covariance) @ gradient)
    assert interval(logits, scaling) == pytest.approx(
        (sigmoid(middle - half_width), sigmoid(middle + half_width))
    )


def test_a_higher_level_gives_a_wider_interval():
    logits = np.array([[0.2, 0.9]])
    narrow, wide = (interval(logits, calibration(), level) for level in (0.5, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 2), st.integers(1, 4)),
        elements=st.floats(-6, 6),
    ),
    st.floats(0.2, 3),
    st.floats(-1, 1),
)
def test_the_gradient_agrees_with_finite_differences(logits, slope, intercept):
    def centre(parameters):
        scaling = calibration(*parameters)
        return float(logit(np.array(lesion_probability(probabilities(logits, scaling)))))

    numerical = approx_fprime(np.array([slope, intercept]), centre, 1e-6)
    found = logit_gradient(logits, calibration(slope, intercept))
    assert found == pytest.approx(numerical, abs=2e-3, rel=2e-3)


def test_the_gradient_ignores_missing_logits():
    sparse = np.array([[1.0, np.nan], [np.nan, -0.5]])
    dense = np.array([[1.0], [-0.5]])
    assert logit_gradient(sparse, calibration()) == pytest.approx(
        logit_gradient(dense, calibration())
    )


def test_a_member_without_a_logit_does_not_change_the_interval():
    """A lesion with a CC view only, and a member for MLO only."""
    with_it = np.array([[0.4, np.nan, 1.0]])
    without = np.array([[0.4, 1.0]])
    assert interval(with_it, calibration()) == interval(without, calibration())


def test_views_have_equal_weight_whatever_their_number_of_members():
    cc, mlo = [2.0, 2.0, 2.0], [-2.0, np.nan, np.nan]
    calibrated = probabilities(np.array([cc, mlo]), calibration(1.0, 0.0))
    assert lesion_probability(calibrated) == pytest.approx(0.5)


@given(st.floats(-13, 13))
def test_logit_inverts_sigmoid(value):
    assert logit(np.array(sigmoid(np.array(value)))) == pytest.approx(value, abs=1e-6)


def test_probabilities_use_slope_and_intercept_and_keep_missing_values():
    found = probabilities(np.array([0.0, 1.0, np.nan]), calibration(2.0, -1.0))
    assert found[:2] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)])
    assert np.isnan(found[2])
