"""Randomised weights destroy an honest map; small shifts and other members hardly change it."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from mammopair.explain.attribution import attribute
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.methods import METHODS
from mammopair.model.networks import GoogLeNetSpec
from mammopair.view import Box
from mammopair_research.concept_correlation.evidence_zones import (
    ellipse_radius,
    zone_cover,
    zone_shares,
    zone_sums,
)
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.deletion import side_of
from mammopair_research.map_evaluation.randomisation import STAGES, randomise, randomised
from mammopair_research.map_evaluation.repeatability import (
    agreement_after_shift,
    mean_agreement,
    rank_correlation,
    shift_image,
)
from mammopair_research.map_evaluation.view_agreement import agreement_beyond_chance, in_common
from Testing.research.map_evaluation.known_network import picture, toy_reader
from Testing.synthetic_lesions import lesion_picture, random_network

BOX = Box(88, 88, 80, 80)
SPEC = GoogLeNetSpec(width=0.125, stride=16)


def relevance(method, reader, patch):
    found = attribute(method, reader, patch[None], [BOX])
    return side_of(found.logits[0]) * found.maps[0]


def left_after(method, reader, part, patches):
    return np.mean(
        [
            rank_correlation(
                relevance(method, reader, patch),
                relevance(method, randomised(reader, part, seed), patch),
            )
            for seed, patch in enumerate(patches)
        ]
    )


def test_of_the_evidence_of_a_network_nothing_is_left_under_random_weights(ensemble):
    # 24 draws: the mean of that many unrelated maps' correlations is near 0.
    reader = make_differentiable(ensemble, "CC", members={"member-0"}, flips=False)
    patches = [lesion_picture(bool(seed % 2), seed) for seed in range(24)]
    assert abs(left_after(METHODS["evidence"], reader, 1.0, patches)) < 0.15
    assert left_after(BASELINES["intensity"], reader, 1.0, patches) == pytest.approx(1)
    assert left_after(BASELINES["centre-blob"], reader, 1.0, patches) == pytest.approx(1)


def test_layers_lose_their_weights_from_the_output_down_and_the_original_keeps_them():
    network = random_network(SPEC, 3, seed=0)
    before = deepcopy(network.state_dict())
    changed = {}
    for stage, part in STAGES.items():
        fresh = randomise(deepcopy(network), part, seed=1).state_dict()
        changed[stage] = {
            name.split(".")[0]
            for name, tensor in fresh.items()
            if name.endswith("weight") and not torch.equal(tensor, before[name])
        }
    assert changed["classifier"] == {"fc"}
    assert changed["upper third"] == {
        "fc",
        "inception5b",
        "inception5a",
        "inception4e",
        "inception4d",
    }
    assert changed["upper third"] < changed["upper two thirds"] < changed["all layers"]
    assert {"conv1", "conv2", "conv3"} <= changed["all layers"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_further_stage_keeps_what_an_earlier_one_drew():
    network = random_network(SPEC, 3, seed=0)
    some = randomise(deepcopy(network), 1 / 3, seed=5).state_dict()
    most = randomise(deepcopy(network), 2 / 3, seed=5).state_dict()
    assert torch.equal(some["fc.weight"], most["fc.weight"])
    name = "inception5a.branch1.conv.weight"
    assert torch.equal(some[name], most[name])
    assert not torch.equal(
        some["inception4a.branch1.conv.weight"], most["inception4a.branch1.conv.weight"]
    )


def test_rank_correlation_knows_order_only():
    cells = np.arange(16.0).reshape(4, 4)
    assert rank_correlation(cells, np.exp(cells)) == pytest.approx(1)
    assert rank_correlation(cells, -cells) == pytest.approx(-1)
    assert rank_correlation(cells, np.ones((4, 4))) == 0


def test_members_agree_by_the_mean_over_their_pairs():
    cells = np.arange(16.0).reshape(4, 4)
    assert mean_agreement([cells, cells, -cells]) == pytest.approx((1 - 1 - 1) / 3)
    assert np.isnan(mean_agreement([cells]))


@pytest.mark.parametrize(("down", "right"), [(8, 8), (-8, 8), (8, -8), (-8, -8)])
def test_a_map_that_moves_with_the_picture_is_repeatable_and_one_that_stays_is_less(down, right):
    rng = np.random.default_rng(0)
    pixels = rng.random((264, 264))
    moving = np.kron(pixels[4:260, 4:260].reshape(64, 4, 64, 4).mean(axis=(1, 3)), np.ones((4, 4)))
    after = shift_image(moving.astype(np.float32), down, right)
    small = [part.reshape(64, 4, 64, 4).mean(axis=(1, 3)) for part in (moving, after)]
    assert agreement_after_shift(*small, down, right, 256) > 0.98
    assert agreement_after_shift(small[0], small[0], down, right, 256) < 0.3


def test_a_shifted_picture_shows_the_same_elsewhere():
    patch = picture(0)
    moved = shift_image(patch, 8, -3)
    assert (moved[8:, :-3] == patch[:-8, 3:]).all()
    assert moved.shape == patch.shape


def test_the_toys_map_moves_with_nothing_but_its_place():
    """What it looks at is fixed in the patch, so its map must not follow the picture."""
    reader, patch = toy_reader(), picture(0)
    cells = [
        relevance(METHODS["evidence"], reader, one) for one in (patch, shift_image(patch, 8, 8))
    ]
    assert rank_correlation(*cells) > agreement_after_shift(*cells, 8, 8, 256)


# --- zones and two views -----------------------------------------------------------------------


def test_zones_of_the_boxes_ellipse_share_all_evidence():
    radius = ellipse_radius(Box(64, 64, 128, 128))
    for cells in (8, 15, 32, 256):
        assert zone_cover(radius, cells).sum(axis=0) == pytest.approx(1)
    areas = zone_cover(radius, 256).mean(axis=(1, 2))
    assert areas[0] == pytest.approx(np.pi * (0.8 * 64) ** 2 / 256**2, rel=0.01)
    assert areas[1] == pytest.approx(np.pi * (1.2**2 - 0.8**2) * 64**2 / 256**2, rel=0.01)


def test_evidence_painted_in_a_zone_is_found_there():
    radius = ellipse_radius(Box(64, 64, 128, 128))
    rim = np.where((radius >= 0.8) & (radius < 1.2), 2.0, 0.0)
    assert zone_shares(rim, radius)[1, 0] == pytest.approx(1)
    assert zone_shares(-rim, radius)[1, 1] == pytest.approx(1)
    disc = np.where(radius < 0.8, -1.0, 0.0)
    assert zone_shares(disc, radius)[0, 1] == pytest.approx(1)
    coarse = rim.reshape(16, 16, 16, 16).mean(axis=(1, 3))
    assert zone_shares(coarse, radius)[1, 0] > 0.6


def test_zones_add_up_to_the_mean_of_the_map_and_shares_to_one():
    cells = np.random.default_rng(0).normal(size=(16, 16))
    radius = ellipse_radius(Box(40, 80, 90, 60))
    sums = zone_sums(cells, radius)
    assert sums[:, 0].sum() - sums[:, 1].sum() == pytest.approx(cells.mean())
    assert zone_shares(cells, radius).sum() == pytest.approx(1)
    assert zone_shares(np.zeros((8, 8)), radius) == pytest.approx(1 / 6)


def test_two_views_agree_beyond_chance_by_as_much_as_they_differ_from_other_masses():
    inside, outside = np.array([1.0, 0, 0, 0, 0, 0]), np.array([0, 0, 0, 0, 1.0, 0])
    assert in_common(inside, inside) == 1
    assert in_common(inside, outside) == 0
    assert agreement_beyond_chance([inside, outside], [inside, outside]) == pytest.approx([1, 1])
    assert agreement_beyond_chance([inside] * 3, [inside] * 3) == pytest.approx([0, 0, 0])
    assert agreement_beyond_chance([inside, outside], [outside, inside]) == pytest.approx([-1, -1])
    assert np.isnan(agreement_beyond_chance([inside], [inside])).all()
