"""Deletion and insertion: their definition, and that the true map beats what knows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.platt import sigmoid
from mammopair.explain.attribution import attribute
from mammopair.explain.methods import METHODS
from mammopair.view import Box
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.deletion import (
    PARTS,
    REGIONS,
    Ends,
    deletion_and_insertion,
    read_ends,
    region_mask,
    region_order,
)
from mammopair_research.map_evaluation.region_replacement import REPLACEMENTS, in_painted
from Testing.research.map_evaluation.known_network import PLACE, Window, picture, toy_reader

BOX = Box(88, 88, 80, 80)


def gain(reader, patch, cells):
    areas = deletion_and_insertion(reader, patch, cells, read_ends(reader, patch))
    return np.mean([areas[f"insertion, {how}"] - areas[f"deletion, {how}"] for how in REPLACEMENTS])


def gain_of(method, reader, patch):
    return gain(reader, patch, attribute(method, reader, patch[None], [BOX]).maps[0])


@pytest.mark.parametrize("sign", [1, -1], ids=["malignant", "benign"])
@pytest.mark.parametrize("method", ["evidence", "occlusion", "integrated-gradients"])
def test_an_honest_method_beats_every_baseline_whichever_side_the_answer_is_on(method, sign):
    reader = toy_reader(Window(sign).eval())
    patches = [picture(seed) for seed in range(4)]
    assert (np.sign([reader.logits(patch[None])[0] for patch in patches]) == sign).all()
    honest = np.mean([gain_of(METHODS[method], reader, patch) for patch in patches])
    for baseline in BASELINES.values():
        assert honest > np.mean([gain_of(baseline, reader, patch) for patch in patches]) + 0.1


def test_a_random_map_gains_nothing_and_the_map_turned_round_loses():
    reader = toy_reader()
    patches = [picture(seed) for seed in range(8)]
    random = [gain_of(BASELINES["random"], reader, patch) for patch in patches]
    assert abs(np.mean(random)) < 0.1
    true = np.zeros((256, 256))
    true[PLACE] = 1
    assert gain(reader, patches[0], true) > 0.3
    assert gain(reader, patches[0], -true) < -0.3


def test_the_area_is_that_under_the_probability_of_the_answer():
    reader, patch = toy_reader(Window(-1).eval()), picture(0)
    cells = np.random.default_rng(0).random((16, 16))
    order = region_order(-cells)  # the answer is benign, so what speaks against comes first
    kept = [region_mask(order[: round(part * order.size)], 256) for part in (0, *PARTS, 1)]
    areas = deletion_and_insertion(reader, patch, cells, read_ends(reader, patch))
    for name, fill in REPLACEMENTS.items():
        for kind, seen in (("deletion", [~mask for mask in kept]), ("insertion", kept)):
            benign = sigmoid(-reader.logits(np.stack([fill(patch, mask) for mask in seen])))
            expected = np.trapezoid(benign, (0, *PARTS, 1))
            assert areas[f"{kind}, {name}"] == pytest.approx(expected, abs=1e-6)


def test_an_answer_that_never_changes_has_its_probability_for_every_area(monkeypatch):
    reader, patch = toy_reader(), picture(0)
    monkeypatch.setattr(type(reader), "logits", lambda self, patches: np.full(len(patches), -2.0))
    areas = deletion_and_insertion(reader, patch, np.eye(8), Ends(-2.0, (-2.0, -2.0)))
    assert list(areas.values()) == pytest.approx([sigmoid(np.array(2.0))] * 4)


def test_regions_come_in_the_order_of_relevance_whatever_the_maps_resolution():
    rng = np.random.default_rng(0)
    exact = rng.random((REGIONS, REGIONS))
    assert (region_order(exact) == np.argsort(-exact, axis=None)).all()
    assert (region_order(np.kron(exact, np.ones((4, 4)))) == region_order(exact)).all()
    coarse = np.zeros((8, 8))
    coarse[2, 5] = 1
    row, column = np.unravel_index(region_order(coarse)[0], (REGIONS, REGIONS))
    assert row // 4 == 2
    assert column // 4 == 5


def test_equal_relevance_is_no_order_from_top_to_bottom():
    order = region_order(np.ones((8, 8)))
    assert sorted(order) == list(range(REGIONS**2))
    assert abs(np.corrcoef(order, np.arange(REGIONS**2))[0, 1]) < 0.1
    assert (order == region_order(np.ones((8, 8)))).all()


def test_masks_cover_the_part_that_is_named():
    order = region_order(np.random.default_rng(0).random((16, 16)))
    for part in PARTS:
        mask = region_mask(order[: round(part * order.size)], 256)
        assert mask.mean() == pytest.approx(part, abs=1e-3)


# --- replacements ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_a_replacement_leaves_what_is_seen_as_it_is(name):
    patch = picture(1)
    seen = region_mask(region_order(np.random.default_rng(1).random((32, 32)))[:300], 256)
    filled = REPLACEMENTS[name](patch, seen)
    assert (filled[seen] == patch[seen]).all()
    assert filled.dtype == np.float32
    assert np.isfinite(filled).all()
    assert filled.min() >= patch.min() - 1e-5
    assert filled.max() <= patch.max() + 1e-5


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_an_even_picture_stays_even(name):
    patch = np.full((256, 256), 0.4, np.float32)
    seen = region_mask(np.arange(0, 1024, 3), 256)
    assert REPLACEMENTS[name](patch, seen) == pytest.approx(0.4, abs=1e-5)


def test_in_painting_takes_a_mass_away_and_continues_its_surroundings():
    slope = np.broadcast_to(np.linspace(0.2, 0.6, 256, dtype=np.float32), (256, 256))
    patch = slope.copy()
    patch[96:160, 96:160] = 1.0
    seen = np.ones((256, 256), bool)
    seen[96:160, 96:160] = False
    filled = in_painted(patch, seen)
    assert np.abs(filled - slope).max() < 0.06


def test_blur_leaves_the_body_of_a_mass_and_takes_its_margin():
    patch = picture(2)
    nothing = np.zeros((256, 256), bool)
    blurred = REPLACEMENTS["blur"](patch, nothing)
    assert blurred[127, 127] > blurred[127, 230] + 0.2
    assert np.abs(np.diff(blurred, axis=0)).max() < 0.05 < np.abs(np.diff(patch, axis=0)).max()


def test_with_nothing_left_to_see_in_painting_is_flat_at_the_mean():
    patch = picture(3)
    assert in_painted(patch, np.zeros((256, 256), bool)) == pytest.approx(patch.mean())
