"""Deletion and insertion match their definition, and the true map beats the baselines."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.platt import sigmoid
from mammopair.explain.attribution import attribute
from mammopair.explain.methods import METHODS
from mammopair.view import Box
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.deletion import (
    FRACTIONS,
    REGIONS,
    Endpoints,
    compute_endpoints,
    deletion_and_insertion,
    region_mask,
    region_order,
)
from mammopair_research.map_evaluation.region_replacement import REPLACEMENTS, in_painted
from Testing.research.map_evaluation.known_network import (
    REGION,
    RegionNetwork,
    known_model,
    patch_with_mass,
)

BOX = Box(88, 88, 80, 80)


def gain(model, patch, cells):
    areas = deletion_and_insertion(model, patch, cells, compute_endpoints(model, patch))
    return np.mean([areas[f"insertion, {how}"] - areas[f"deletion, {how}"] for how in REPLACEMENTS])


def gain_of(method, model, patch):
    return gain(model, patch, attribute(method, model, patch[None], [BOX]).maps[0])


@pytest.mark.parametrize("sign", [1, -1], ids=["malignant", "benign"])
@pytest.mark.parametrize("method", ["evidence", "occlusion", "integrated-gradients"])
def test_a_valid_method_beats_every_baseline_for_both_classes(method, sign):
    model = known_model(RegionNetwork(sign).eval())
    patches = [patch_with_mass(seed) for seed in range(4)]
    assert (np.sign([model.logits(patch[None])[0] for patch in patches]) == sign).all()
    found = np.mean([gain_of(METHODS[method], model, patch) for patch in patches])
    for baseline in BASELINES.values():
        assert found > np.mean([gain_of(baseline, model, patch) for patch in patches]) + 0.1


def test_a_random_map_scores_0_and_the_inverted_map_below_0():
    model = known_model()
    patches = [patch_with_mass(seed) for seed in range(8)]
    random = [gain_of(BASELINES["random"], model, patch) for patch in patches]
    assert abs(np.mean(random)) < 0.1
    true = np.zeros((256, 256))
    true[REGION] = 1
    assert gain(model, patches[0], true) > 0.3
    assert gain(model, patches[0], -true) < -0.3


def test_the_area_is_that_under_the_probability_of_the_predicted_class():
    model, patch = known_model(RegionNetwork(-1).eval()), patch_with_mass(0)
    cells = np.random.default_rng(0).random((16, 16))
    order = region_order(-cells)  # for a benign prediction
    fractions = (0, *FRACTIONS, 1)
    kept = [region_mask(order[: round(part * order.size)], 256) for part in fractions]
    areas = deletion_and_insertion(model, patch, cells, compute_endpoints(model, patch))
    for name, replace in REPLACEMENTS.items():
        for kind, visible in (("deletion", [~mask for mask in kept]), ("insertion", kept)):
            benign = sigmoid(-model.logits(np.stack([replace(patch, mask) for mask in visible])))
            expected = np.trapezoid(benign, fractions)
            assert areas[f"{kind}, {name}"] == pytest.approx(expected, abs=1e-6)


def test_a_constant_logit_has_its_probability_as_every_area(monkeypatch):
    model, patch = known_model(), patch_with_mass(0)
    monkeypatch.setattr(type(model), "logits", lambda self, patches: np.full(len(patches), -2.0))
    areas = deletion_and_insertion(model, patch, np.eye(8), Endpoints(-2.0, (-2.0, -2.0)))
    assert list(areas.values()) == pytest.approx([sigmoid(np.array(2.0))] * 4)


def test_regions_are_sorted_by_relevance_at_any_resolution_of_the_map():
    rng = np.random.default_rng(0)
    exact = rng.random((REGIONS, REGIONS))
    assert (region_order(exact) == np.argsort(-exact, axis=None)).all()
    assert (region_order(np.kron(exact, np.ones((4, 4)))) == region_order(exact)).all()
    coarse = np.zeros((8, 8))
    coarse[2, 5] = 1
    row, column = np.unravel_index(region_order(coarse)[0], (REGIONS, REGIONS))
    assert row // 4 == 2
    assert column // 4 == 5


def test_ties_are_not_sorted_from_top_to_bottom():
    order = region_order(np.ones((8, 8)))
    assert sorted(order) == list(range(REGIONS**2))
    assert abs(np.corrcoef(order, np.arange(REGIONS**2))[0, 1]) < 0.1
    assert (order == region_order(np.ones((8, 8)))).all()


def test_masks_cover_the_given_fraction():
    order = region_order(np.random.default_rng(0).random((16, 16)))
    for part in FRACTIONS:
        mask = region_mask(order[: round(part * order.size)], 256)
        assert mask.mean() == pytest.approx(part, abs=1e-3)


# --- replacements ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_a_replacement_does_not_change_the_visible_part(name):
    patch = patch_with_mass(1)
    visible = region_mask(region_order(np.random.default_rng(1).random((32, 32)))[:300], 256)
    filled = REPLACEMENTS[name](patch, visible)
    assert (filled[visible] == patch[visible]).all()
    assert filled.dtype == np.float32
    assert np.isfinite(filled).all()
    assert filled.min() >= patch.min() - 1e-5
    assert filled.max() <= patch.max() + 1e-5


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_a_constant_patch_stays_constant(name):
    patch = np.full((256, 256), 0.4, np.float32)
    visible = region_mask(np.arange(0, 1024, 3), 256)
    assert REPLACEMENTS[name](patch, visible) == pytest.approx(0.4, abs=1e-5)


def test_in_painting_removes_a_mass_and_continues_its_surroundings():
    slope = np.broadcast_to(np.linspace(0.2, 0.6, 256, dtype=np.float32), (256, 256))
    patch = slope.copy()
    patch[96:160, 96:160] = 1.0
    visible = np.ones((256, 256), bool)
    visible[96:160, 96:160] = False
    filled = in_painted(patch, visible)
    assert np.abs(filled - slope).max() < 0.06


def test_blur_removes_the_margin_of_a_mass_but_not_its_centre():
    patch = patch_with_mass(2)
    nothing = np.zeros((256, 256), bool)
    blurred = REPLACEMENTS["blur"](patch, nothing)
    assert blurred[127, 127] > blurred[127, 230] + 0.2
    assert np.abs(np.diff(blurred, axis=0)).max() < 0.05 < np.abs(np.diff(patch, axis=0)).max()


def test_in_painting_with_nothing_visible_is_constant_at_the_mean():
    patch = patch_with_mass(3)
    assert in_painted(patch, np.zeros((256, 256), bool)) == pytest.approx(patch.mean())
