"""Counterfactual images change the output as requested and stay similar to the lesion."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.explain.brightness import MAXIMA, MINIMA, QUANTILES, constrain_brightness, contrast
from mammopair.explain.counterfactual import (
    DIRECTIONS,
    Constraints,
    generate_counterfactual,
    total_variation_gradient,
)
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.structural_similarity import structural_similarity
from Testing.stepwise import drive
from Testing.synthetic_lesions import lesion_picture


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(3)])


@pytest.fixture(scope="module")
def model(ensemble):
    return make_differentiable(ensemble, "CC")


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_the_shipped_ensembles_probability_changes_in_the_requested_direction(
    shipped, patches, towards
):
    _, found = drive(
        generate_counterfactual(
            make_differentiable(shipped, "CC"), patches[:1], towards, Constraints(steps=2)
        )
    )
    change = found.probabilities[-1] - found.probabilities[0]
    assert (change > 0 if towards == "malignant" else change < 0).all()
    assert found.similarity.min() > 0.9


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_the_path_has_the_probabilities_of_the_ensemble(model, patches, towards):
    progress, found = drive(generate_counterfactual(model, patches, towards))
    change = (found.logits[-1] - found.logits[0]).mean()
    assert change > 0.1 if towards == "malignant" else change < -0.1
    np.testing.assert_array_equal(found.path[0], patches)
    np.testing.assert_allclose(found.probabilities[0], model.probabilities(patches), atol=1e-6)
    np.testing.assert_allclose(found.probabilities[-1], model.probabilities(found.end), atol=1e-6)
    assert [step.done for step in progress] == list(range(progress[0].total))


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_similarity_and_brightness_stay_within_their_limits(model, patches, towards):
    _, found = drive(
        generate_counterfactual(model, patches, towards, Constraints(steps=12, step=0.05))
    )
    limit = Constraints().min_similarity
    assert found.similarity.min() >= limit
    assert found.similarity[-1].min() < limit + 0.1, (
        "the limit was not reached, so nothing was tested"
    )
    for original, end in zip(patches, found.end, strict=True):
        assert original.min() - 1e-6 <= end.min()
        assert end.max() <= original.max() + 1e-6
        dark, bright = np.quantile(original, [0.01, 0.99])
        after = (np.quantile(end, QUANTILES) - dark) / (bright - dark)
        before = (np.quantile(original, QUANTILES) - dark) / (bright - dark)
        assert (after >= np.minimum(MINIMA, before) - 0.01).all()
        assert (after <= np.maximum(MAXIMA, before) + 0.01).all()


def test_a_wider_low_pass_filter_makes_the_change_smoother(model, patches):
    def roughness(low_pass):
        _, found = drive(
            generate_counterfactual(model, patches[:1], "benign", Constraints(low_pass=low_pass))
        )
        change = (found.end - found.path[0])[0]
        return np.abs(np.diff(change, axis=0)).mean() / np.abs(change).mean()

    assert roughness(1 / 16) < 0.8 * roughness(1 / 64)


def test_the_total_variation_penalty_makes_the_change_smoother(model, patches):
    def variation(weight):
        limits = Constraints(total_variation=weight)
        _, found = drive(generate_counterfactual(model, patches[:1], "malignant", limits))
        return np.abs(np.diff((found.end - found.path[0])[0], axis=0)).mean()

    assert variation(20.0) < 0.9 * variation(0.0)


def test_the_total_variation_gradient_agrees_with_finite_differences():
    rng = np.random.default_rng(0)
    change = rng.normal(size=(1, 12, 12))

    def variation(image):
        down = np.diff(image, axis=1, append=image[:, -1:])
        across = np.diff(image, axis=2, append=image[:, :, -1:])
        return np.hypot(down, across).mean() * 12

    step = 1e-5 * rng.normal(size=change.shape)
    measured = variation(change + step) - variation(change - step)
    assert (total_variation_gradient(change) * 2 * step).sum() == pytest.approx(measured, rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0], ids=["empty", "saturated"])
def test_a_flat_patch_is_not_changed(model, value):
    flat = np.full((1, 256, 256), value, np.float32)
    _, found = drive(generate_counterfactual(model, flat, "malignant"))
    np.testing.assert_array_equal(found.end, flat)
    np.testing.assert_array_equal(found.probabilities[-1], found.probabilities[0])
    assert np.isfinite(found.probabilities).all()
    np.testing.assert_allclose(found.similarity, 1)


def test_closing_the_generator_cancels(model, patches):
    steps = generate_counterfactual(model, patches, "benign")
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_brightness_within_the_range_is_not_changed():
    patch = lesion_picture(True, 3)
    np.testing.assert_allclose(constrain_brightness(patch, patch), patch, atol=1e-6)
    assert contrast(patch) > 0.1


def test_similarity_is_one_for_equal_patches_and_decreases_with_the_change():
    patch = lesion_picture(True, 3)[None]
    noise = np.random.default_rng(0).normal(size=patch.shape).astype(np.float32)
    found = [float(structural_similarity(patch, patch + k * noise)[0]) for k in (0, 0.01, 0.1)]
    assert found[0] == pytest.approx(1)
    assert found[0] > found[1] > found[2] > 0


def test_similarity_agrees_with_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    patch = lesion_picture(True, 3).astype(np.float64)
    other = patch + 0.05 * np.random.default_rng(0).normal(size=patch.shape)
    expected, full = metrics.structural_similarity(
        patch,
        other,
        data_range=contrast(patch),
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
    )
    found = structural_similarity(patch[None], other[None])[0]
    assert found == pytest.approx(full.mean(), abs=1e-6)
    assert found == pytest.approx(expected, abs=0.01)  # scikit-image excludes the border
