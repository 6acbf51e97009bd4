"""The differentiable ensemble has the outputs of the ensemble, and their gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mammopair.calibration.platt import probabilities
from mammopair.errors import InputError
from mammopair.explain.differentiable_ensemble import (
    GRADIENT_BATCH_SIZE,
    make_differentiable,
    split_members,
)
from mammopair.model.ensemble import load_ensemble
from Testing.synthetic_lesions import lesion_picture, write_ensemble


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 50 + n) for n in range(GRADIENT_BATCH_SIZE + 2)])


@pytest.mark.parametrize("flips", [True, False])
@pytest.mark.parametrize("projection", ["CC", "MLO"])
def test_outputs_are_those_of_the_ensemble(tmp_path, patches, flips, projection):
    views = (["CC"], ["MLO"], ["CC", "MLO"])
    ensemble = load_ensemble(write_ensemble(tmp_path / "e", views=views, flips=flips), "cpu")
    calibration = ensemble.manifest.calibration
    logits = np.array([o.logits for o in ensemble.predict(patches, [projection] * len(patches))])
    model = make_differentiable(ensemble, projection)
    mean = np.nanmean(calibration.slope * logits + calibration.intercept, axis=0)
    np.testing.assert_allclose(model.logits(patches), mean, atol=1e-4)
    expected = np.nanmean(probabilities(logits, calibration), axis=0)
    np.testing.assert_allclose(model.probabilities(patches), expected, atol=1e-5)
    found = model.logit(torch.from_numpy(patches)).detach().numpy()
    np.testing.assert_allclose(found, mean, atol=1e-4)


def test_outputs_are_those_of_the_shipped_ensemble(shipped):
    patches = np.stack([lesion_picture(bool(n % 2), 80 + n) for n in range(3)])
    calibration = shipped.manifest.calibration
    logits = np.array([output.logits for output in shipped.predict(patches, ["CC"] * 3)])
    expected = (calibration.slope * logits + calibration.intercept).mean(axis=0)
    np.testing.assert_allclose(
        make_differentiable(shipped, "CC").logits(patches), expected, atol=1e-4
    )


def test_the_gradient_agrees_with_finite_differences(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    logits, gradient = model.gradient(patches)
    np.testing.assert_allclose(logits, model.logits(patches), atol=1e-4)
    assert gradient.shape == patches.shape
    size = (gradient**2).sum(axis=(1, 2))
    step = (0.001 / size)[:, None, None] * gradient
    up = model.logits((patches + step).astype(np.float32))
    down = model.logits((patches - step).astype(np.float32))
    # Along the gradient the logit rises by the step times the gradient, here by 0.002.
    np.testing.assert_allclose(up - down, 0.002, rtol=0.1)


def test_the_batch_size_does_not_change_the_gradient(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    together, alone = model.gradient(patches), model.gradient(patches[-1:])
    np.testing.assert_allclose(together[0][-1:], alone[0], atol=1e-5)
    np.testing.assert_allclose(together[1][-1:], alone[1], atol=1e-5)


def test_the_mean_of_single_members_is_the_reader(ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    alone = [member.logits(patches[:2]) for member in split_members(model)]
    np.testing.assert_allclose(np.mean(alone, axis=0), model.logits(patches[:2]), atol=1e-6)


def test_without_flips_the_patch_is_used_as_it_is(ensemble, patches):
    once = make_differentiable(ensemble, "CC", flips=False)
    flipped = [patches, patches[:, ::-1], patches[:, :, ::-1], patches[:, ::-1, ::-1]]
    mean = np.mean([once.logits(np.ascontiguousarray(part)) for part in flipped], axis=0)
    np.testing.assert_allclose(mean, make_differentiable(ensemble, "CC").logits(patches), atol=1e-4)


def test_members_are_selected_and_none_is_an_error(by_view):
    assert len(make_differentiable(by_view).networks) == 3
    assert len(make_differentiable(by_view, "CC").networks) == 2
    assert len(make_differentiable(by_view, "CC", members={"member-0"}).networks) == 1
    with pytest.raises(InputError, match="no member for MLO views among member-0"):
        make_differentiable(by_view, "MLO", members={"member-0"})
