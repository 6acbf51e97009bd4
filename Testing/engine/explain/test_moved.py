"""A moved image goes where it was sent, and stays an image of the same lesion."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.explain.brightness import HIGHEST, LOWEST, QUANTILES, constrain_brightness, contrast
from mammopair.explain.counterfactual import (
    DIRECTIONS,
    Constraints,
    generate_counterfactual,
    variation_slope,
)
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.structural_similarity import structural_similarity
from Testing.stepwise import drive
from Testing.synthetic_lesions import lesion_picture


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(3)])


@pytest.fixture(scope="module")
def reader(ensemble):
    return make_differentiable(ensemble, "CC")


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_the_trained_ensemble_is_moved_where_it_was_sent(shipped, patches, towards):
    _, moved = drive(
        generate_counterfactual(
            make_differentiable(shipped, "CC"), patches[:1], towards, Constraints(steps=2)
        )
    )
    change = moved.probabilities[-1] - moved.probabilities[0]
    assert (change > 0 if towards == "malignant" else change < 0).all()
    assert moved.similarity.min() > 0.9


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_the_path_tells_what_the_ensemble_says_of_it(reader, patches, towards):
    progress, moved = drive(generate_counterfactual(reader, patches, towards))
    change = (moved.logits[-1] - moved.logits[0]).mean()
    assert change > 0.1 if towards == "malignant" else change < -0.1
    np.testing.assert_array_equal(moved.path[0], patches)
    np.testing.assert_allclose(moved.probabilities[0], reader.probabilities(patches), atol=1e-6)
    np.testing.assert_allclose(moved.probabilities[-1], reader.probabilities(moved.end), atol=1e-6)
    assert [step.done for step in progress] == list(range(progress[0].total))


@pytest.mark.parametrize("towards", DIRECTIONS)
def test_it_stays_the_same_lesion_within_the_range_of_the_patch(reader, patches, towards):
    _, moved = drive(
        generate_counterfactual(reader, patches, towards, Constraints(steps=12, step=0.05))
    )
    least = Constraints().least_similarity
    assert moved.similarity.min() >= least
    assert moved.similarity[-1].min() < least + 0.1, "the limit was never near: nothing was tested"
    for original, end in zip(patches, moved.end, strict=True):
        assert original.min() - 1e-6 <= end.min()
        assert end.max() <= original.max() + 1e-6
        dark, bright = np.quantile(original, [0.01, 0.99])
        found = (np.quantile(end, QUANTILES) - dark) / (bright - dark)
        was = (np.quantile(original, QUANTILES) - dark) / (bright - dark)
        assert (found >= np.minimum(LOWEST, was) - 0.01).all()
        assert (found <= np.maximum(HIGHEST, was) + 0.01).all()


def test_a_wider_low_pass_leaves_less_detail_in_the_change(reader, patches):
    def roughness(low_pass):
        _, moved = drive(
            generate_counterfactual(reader, patches[:1], "benign", Constraints(low_pass=low_pass))
        )
        change = (moved.end - moved.path[0])[0]
        return np.abs(np.diff(change, axis=0)).mean() / np.abs(change).mean()

    assert roughness(1 / 16) < 0.8 * roughness(1 / 64)


def test_total_variation_costs(reader, patches):
    def variation(weight):
        held = Constraints(total_variation=weight)
        _, moved = drive(generate_counterfactual(reader, patches[:1], "malignant", held))
        return np.abs(np.diff((moved.end - moved.path[0])[0], axis=0)).mean()

    assert variation(20.0) < 0.9 * variation(0.0)


def test_the_slope_of_the_total_variation_is_its_slope():
    rng = np.random.default_rng(0)
    change = rng.normal(size=(1, 12, 12))

    def variation(image):
        down = np.diff(image, axis=1, append=image[:, -1:])
        across = np.diff(image, axis=2, append=image[:, :, -1:])
        return np.hypot(down, across).mean() * 12

    step = 1e-5 * rng.normal(size=change.shape)
    measured = variation(change + step) - variation(change - step)
    assert (variation_slope(change) * 2 * step).sum() == pytest.approx(measured, rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0], ids=["empty", "saturated"])
def test_a_flat_patch_stays_as_it_is(reader, value):
    flat = np.full((1, 256, 256), value, np.float32)
    _, moved = drive(generate_counterfactual(reader, flat, "malignant"))
    np.testing.assert_array_equal(moved.end, flat)
    np.testing.assert_array_equal(moved.probabilities[-1], moved.probabilities[0])
    assert np.isfinite(moved.probabilities).all()
    np.testing.assert_allclose(moved.similarity, 1)


def test_closing_it_ends_it(reader, patches):
    steps = generate_counterfactual(reader, patches, "benign")
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_brightness_in_range_is_left_alone():
    patch = lesion_picture(True, 3)
    np.testing.assert_allclose(constrain_brightness(patch, patch), patch, atol=1e-6)
    assert contrast(patch) > 0.1


def test_similarity_is_one_to_itself_and_falls_with_the_change():
    patch = lesion_picture(True, 3)[None]
    noise = np.random.default_rng(0).normal(size=patch.shape).astype(np.float32)
    found = [float(structural_similarity(patch, patch + k * noise)[0]) for k in (0, 0.01, 0.1)]
    assert found[0] == pytest.approx(1)
    assert found[0] > found[1] > found[2] > 0


def test_similarity_is_that_of_scikit_image():
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
    assert found == pytest.approx(expected, abs=0.01)  # which leaves out the border
