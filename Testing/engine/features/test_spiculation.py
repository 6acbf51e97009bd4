"""Spiculation increases with number and length of spicules, and with nothing else."""

from __future__ import annotations

import time
from dataclasses import asdict

import numpy as np
import pytest

from mammopair.crop import PATCH_SIDE
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURES
from mammopair.features.marked_patch import cut_marked_patch, make_marked_patch
from mammopair.features.spiculation import NONE, measure_spiculation
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.stats.metrics import measure
from mammopair.view import Box
from mammopair_research.training.descriptor_targets import descriptor_target
from Testing.analytic_masses import mass, mass_box

RADIUS = 50.0
BOX = mass_box(RADIUS)
INCREASING = ("radial_lines", "radial_line_share", "pointing", "cross_gradient")
"""Measures that increase with number and length of the spicules."""


def spiculation(patch, box):
    return measure_spiculation(make_marked_patch(patch, box))


def increases(values):
    return bool((np.diff(values) > 0).all())


@pytest.mark.parametrize("name", INCREASING)
@pytest.mark.parametrize("seed", [0, 1])
def test_spiculation_increases_with_the_number_of_spicules(name, seed):
    found = [
        getattr(spiculation(mass(RADIUS, spicules=count, noise=0.02, seed=seed), BOX), name)
        for count in (0, 4, 8, 12, 16, 24)
    ]
    assert increases(found)


@pytest.mark.parametrize("name", INCREASING)
@pytest.mark.parametrize("seed", [0, 1])
def test_spiculation_increases_with_the_length_of_spicules(name, seed):
    found = [
        getattr(
            spiculation(mass(RADIUS, spicules=12, length=length, noise=0.02, seed=seed), BOX), name
        )
        for length in (0.1, 0.2, 0.4, 0.6, 0.8)
    ]
    assert increases(found)


def test_a_disc_has_tangential_lines_only_and_noise_has_lines_in_all_directions():
    assert spiculation(mass(RADIUS, noise=0.01), BOX).radial_lines < -0.6
    assert spiculation(mass(RADIUS, noise=0.01), BOX).spread == 0
    assert spiculation(mass(RADIUS, spicules=24), BOX).spread > 0.9
    noise = np.random.default_rng(0).random((PATCH_SIDE, PATCH_SIDE))
    assert abs(spiculation(noise, BOX).radial_lines) < 0.05


def test_gradients_of_a_disc_are_radial_and_spicules_change_their_direction():
    disc, star = spiculation(mass(RADIUS), BOX), spiculation(mass(RADIUS, spicules=12), BOX)
    assert disc.radial_gradient > 0.95 > 0.85 > star.radial_gradient
    assert disc.gradient_spread < 0.05 < 0.15 < star.gradient_spread
    dark = spiculation(1 - mass(RADIUS), BOX)
    assert dark.radial_gradient == pytest.approx(-disc.radial_gradient, abs=1e-3)


@pytest.mark.parametrize(
    "transform",
    [np.rot90, np.fliplr, np.flipud, np.transpose],
    ids=["quarter turn", "left-right", "top-bottom", "diagonal"],
)
def test_rotation_and_reflection_have_no_effect(transform):
    patch = mass(RADIUS, spicules=9, noise=0.02)
    before, after = spiculation(patch, BOX), spiculation(transform(patch), BOX)
    for name, value in asdict(before).items():
        # A line on the border of two sectors may be counted in either.
        tolerance = 1.5 / 24 if name == "spread" else 1e-3
        assert getattr(after, name) == pytest.approx(value, abs=tolerance), name


def test_rotation_by_any_angle_has_little_effect():
    found = [spiculation(mass(RADIUS, spicules=9, turn=t), BOX).radial_lines for t in (0, 0.1, 0.3)]
    assert max(found) - min(found) < 0.03


@pytest.mark.parametrize("change", [lambda p: 0.2 + 0.5 * p, lambda p: 0.3 * p])
def test_brightness_and_contrast_have_no_effect(change):
    patch = mass(RADIUS, spicules=9, noise=0.02)
    before, after = asdict(spiculation(patch, BOX)), asdict(spiculation(change(patch), BOX))
    assert after == pytest.approx(before, abs=1e-3)


