"""Calibration recovers what made the data, by the number of views."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.errors import InputError
from mammopair_research.training.calibration_fit import (
    STEEPEST,
    LesionLogits,
    fit_by_views,
    fit_calibration,
    fit_temperature,
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


def of_views(lesions, slope, views):
    """Lesions of so many views, their labels drawn by another slope."""
    rng = np.random.default_rng(views)
    chosen = [lesion for lesion in lesions if len(lesion.logits) == views]
    drawn = []
    for lesion in chosen:
        truth = (1 / (1 + np.exp(-slope * lesion.logits))).mean()
        drawn.append(
            LesionLogits(lesion.patient_id, int(rng.random() < truth), lesion.logits, lesion.fold)
        )
    return drawn


def test_lesions_of_one_view_and_of_two_get_each_their_own_calibration():
    plain = simulate(3000, 1.0, 0.0)
    lesions = of_views(plain, 1.8, 2) + of_views(plain, 0.7, 1)
    two, one = fit_by_views(lesions, "scored by nobody")
    assert two.slope == pytest.approx(1.8, abs=0.35)
    assert one.slope == pytest.approx(0.7, abs=0.2)
    assert two.fitted_on == "2000 lesions with two views, scored by nobody"
    assert one.fitted_on == "1000 lesions with one view, scored by nobody"
    labels = [lesion.label for lesion in lesions if len(lesion.logits) == 1]
    assert one.prevalence == pytest.approx(np.mean(labels))


def test_with_too_few_lesions_of_one_view_all_share_a_calibration():
    lesions = simulate(60, 1.0, 0.0)
    two, one = fit_by_views(lesions, "s")
    assert one is None
    assert two == fit_calibration(lesions, "60 lesions, s")


def test_members_that_read_one_view_each_count_by_view_and_not_by_reading():
    """Two members on the CC view and one on the MLO: the views weigh the same."""
    rng = np.random.default_rng(0)
    lopsided, even = [], []
    for number in range(400):
        label, (cc, mlo) = number % 2, rng.normal(size=2) + 1.5 * (number % 2)
        cells = np.array([[cc, cc, np.nan], [np.nan, np.nan, mlo]])
        lopsided.append(LesionLogits(str(number), label, cells))
        even.append(LesionLogits(str(number), label, np.array([[cc], [mlo]])))
    left, right = (fit_calibration(lesions, "s") for lesions in (lopsided, even))
    assert left.slope == pytest.approx(right.slope, rel=1e-4)
    assert left.intercept == pytest.approx(right.intercept, abs=1e-4)


def test_a_temperature_is_fitted_without_an_intercept():
    assert fit_temperature(simulate(3000, 1.6, 0.0)) == pytest.approx(1.6, abs=0.25)


def test_lesions_of_one_class_cannot_be_calibrated_on():
    lesions = [LesionLogits(str(n), 1, np.array([[float(n)]])) for n in range(5)]
    with pytest.raises(InputError, match="all of one class"):
        fit_calibration(lesions, "s")
