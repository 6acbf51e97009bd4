"""Features have the expected values on synthetic masses, and a finite value on any patch."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES, compute_features, patch_features
from mammopair.features.marked_patch import cut_marked_patch, make_marked_patch
from mammopair.features.outline import find_outline
from mammopair.view import Box
from Testing.analytic_masses import BODY, GROUND, mass, mass_box
from Testing.synthetic_lesions import LESION_BOX, film

MM = 0.1


def measure(patch, box, millimetres=MM):
    return patch_features(make_marked_patch(patch, box, millimetres))


@pytest.mark.parametrize("radius", [30.0, 45.0, 60.0])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_disc_has_its_area_and_is_round(radius, noise):
    found = measure(mass(radius, noise=noise), mass_box(radius))
    assert found["shape_area"] == pytest.approx(np.pi * (radius * MM) ** 2, rel=0.03)
    assert found["shape_diameter"] == pytest.approx(2 * radius * MM, rel=0.02)
    assert found["shape_box_longer_side"] == pytest.approx(2 * radius * MM)
    assert found["shape_box_fill"] == pytest.approx(np.pi / 4, rel=0.03)
    for name in ("circularity", "elongation", "solidity", "convexity", "radial_mean"):
        assert found[f"shape_{name}"] == pytest.approx(1, abs=0.03), name
    for name in ("radial_deviation", "radial_roughness", "fourier_factor"):
        assert found[f"shape_{name}"] == pytest.approx(0, abs=0.04), name


def test_an_ellipse_has_its_axes():
    found = measure(mass(60, aspect=0.5), mass_box(60, 0.5))
    assert found["shape_area"] == pytest.approx(np.pi * 6 * 3, rel=0.02)
    assert found["shape_box_aspect"] == pytest.approx(0.5)
    assert found["shape_elongation"] == pytest.approx(0.5, abs=0.02)
    # Ramanujan's perimeter of an ellipse of half axes 2 and 1 is 9.688.
    assert found["shape_circularity"] == pytest.approx(4 * np.pi * 2 * np.pi / 9.688**2, abs=0.02)
    assert found["shape_radial_crossings"] == 4


def test_the_outline_fits_a_mass_smaller_than_its_box_and_off_its_centre():
    outline = find_outline(make_marked_patch(mass(40, shift=(6, -4), noise=0.02), mass_box(52)))
    assert outline.area == pytest.approx(np.pi * 40**2, rel=0.06)
    assert outline.centroid == pytest.approx([134, 124], abs=1)


def test_inside_and_around_have_the_brightness_of_the_synthetic_mass():
    found = measure(mass(50), mass_box(50))
    assert found["intensity_mean"] == pytest.approx(BODY, abs=0.01)
    assert found["intensity_around"] == pytest.approx(GROUND, abs=0.01)
    assert found["contrast_michelson"] == pytest.approx((BODY - GROUND) / (BODY + GROUND), abs=0.02)
    assert found["contrast_overlap"] > 0.99
    assert measure(1 - mass(50), mass_box(50))["contrast_overlap"] < 0.01


def test_a_sharp_margin_is_steeper_and_narrower_than_a_soft_one():
    found = [measure(mass(50, softness=s, noise=0.02), mass_box(50)) for s in (1, 3, 6)]
    acutance, gradient, width = (
        [values[f"margin_{name}"] for values in found] for name in ("acutance", "gradient", "width")
    )
    assert acutance[0] > acutance[1] > acutance[2]
    assert gradient[0] > 1.5 * gradient[1] > 2 * gradient[2]
    assert width[0] < width[1] < width[2]
    assert found[0]["margin_clear_share"] == 1
    assert found[0]["margin_lost_share"] == 0


def test_a_margin_obscured_on_one_half_is_lost_there():
    patch = mass(50, noise=0.01)
    patch[:, 128:] = np.maximum(patch[:, 128:], BODY)
    found = measure(patch, mass_box(50))
    assert found["margin_lost_share"] + (1 - found["margin_clear_share"]) > 0.35


def test_texture_features_distinguish_coarse_fine_and_flat():
    rng = np.random.default_rng(0)
    fine = rng.random((256, 256))
    coarse = np.kron(rng.random((32, 32)), np.ones((8, 8)))
    box = mass_box(60)
    of_fine, of_coarse = measure(fine, box), measure(coarse, box)
    assert of_coarse["glcm_contrast_1_inside"] < 0.5 * of_coarse["glcm_contrast_4_inside"]
    assert of_fine["glcm_contrast_1_inside"] > 0.9 * of_fine["glcm_contrast_4_inside"]
    assert of_coarse["glcm_correlation_1_inside"] > 0.6 > abs(of_fine["glcm_correlation_1_inside"])
    flat = measure(np.full((256, 256), 0.5), box)
    assert flat["glcm_contrast_1_inside"] == 0
    assert flat["glcm_ASM_1_inside"] == pytest.approx(1)
    assert flat["glcm_entropy_1_inside"] == pytest.approx(0, abs=1e-6)


def test_gradients_of_a_disc_point_inwards_at_its_margin():
    found = measure(mass(50), mass_box(50))
    assert found["gradient_150_margin"] > 0.95
    assert found["gradient_strength_margin"] > found["gradient_strength_inside"]


@pytest.mark.parametrize("groups", [("gradient",), ("lbp",)])
def test_fractions_add_up_to_one_in_each_zone(groups):
    found = measure(mass(50, noise=0.05), mass_box(50))
    for where in ("inside", "around"):
        fractions = [
            value
            for name, value in found.items()
            if re.fullmatch(rf"({'|'.join(groups)})_(\d+|mixed)_{where}", name)
        ]
        assert sum(fractions) == pytest.approx(1)


@pytest.mark.parametrize(
    "transform", [np.rot90, np.fliplr, np.flipud], ids=["rotate", "left-right", "up-down"]
)
def test_rotation_and_reflection_hardly_change_a_feature(transform):
    """By less than a quarter of the standard deviation over other masses."""
    patch = mass(50, spicules=7, noise=0.03)
    others = [
        measure(mass(40 + n, spicules=n, noise=0.03, seed=n), mass_box(40 + n)) for n in range(12)
    ]
    before, after = measure(patch, mass_box(50)), measure(transform(patch), mass_box(50))
    for name in FEATURE_NAMES:
        deviation = np.std([values[name] for values in others])
        tolerance = 1.0 if name in COUNTS else 0.25
        assert abs(after[name] - before[name]) <= tolerance * deviation + 0.01, name


COUNTS = {"shape_radial_crossings", "spiculation_spread"}
"""Features that are counts, whose steps are large."""


def test_only_features_in_millimetres_change_with_the_pixel_spacing():
    patch, box = mass(50, spicules=7, noise=0.03), mass_box(50)
    first, second = measure(patch, box, 0.1), measure(patch, box, 0.2)
    for feature in FEATURES:
        ratio = {"mm": 2, "mm2": 4}.get(feature.unit, 1)
        assert second[feature.name] == pytest.approx(ratio * first[feature.name]), feature.name


BOXES = {
    "ordinary": Box(64, 64, 128, 128),
    "one cell": Box(0, 0, 1, 1),
    "at the corner": Box(200, 230, 100, 100),
    "sliver": Box(20, 100, 200, 1),
    "whole patch": Box(0, 0, 256, 256),
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize(
    "kind", ["black", "white", "grey", "one bright cell", "half film", "noise"]
)
def test_every_patch_has_finite_features(kind, box):
    patch = np.full((256, 256), {"black": 0.0, "white": 1.0}.get(kind, 0.5))
    if kind == "one bright cell":
        patch[128, 128] = 1
    elif kind == "half film":
        patch[:, :128] = 0
        patch[:, 128:] = mass(noise=0.02)[:, 128:]
    elif kind == "noise":
        patch = np.random.default_rng(0).random((256, 256))
    found = measure(patch, box)
    assert list(found) == list(FEATURE_NAMES)
    assert not [name for name, value in found.items() if not np.isfinite(value)]


def test_without_pixel_spacing_only_features_in_millimetres_are_unknown():
    found = measure(mass(50), mass_box(50), None)
    unknown = {name for name, value in found.items() if np.isnan(value)}
    assert unknown == {feature.name for feature in FEATURES if feature.unit.startswith("mm")}


def test_a_view_is_measured_on_the_patch_of_the_networks():
    view = film(millimetres=0.2)
    patch = cut_marked_patch(view, Box(*LESION_BOX))
    assert patch.millimetres == pytest.approx(0.2 * 200 / 256)
    assert patch.box == Box(64, 64, 128, 128)
    assert compute_features(view, Box(*LESION_BOX)) == pytest.approx(patch_features(patch))
    assert compute_features(view, Box(*LESION_BOX))["shape_box_longer_side"] == pytest.approx(20)


def test_a_box_at_the_edge_is_measured_and_one_outside_is_rejected():
    view = film(millimetres=0.2)
    assert np.isfinite(list(compute_features(view, Box(280, 0, 100, 60)).values())).all()
    with pytest.raises(InputError):
        compute_features(view, Box(900, 0, 100, 60))


def test_every_feature_has_a_unique_name_a_unit_a_definition_and_a_source():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    for feature in FEATURES:
        assert feature.unit in {"1", "mm", "mm2", "grey"}
        assert feature.definition
        assert feature.source
