"""The reader says what the ensemble says, and its gradient is that of what it says."""

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
def test_the_reader_says_what_the_ensemble_says(tmp_path, patches, flips, projection):
    views = (["CC"], ["MLO"], ["CC", "MLO"])
    ensemble = load_ensemble(write_ensemble(tmp_path / "e", views=views, flips=flips), "cpu")
    how = ensemble.manifest.calibration
    raw = np.array([o.logits for o in ensemble.predict(patches, [projection] * len(patches))])
    reader = make_differentiable(ensemble, projection)
    logits = np.nanmean(how.slope * raw + how.intercept, axis=0)
    np.testing.assert_allclose(reader.logits(patches), logits, atol=1e-4)
    spoken = np.nanmean(probabilities(raw, how), axis=0)
    np.testing.assert_allclose(reader.probabilities(patches), spoken, atol=1e-5)
    found = reader.logit(torch.from_numpy(patches)).detach().numpy()
    np.testing.assert_allclose(found, logits, atol=1e-4)


def test_the_reader_says_what_the_shipped_ensemble_says(shipped):
    patches = np.stack([lesion_picture(bool(n % 2), 80 + n) for n in range(3)])
    how = shipped.manifest.calibration
    raw = np.array([output.logits for output in shipped.predict(patches, ["CC"] * 3)])
    expected = (how.slope * raw + how.intercept).mean(axis=0)
    np.testing.assert_allclose(
        make_differentiable(shipped, "CC").logits(patches), expected, atol=1e-4
    )


def test_the_gradient_is_the_slope_of_the_logit(ensemble, patches):
    reader = make_differentiable(ensemble, "CC")
    logits, slopes = reader.gradient(patches)
    np.testing.assert_allclose(logits, reader.logits(patches), atol=1e-4)
    assert slopes.shape == patches.shape
    size = (slopes**2).sum(axis=(1, 2))
    step = (0.001 / size)[:, None, None] * slopes
    up = reader.logits((patches + step).astype(np.float32))
    down = reader.logits((patches - step).astype(np.float32))
    # Along the gradient the logit rises by step times slope, that is by 0.002 here.
    np.testing.assert_allclose(up - down, 0.002, rtol=0.1)


def test_chunks_change_nothing(ensemble, patches):
    reader = make_differentiable(ensemble, "CC")
    together, alone = reader.gradient(patches), reader.gradient(patches[-1:])
    np.testing.assert_allclose(together[0][-1:], alone[0], atol=1e-5)
    np.testing.assert_allclose(together[1][-1:], alone[1], atol=1e-5)


def test_the_mean_of_single_members_is_the_reader(ensemble, patches):
    reader = make_differentiable(ensemble, "CC")
    alone = [one.logits(patches[:2]) for one in split_members(reader)]
    np.testing.assert_allclose(np.mean(alone, axis=0), reader.logits(patches[:2]), atol=1e-6)


def test_one_mirroring_reads_the_patch_as_it_is(ensemble, patches):
    once = make_differentiable(ensemble, "CC", flips=False)
    turned = [patches, patches[:, ::-1], patches[:, :, ::-1], patches[:, ::-1, ::-1]]
    mean = np.mean([once.logits(np.ascontiguousarray(part)) for part in turned], axis=0)
    np.testing.assert_allclose(mean, make_differentiable(ensemble, "CC").logits(patches), atol=1e-4)


def test_members_can_be_chosen_and_none_is_one_sentence(by_view):
    assert len(make_differentiable(by_view).networks) == 3
    assert len(make_differentiable(by_view, "CC").networks) == 2
    assert len(make_differentiable(by_view, "CC", members={"member-0"}).networks) == 1
    with pytest.raises(InputError, match="no member that reads MLO views among member-0"):
        make_differentiable(by_view, "MLO", members={"member-0"})
