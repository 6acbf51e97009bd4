"""Calibration recovers what made the data; operating points hold what they are named for."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.model.calibration import lesion_probability, probabilities
from mammopair.training.calibrating import (
    STEEPEST,
    LesionLogits,
    fit_calibration,
    operating_points,
)


def simulate(count, slope, intercept, *, seed=0, members=1):
    """Lesions whose labels are drawn from the mean of their readings' calibrated probabilities.

    A third has one view, as in the collection.
    """
    rng = np.random.default_rng(seed)
    lesions = []
    for number in range(count):
        views = 1 if number % 3 == 0 else 2
        logits = 1.5 * rng.normal() + 0.7 * rng.normal(size=(views, members))
        truth = (1 / (1 + np.exp(-(slope * logits + intercept)))).mean()
        lesions.append(LesionLogits(f"p{number // 2}", int(rng.random() < truth), logits))
    return lesions


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -0.6), (2.0, 0.8)])
@pytest.mark.parametrize("members", [1, 3])
def test_slope_and_intercept_that_made_the_labels_are_found(slope, intercept, members):
    lesions = simulate(3000, slope, intercept, members=members)
    found = fit_calibration(lesions, "simulation")
    errors = np.sqrt(np.diag(found.covariance))
    assert abs(found.slope - slope) < 4 * errors[0]
    assert abs(found.intercept - intercept) < 4 * errors[1]
    assert errors[0] < 0.25 * slope
    assert errors[1] < 0.2


def test_averaged_views_are_calibrated_and_not_each_view():
    """Averaging pulls towards the middle, so the slope for averages is steeper than one by view."""
    lesions = simulate(4000, 1.0, 0.0)
    found = fit_calibration(lesions, "simulation")
    scores = np.array([lesion_probability(probabilities(x.logits, found)) for x in lesions])
    labels = np.array([x.label for x in lesions])
    order = np.argsort(scores)
    for part in np.array_split(order, 8):
        assert labels[part].mean() == pytest.approx(scores[part].mean(), abs=0.07)


def test_the_covariance_shrinks_with_the_number_of_patients():
    few, many = (fit_calibration(simulate(n, 1.0, 0.0), "s").covariance for n in (150, 2400))
    assert few[0][0] > 4 * many[0][0]
    assert few[1][1] > 4 * many[1][1]
    assert many[0][1] == pytest.approx(many[1][0])
    assert (np.linalg.eigvalsh(many) >= 0).all()


def test_the_same_lesions_give_the_same_calibration():
    lesions = simulate(120, 1.0, 0.0)
    assert fit_calibration(lesions, "s") == fit_calibration(lesions, "s")


def test_a_network_that_learned_nothing_or_the_opposite_keeps_its_sign():
    lesions = [LesionLogits(x.patient_id, 1 - x.label, x.logits) for x in simulate(300, 2.0, 0.0)]
    assert 0 < fit_calibration(lesions, "s").slope < 0.1


def test_classes_that_are_wholly_apart_give_a_bounded_slope():
    lesions = [LesionLogits(str(n), n % 2, np.array([[4.0 * (n % 2) - 2]])) for n in range(40)]
    found = fit_calibration(lesions, "s")
    assert found.slope <= STEEPEST
    assert np.isfinite(found.covariance).all()


@pytest.mark.parametrize("count", [20, 97, 400])
def test_operating_points_have_the_sensitivity_or_specificity_of_their_name(count):
    lesions = simulate(count, 1.0, 0.0, seed=4)
    calibration = fit_calibration(lesions, "s")
    points = {point.name: point for point in operating_points(lesions, calibration)}
    scores = np.array([lesion_probability(probabilities(x.logits, calibration)) for x in lesions])
    labels = np.array([x.label for x in lesions])
    for point in points.values():
        called = scores >= point.threshold
        assert point.sensitivity == called[labels == 1].mean()
        assert point.specificity == (~called)[labels == 0].mean()
    assert points["sensitivity 95 %"].sensitivity >= 0.95
    assert points["sensitivity 90 %"].sensitivity >= 0.90
    assert points["specificity 90 %"].specificity >= 0.90
    # And no threshold gives more away than it must: the next one would miss the name.
    malignant = (labels == 1).sum()
    assert points["sensitivity 95 %"].sensitivity < 0.95 + 1 / malignant
    benign = (labels == 0).sum()
    assert points["specificity 90 %"].specificity < 0.90 + 1 / benign


def test_operating_points_hold_where_many_lesions_have_one_score():
    lesions = [LesionLogits(str(n), n % 2, np.array([[1000.0]])) for n in range(10)]
    calibration = fit_calibration(simulate(100, 1.0, 0.0), "s")
    points = {point.name: point for point in operating_points(lesions, calibration)}
    assert points["sensitivity 95 %"].sensitivity == 1
    assert points["specificity 90 %"].specificity == 1
