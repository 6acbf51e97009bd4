"""The calibrated probability and the interval around it keep what their docstrings promise."""

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


PROBABILITY_MARGIN = calibration(covariance=((0.0, 0.0), (0.0, 0.0)))

readings = arrays(
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


def width(logits, how):
    low, high = interval(np.asarray(logits, float), how)
    return logit(np.array(high)) - logit(np.array(low))


@given(readings, calibrations)
def test_the_interval_holds_the_probability_and_lies_between_0_and_1(logits, how):
    probability = lesion_probability(probabilities(logits, how))
    low, high = interval(logits, how)
    assert 0 < low <= probability * (1 + 1e-9)
    assert probability * (1 - 1e-9) <= high < 1


@pytest.mark.parametrize("value", [-100.0, 100.0, -1e6, 1e6])
@pytest.mark.parametrize("members", [1, 3])
def test_the_interval_is_defined_at_logits_beyond_reason(value, members):
    low, high = interval(np.full((2, members), value), calibration())
    assert 0 < low <= high < 1
    probability = lesion_probability(probabilities(np.full((2, members), value), calibration()))
    assert 0 < probability < 1
    assert (probability > 0.999) == (value > 0)


def test_members_at_opposite_ends_of_reason_have_an_interval_over_nearly_all():
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


def test_a_certain_calibration_and_one_member_leave_no_interval():
    assert width([[0.3], [0.4]], PROBABILITY_MARGIN) == pytest.approx(0, abs=1e-9)


def test_the_interval_of_agreeing_views_is_that_of_the_formula():
    """One view, so that a member's logit is its calibrated logit and all is linear."""
    logits = np.array([[0.2, 0.9, 1.3]])
    how = calibration()
    readings = probabilities(logits, how)
    middle = logit(np.array(readings.mean()))
    spread = (0.8 * logits[0] - 0.1).var(ddof=1) * (1 + 1 / 3)
    gradient = logit_gradient(logits, how)
    reach = 1.6448536 * np.sqrt(spread + gradient @ np.array(how.covariance) @ gradient)
    assert interval(logits, how) == pytest.approx(
        (sigmoid(middle - reach), sigmoid(middle + reach))
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
def test_the_gradient_is_that_which_finite_differences_give(logits, slope, intercept):
    def centre(parameters):
        how = calibration(*parameters)
        return float(logit(np.array(lesion_probability(probabilities(logits, how)))))

    numerical = approx_fprime(np.array([slope, intercept]), centre, 1e-6)
    found = logit_gradient(logits, calibration(slope, intercept))
    assert found == pytest.approx(numerical, abs=2e-3, rel=2e-3)


def test_the_gradient_passes_over_readings_that_there_are_not():
    nothing = np.nan
    sparse = np.array([[1.0, nothing], [nothing, -0.5]])
    dense = np.array([[1.0], [-0.5]])
    assert logit_gradient(sparse, calibration()) == pytest.approx(
        logit_gradient(dense, calibration())
    )


def test_a_member_that_read_none_of_the_views_changes_nothing():
    """A lesion with its CC view only, and a member that reads MLO only."""
    with_it = np.array([[0.4, np.nan, 1.0]])
    without = np.array([[0.4, 1.0]])
    assert interval(with_it, calibration()) == interval(without, calibration())


def test_views_count_alike_however_many_members_read_them():
    cc, mlo = [2.0, 2.0, 2.0], [-2.0, np.nan, np.nan]
    readings = probabilities(np.array([cc, mlo]), calibration(1.0, 0.0))
    assert lesion_probability(readings) == pytest.approx(0.5)


@given(st.floats(-13, 13))
def test_logit_undoes_sigmoid(value):
    assert logit(np.array(sigmoid(np.array(value)))) == pytest.approx(value, abs=1e-6)


def test_probabilities_follow_slope_and_intercept_and_keep_what_is_missing():
    found = probabilities(np.array([0.0, 1.0, np.nan]), calibration(2.0, -1.0))
    assert found[:2] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)])
    assert np.isnan(found[2])