@pytest.mark.parametrize("gamma", [0.5, 0.7, 1.4, 2.0])
def test_a_tone_curve_has_little_effect_compared_with_spicules(gamma):
    patch, smooth = mass(RADIUS, spicules=9, noise=0.02), mass(RADIUS, noise=0.02)
    effect = spiculation(patch, BOX).radial_lines - spiculation(smooth, BOX).radial_lines
    change = spiculation(patch**gamma, BOX).radial_lines - spiculation(patch, BOX).radial_lines
    assert abs(change) < 0.1 * effect


@pytest.mark.parametrize("side", [64, 128, 512, 1024])
def test_a_quarter_to_four_times_the_resolution_change_the_measure_by_at_most_0_02(side):
    from PIL import Image

    whole = mass(RADIUS, spicules=9)
    shown = Image.fromarray(mass(RADIUS, spicules=9, side=side)).resize(
        (PATCH_SIDE, PATCH_SIDE), Image.Resampling.BILINEAR
    )
    found = spiculation(np.asarray(shown), BOX).radial_lines
    assert found == pytest.approx(spiculation(whole, BOX).radial_lines, abs=0.02)


@pytest.mark.parametrize("flat", [0.0, 0.5, 1.0])
def test_a_flat_patch_has_the_values_of_no_structure(flat):
    assert spiculation(np.full((PATCH_SIDE, PATCH_SIDE), flat), BOX) == NONE


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 1, 1), Box(0, 0, 256, 256), Box(250, 100, 40, 40), Box(120, 120, 2, 90)],
    ids=["one cell", "whole patch", "over the edge", "sliver"],
)
def test_every_box_on_the_patch_has_finite_values(box):
    assert np.isfinite(list(asdict(spiculation(mass(noise=0.05), box)).values())).all()


def test_the_edge_of_the_film_is_not_a_line():
    patch = mass(RADIUS, spicules=9, noise=0.02)
    cut = patch.copy()
    cut[:, :60] = 0
    assert spiculation(cut, BOX).radial_lines == pytest.approx(
        spiculation(patch, BOX).radial_lines, abs=0.12
    )
    assert spiculation(np.where(cut == 0, 0, 0.5), BOX) == NONE


@pytest.mark.parametrize(
    ("patch", "box"),
    [
        (np.zeros((128, 128)), BOX),
        (np.full((PATCH_SIDE, PATCH_SIDE), np.nan), BOX),
        (np.full((PATCH_SIDE, PATCH_SIDE), 200.0), BOX),
        (mass(), Box(300, 0, 10, 10)),
        (mass(), Box(10, 10, float("nan"), 10)),
    ],
    ids=["other size", "not a number", "grey levels", "box outside the patch", "invalid box"],
)
def test_an_invalid_patch_or_box_is_rejected(patch, box):
    with pytest.raises(InputError):
        spiculation(patch, box)


def test_measuring_takes_less_than_50_ms():
    patch = mass(RADIUS, spicules=9, noise=0.02)
    spiculation(patch, BOX)
    times = []
    for _ in range(5):
        start = time.process_time()
        spiculation(patch, BOX)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


def test_the_catalogue_has_every_measure():
    names = {f"spiculation_{name}" for name in asdict(NONE)}
    assert {f.name for f in FEATURES if f.name.startswith("spiculation")} == names


@pytest.mark.slow
def test_spiculation_agrees_with_the_radiologists_descriptor(cbis):
    rows = [row for row in read_index(cbis) if np.isfinite(descriptor_target(row, "spiculated"))]
    found = [measure_spiculation(cut_marked_patch(read_crop(cbis, row), row.box)) for row in rows]
    labels = [int(descriptor_target(row, "spiculated")) for row in rows]
    lines = np.array([result.radial_lines for result in found])
    assert measure((lines + 1) / 2, labels).auc > 0.80
