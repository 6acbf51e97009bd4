"""Valid maps change with randomised weights, and little with small shifts and other members."""

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
from mammopair_research.map_evaluation.deletion import sign_of
from mammopair_research.map_evaluation.randomisation import (
    STAGES,
    randomise_model,
    randomise_network,
)
from mammopair_research.map_evaluation.repeatability import (
    agreement_after_shift,
    mean_agreement,
    rank_correlation,
    shift_image,
)
from mammopair_research.map_evaluation.view_agreement import agreement_beyond_chance
from Testing.research.map_evaluation.known_network import known_model, patch_with_mass
from Testing.synthetic_lesions import lesion_picture, random_network

BOX = Box(88, 88, 80, 80)
SPEC = GoogLeNetSpec(width=0.125, stride=16)


def relevance(method, model, patch):
    found = attribute(method, model, patch[None], [BOX])
    return sign_of(found.logits[0]) * found.maps[0]


def mean_correlation(method, model, fraction, patches):
    """Return the mean correlation with the maps of models with randomised weights."""
    return np.mean(
        [
            rank_correlation(
                relevance(method, model, patch),
                relevance(method, randomise_model(model, fraction, seed), patch),
            )
            for seed, patch in enumerate(patches)
        ]
    )


def test_the_evidence_of_a_network_is_uncorrelated_with_that_of_random_weights(ensemble):
    # The mean correlation of 24 unrelated maps is near 0.
    model = make_differentiable(ensemble, "CC", members={"member-0"}, flips=False)
    patches = [lesion_picture(bool(seed % 2), seed) for seed in range(24)]
    assert abs(mean_correlation(METHODS["evidence"], model, 1.0, patches)) < 0.15
    assert mean_correlation(BASELINES["intensity"], model, 1.0, patches) == pytest.approx(1)
    assert mean_correlation(BASELINES["centre-blob"], model, 1.0, patches) == pytest.approx(1)


def test_layers_are_randomised_from_the_output_and_the_original_is_unchanged():
    network = random_network(SPEC, 3, seed=0)
    before = deepcopy(network.state_dict())
    changed = {}
    for stage, fraction in STAGES.items():
        random = randomise_network(deepcopy(network), fraction, seed=1).state_dict()
        changed[stage] = {
            name.split(".")[0]
            for name, tensor in random.items()
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


def test_stages_have_the_same_random_weights_in_common_layers():
    network = random_network(SPEC, 3, seed=0)
    some = randomise_network(deepcopy(network), 1 / 3, seed=5).state_dict()
    most = randomise_network(deepcopy(network), 2 / 3, seed=5).state_dict()
    assert torch.equal(some["fc.weight"], most["fc.weight"])
    name = "inception5a.branch1.conv.weight"
    assert torch.equal(some[name], most[name])
    assert not torch.equal(
        some["inception4a.branch1.conv.weight"], most["inception4a.branch1.conv.weight"]
    )


def test_rank_correlation_depends_on_the_order_only():
    cells = np.arange(16.0).reshape(4, 4)
    assert rank_correlation(cells, np.exp(cells)) == pytest.approx(1)
    assert rank_correlation(cells, -cells) == pytest.approx(-1)
    assert rank_correlation(cells, np.ones((4, 4))) == 0


def test_the_agreement_of_members_is_the_mean_over_pairs():
    cells = np.arange(16.0).reshape(4, 4)
    assert mean_agreement([cells, cells, -cells]) == pytest.approx((1 - 1 - 1) / 3)
    assert np.isnan(mean_agreement([cells]))


@pytest.mark.parametrize(("down", "right"), [(8, 8), (-8, 8), (8, -8), (-8, -8)])
def test_a_map_that_shifts_with_the_image_is_repeatable(down, right):
    rng = np.random.default_rng(0)
    pixels = rng.random((264, 264))
    image = np.kron(pixels[4:260, 4:260].reshape(64, 4, 64, 4).mean(axis=(1, 3)), np.ones((4, 4)))
    after = shift_image(image.astype(np.float32), down, right)
    small = [part.reshape(64, 4, 64, 4).mean(axis=(1, 3)) for part in (image, after)]
    assert agreement_after_shift(*small, down, right, 256) > 0.98
    assert agreement_after_shift(small[0], small[0], down, right, 256) < 0.3


def test_shifting_an_image_moves_its_pixels():
    patch = patch_with_mass(0)
    shifted = shift_image(patch, 8, -3)
    assert (shifted[8:, :-3] == patch[:-8, 3:]).all()
    assert shifted.shape == patch.shape


def test_the_map_of_a_fixed_region_does_not_shift_with_the_image():
    model, patch = known_model(), patch_with_mass(0)
    cells = [
        relevance(METHODS["evidence"], model, one) for one in (patch, shift_image(patch, 8, 8))
    ]
    assert rank_correlation(*cells) > agreement_after_shift(*cells, 8, 8, 256)


# --- zones and two views -----------------------------------------------------------------------


def test_the_zones_of_an_ellipse_cover_the_patch():
    radius = ellipse_radius(Box(64, 64, 128, 128))
    for cells in (8, 15, 32, 256):
        assert zone_cover(radius, cells).sum(axis=0) == pytest.approx(1)
    areas = zone_cover(radius, 256).mean(axis=(1, 2))
    assert areas[0] == pytest.approx(np.pi * (0.8 * 64) ** 2 / 256**2, rel=0.01)
    assert areas[1] == pytest.approx(np.pi * (1.2**2 - 0.8**2) * 64**2 / 256**2, rel=0.01)


def test_evidence_in_one_zone_has_all_of_the_share():
    radius = ellipse_radius(Box(64, 64, 128, 128))
    rim = np.where((radius >= 0.8) & (radius < 1.2), 2.0, 0.0)
    assert zone_shares(rim, radius)[1, 0] == pytest.approx(1)
    assert zone_shares(-rim, radius)[1, 1] == pytest.approx(1)
    disc = np.where(radius < 0.8, -1.0, 0.0)
    assert zone_shares(disc, radius)[0, 1] == pytest.approx(1)
    coarse = rim.reshape(16, 16, 16, 16).mean(axis=(1, 3))
    assert zone_shares(coarse, radius)[1, 0] > 0.6


def test_zone_sums_add_up_to_the_mean_of_the_map_and_shares_to_one():
    cells = np.random.default_rng(0).normal(size=(16, 16))
    radius = ellipse_radius(Box(40, 80, 90, 60))
    sums = zone_sums(cells, radius)
    assert sums[:, 0].sum() - sums[:, 1].sum() == pytest.approx(cells.mean())
    assert zone_shares(cells, radius).sum() == pytest.approx(1)
    assert zone_shares(np.zeros((8, 8)), radius) == pytest.approx(1 / 6)


def test_agreement_beyond_chance_is_relative_to_other_masses():
    inside, outside = np.array([1.0, 0, 0, 0, 0, 0]), np.array([0, 0, 0, 0, 1.0, 0])
    assert agreement_beyond_chance([inside, outside], [inside, outside]) == pytest.approx([1, 1])
    assert agreement_beyond_chance([inside] * 3, [inside] * 3) == pytest.approx([0, 0, 0])
    assert agreement_beyond_chance([inside, outside], [outside, inside]) == pytest.approx([-1, -1])
    assert np.isnan(agreement_beyond_chance([inside], [inside])).all()
