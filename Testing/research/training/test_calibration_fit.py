"""The calibration fit recovers the parameters of simulated data, by number of views."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.errors import InputError
from mammopair_research.training.calibration_fit import (
    SLOPE_RANGE,
    LesionLogits,
    fit_by_views,
    fit_calibration,
)


def simulate(count, slope, intercept, *, seed=0, members=1):
    """Return lesions with labels drawn from their mean calibrated probabilities.

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
def test_the_slope_and_intercept_of_simulated_labels_are_recovered(slope, intercept, members):
    lesions = simulate(3000, slope, intercept, members=members)
    found = fit_calibration(lesions, "simulation")
    errors = np.sqrt(np.diag(found.covariance))
    assert abs(found.slope - slope) < 4 * errors[0]
    assert abs(found.intercept - intercept) < 4 * errors[1]
    assert errors[0] < 0.25 * slope
    assert errors[1] < 0.2


def test_averages_over_views_are_calibrated():
    """Averages are nearer to 0.5, so their slope is steeper than that of single views."""
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


def test_the_slope_stays_positive_for_inverted_labels():
    lesions = [LesionLogits(x.patient_id, 1 - x.label, x.logits) for x in simulate(300, 2.0, 0.0)]
    assert 0 < fit_calibration(lesions, "s").slope < 0.1


def test_perfectly_separated_classes_give_a_bounded_slope():
    lesions = [LesionLogits(str(n), n % 2, np.array([[4.0 * (n % 2) - 2]])) for n in range(40)]
    found = fit_calibration(lesions, "s")
    assert found.slope <= SLOPE_RANGE[1]
    assert np.isfinite(found.covariance).all()


def of_views(lesions, slope, views):
    """Return the lesions with some number of views, with labels drawn with another slope."""
    rng = np.random.default_rng(views)
    chosen = [lesion for lesion in lesions if len(lesion.logits) == views]
    drawn = []
    for lesion in chosen:
        truth = (1 / (1 + np.exp(-slope * lesion.logits))).mean()
        drawn.append(
            LesionLogits(lesion.patient_id, int(rng.random() < truth), lesion.logits, lesion.fold)
        )
    return drawn


def test_lesions_with_one_view_and_with_two_have_separate_calibrations():
    plain = simulate(3000, 1.0, 0.0)
    lesions = of_views(plain, 1.8, 2) + of_views(plain, 0.7, 1)
    two, one = fit_by_views(lesions, "simulated")
    assert two.slope == pytest.approx(1.8, abs=0.35)
    assert one.slope == pytest.approx(0.7, abs=0.2)
    assert two.fitted_on == "2000 lesions with two views, simulated"
    assert one.fitted_on == "1000 lesions with one view, simulated"
    labels = [lesion.label for lesion in lesions if len(lesion.logits) == 1]
    assert one.prevalence == pytest.approx(np.mean(labels))


def test_with_too_few_lesions_with_one_view_all_share_a_calibration():
    lesions = simulate(60, 1.0, 0.0)
    two, one = fit_by_views(lesions, "s")
    assert one is None
    assert two == fit_calibration(lesions, "60 lesions, s")


def test_views_have_equal_weights_whatever_the_number_of_members_that_read_them():
    """Two members read the CC view and one the MLO view."""
    rng = np.random.default_rng(0)
    unequal, equal = [], []
    for number in range(400):
        label, (cc, mlo) = number % 2, rng.normal(size=2) + 1.5 * (number % 2)
        cells = np.array([[cc, cc, np.nan], [np.nan, np.nan, mlo]])
        unequal.append(LesionLogits(str(number), label, cells))
        equal.append(LesionLogits(str(number), label, np.array([[cc], [mlo]])))
    left, right = (fit_calibration(lesions, "s") for lesions in (unequal, equal))
    assert left.slope == pytest.approx(right.slope, rel=1e-4)
    assert left.intercept == pytest.approx(right.intercept, abs=1e-4)


def test_lesions_of_one_class_are_rejected():
    lesions = [LesionLogits(str(n), 1, np.array([[float(n)]])) for n in range(5)]
    with pytest.raises(InputError, match="all are of one class"):
        fit_calibration(lesions, "s")
