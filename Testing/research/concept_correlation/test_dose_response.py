"""Dose and response on synthetic masses with known spiculation."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair_research.concept_correlation.counterfactual_features import (
    CONTRAST,
    CounterfactualCrop,
    measure_features,
)
from mammopair_research.concept_correlation.dose_response import (
    across_slope,
    feature_responses,
    logit_change,
    within_slope,
)
from Testing.analytic_masses import mass, mass_box
from Testing.synthetic_lesions import crop_row

RADIUS = 50.0
BOX = mass_box(RADIUS)


def counterfactual_crop(number, images, logits):
    measured = [measure_features(image, BOX) for image in images]
    logits = np.asarray(logits, float)
    return CounterfactualCrop(
        row=crop_row(f"P{number // 2:02d}", file=f"{number}.png"),
        logits=logits,
        features={name: np.array([one[name] for one in measured]) for name in measured[0]},
        probabilities=1 / (1 + np.exp(-logits)),
        similarity=(0.9, 0.95),
    )


@pytest.fixture(scope="module")
def more_spicules():
    """Return crops whose spicules grow towards malignant; only noise differs otherwise."""
    lengths = (0.1, 0.2, 0.4, 0.6, 0.8)
    return [
        counterfactual_crop(
            seed,
            [mass(RADIUS, spicules=12, length=s, noise=0.02, seed=seed) for s in lengths],
            [-2, -1, 0, 1, 2],
        )
        for seed in range(8)
    ]


@pytest.fixture(scope="module")
def more_brightness():
    """Return crops whose contrast grows towards malignant, without spicules."""
    factors = (0.6, 0.8, 1.0, 1.2, 1.4)
    return [
        counterfactual_crop(
            seed,
            [np.clip(0.3 + s * (mass(RADIUS, noise=0.02, seed=seed) - 0.3), 0, 1) for s in factors],
            [-2, -1, 0, 1, 2],
        )
        for seed in range(8)
    ]


def by_name(crops):
    return {one.feature: one for one in feature_responses(crops)}


def test_growing_spicules_raise_measured_spiculation_with_the_logit(more_spicules):
    found = by_name(more_spicules)["radial lines"]
    assert found.slope.low > 0.05
    assert found.towards_malignant.low > 0
    assert found.towards_benign.high < 0
    assert found.between.value == pytest.approx(
        found.towards_malignant.value - found.towards_benign.value
    )
    assert found.between.rows == 8
    assert found.between.patients == 4


def test_growing_contrast_raises_contrast_but_not_spiculation(more_brightness):
    found = by_name(more_brightness)
    assert found[CONTRAST].slope.low > 0.03
    assert abs(found["radial lines"].slope.value) < 0.01


def test_the_slope_within_a_lesion_is_fitted_by_least_squares():
    x = np.array([-2.0, -1, 0, 1, 3])
    y = 0.4 * x + np.array([0.1, -0.1, 0, 0.2, -0.1]) + 7
    assert within_slope(x, y) == pytest.approx(np.polyfit(x, y, 1)[0])
    assert np.isnan(within_slope(np.ones(5), y))


def test_differences_between_lesions_do_not_affect_the_slope_within_lesions(more_spicules):
    """Simpson's paradox: across crops the slope is negative, within each it is positive."""
    shifted = [
        CounterfactualCrop(
            crop.row,
            crop.logits + 20 * number,
            {name: values - 2.0 * number for name, values in crop.features.items()},
            crop.probabilities,
            crop.similarity,
        )
        for number, crop in enumerate(more_spicules)
    ]
    before, after = by_name(more_spicules), by_name(shifted)
    assert after["radial lines"].slope == pytest.approx(before["radial lines"].slope)
    originals = np.array([[c.logits[2], c.features["radial lines"][2]] for c in shifted])
    patients = np.array([c.row.patient_id for c in shifted])
    assert across_slope(*originals.T, patients).value < 0 < after["radial lines"].slope.low


def test_the_slope_across_lesions_is_one_line_with_patients_resampled():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=60)
    values = 0.3 * logits + 0.1 * rng.normal(size=60)
    patients = np.array([f"P{number // 2}" for number in range(60)])
    found = across_slope(logits, values, patients)
    assert found.value == pytest.approx(np.polyfit(logits, values, 1)[0])
    assert found.low < 0.3 < found.high
    assert found.high - found.low < 0.15
    assert across_slope(np.ones(60), values, patients) is None


def test_the_change_of_the_logit_is_measured_at_both_ends(more_spicules):
    found = logit_change(more_spicules)
    assert (found.towards_malignant.value, found.towards_benign.value) == (2, -2)
    assert (found.as_intended, found.least_similarity) == (1.0, 0.9)


def test_unchanged_images_have_no_slope_and_no_change():
    flat = np.full((256, 256), 0.5, np.float32)
    crops = [counterfactual_crop(number, [flat] * 5, [0.3] * 5) for number in range(4)]
    found = by_name(crops)["radial lines"]
    assert found.between.value == 0
    assert found.p_value == 1
    assert np.isnan(found.slope.value)
