"""The out-of-distribution score is uniform on in-distribution crops and high on others."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.out_of_distribution import (
    feature_distances,
    mean_score_over_members,
    out_of_distribution_score,
)
from mammopair.model.reference_distribution import (
    ReferenceDistribution,
    load_reference,
    save_reference,
)
from mammopair_research.training.out_of_fold import MemberOutputs
from mammopair_research.training.reference_fit import DIRECTIONS, fit_features
from Testing.synthetic_lesions import crop_row

CHANNELS = 120


def features(count, seed, mixing):
    """Pooled features that vary along a few directions, and a little along all others."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(count, len(mixing)))
    return latent @ mixing + 0.1 * rng.normal(size=(count, CHANNELS))


@pytest.fixture(scope="module")
def mixing():
    return np.random.default_rng(7).normal(size=(10, CHANNELS))


@pytest.fixture(scope="module")
def distribution(mixing):
    pooled = features(330, 0, mixing)
    rows = [crop_row(f"P_{number // 2}") for number in range(330)]
    return fit_features(MemberOutputs(rows, np.zeros(330), pooled))


def test_in_distribution_crops_exceed_a_score_slightly_less_often_than_nominal(
    distribution, mixing
):
    """Less often, because the reference distances are from fits on fewer crops."""
    scores = out_of_distribution_score(features(2000, 1, mixing), distribution)
    for limit in (0.5, 0.9, 0.97):
        assert 0.3 * (1 - limit) < (scores > limit).mean() < 1.2 * (1 - limit)


def test_a_small_step_off_the_principal_directions_has_a_high_score(distribution, mixing):
    """A Euclidean distance would not detect it: it is about a hundredth of the variance."""
    pooled = features(200, 2, mixing)
    rng = np.random.default_rng(3)
    off = rng.normal(size=CHANNELS)
    off -= np.linalg.lstsq(mixing.T, off, rcond=None)[0] @ mixing
    step = 4 * off / np.linalg.norm(off)
    assert step @ step < 0.02 * pooled.var(axis=0).sum()
    assert (out_of_distribution_score(pooled + step, distribution) > 0.97).mean() > 0.95


def test_reference_distances_are_of_crops_left_out_of_the_fit(distribution, mixing):
    """The distances of crops in the fit would be smaller."""
    fitted_on = feature_distances(features(330, 0, mixing), distribution)
    assert np.median(distribution.distances) > 1.05 * np.median(fitted_on)
    assert (np.diff(distribution.distances) >= 0).all()


def test_the_number_of_directions_grows_with_the_crops_up_to_a_maximum(mixing):
    def count(crops):
        rows = [crop_row(f"P_{number}") for number in range(crops)]
        found = fit_features(MemberOutputs(rows, np.zeros(crops), features(crops, 5, mixing)))
        return len(found.directions)

    assert count(10) == 1
    assert count(80) == 10
    assert count(600) == DIRECTIONS


def test_constant_features_do_not_cause_a_division_by_zero():
    pooled = np.ones((30, 8))
    pooled[:, 0] += 1e-6 * np.arange(30)
    found = fit_features(
        MemberOutputs([crop_row(f"P_{n}") for n in range(30)], np.zeros(30), pooled)
    )
    assert np.isfinite(feature_distances(pooled, found)).all()
    assert out_of_distribution_score(pooled + 1, found).tolist() == [1.0] * 30


def test_the_mean_is_over_the_members_with_features_of_the_crop(distribution, mixing):
    crop = features(1, 9, mixing)[0]
    score = out_of_distribution_score(crop[None], distribution)[0]
    missing = np.full(CHANNELS, np.nan)
    pooled = [("a", crop), ("b", missing), ("c", crop)]
    assert mean_score_over_members(pooled, {"a": distribution, "b": distribution}) == pytest.approx(
        score
    )
    assert mean_score_over_members(pooled, {"b": distribution}) is None
    assert mean_score_over_members(pooled, {}) is None


def test_half_precision_changes_no_score_by_more_than_0_02(distribution, mixing, tmp_path):
    path = tmp_path / "reference.safetensors"
    loaded = load_reference(
        path, save_reference(ReferenceDistribution({}, {"member-0": distribution}), path)
    )
    pooled = features(200, 4, mixing)
    before, after = (
        out_of_distribution_score(pooled, one)
        for one in (distribution, loaded.features["member-0"])
    )
    assert np.abs(before - after).max() <= 0.02
    assert path.stat().st_size < 50_000
