"""The evidence map is exact, signed, in the right place, and has the right direction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from mammopair.calibration.platt import Calibration
from mammopair.classification import classify
from mammopair.crop import CropSquare, place_square
from mammopair.explain.evidence_map import (
    NEGLIGIBLE,
    box_coverage,
    describe_evidence,
    evidence_direction,
    evidence_error,
    patch_evidence,
)
from mammopair.lesion import Lesion, MarkedView
from mammopair.model.ensemble import MemberOutput, load_ensemble
from mammopair.model.input_spec import InputSpec
from mammopair.model.manifest import read_manifest, write_manifest
from mammopair.model.weights import save_weights
from mammopair.view import Box
from Testing.synthetic_lesions import LESION_BOX, film, lesion_picture, write_ensemble

CALIBRATION = Calibration(
    slope=0.7, intercept=-0.4, covariance=((0.0, 0.0), (0.0, 0.0)), fitted_on="nothing"
)
MIDDLE = Box(2, 2, 4, 4)
"""On a grid of eight cells a side."""


def output(member, patches=3, seed=0, unsupported=()):
    rng = np.random.default_rng(seed)
    maps, bias = rng.normal(size=(patches, 8, 8)), rng.normal()
    maps[list(unsupported)] = np.nan
    empty = np.empty((patches, 0))
    return MemberOutput(
        member, maps.mean((1, 2)) + bias, maps, bias, descriptor_logits=empty, pooled=empty
    )


def test_map_and_bias_sum_to_the_mean_calibrated_logit_of_the_members():
    outputs = [output("a", seed=1), output("b", seed=2), output("c", seed=3)]
    for patch in range(3):
        cells, bias = patch_evidence(outputs, patch, CALIBRATION)
        calibrated = [0.7 * one.logits[patch] - 0.4 for one in outputs]
        assert cells.mean() + bias == pytest.approx(np.mean(calibrated), abs=1e-12)
        assert cells.shape == (8, 8)


def test_only_members_for_the_projection_are_averaged():
    outputs = [output("a", seed=1), output("b", seed=2, unsupported=[1])]
    cells, bias = patch_evidence(outputs, 1, CALIBRATION)
    alone, alone_bias = patch_evidence(outputs[:1], 1, CALIBRATION)
    assert (cells == alone).all()
    assert bias == alone_bias


def test_a_member_without_outputs_does_not_change_the_map():
    unsupported = dataclasses.replace(
        output("b"), logits=np.full(3, np.nan), maps=np.full((3, 1, 1), np.nan)
    )
    cells, _ = patch_evidence([output("a"), unsupported], 0, CALIBRATION)
    assert cells.shape == (8, 8)


@pytest.mark.parametrize("flips", [True, False])
def test_evidence_of_a_real_ensemble_sums_to_its_logit(tmp_path, flips):
    ensemble = load_ensemble(write_ensemble(tmp_path / "e", flips=flips), "cpu")
    patches = np.stack([lesion_picture(True, 1), lesion_picture(False, 2)])
    outputs = list(ensemble.predict(patches, ["CC", "MLO"]))
    calibration = ensemble.manifest.calibration
    for patch in range(2):
        cells, bias = patch_evidence(outputs, patch, calibration)
        calibrated = [
            calibration.slope * one.logits[patch] + calibration.intercept for one in outputs
        ]
        assert cells.mean() + bias == pytest.approx(np.mean(calibrated), abs=1e-4)


@pytest.fixture(scope="module")
def blob_detector(tmp_path_factory):
    """An ensemble with hand-set weights, whose evidence is the brightness of the image.

    The centre of the first kernel is 1, later layers pass the first channel through their 1x1
    branches, and the classifier sums it. The batch norms are the identity.
    """
    folder = write_ensemble(tmp_path_factory.mktemp("blob") / "e", views=[["CC", "MLO"]])
    path = folder / "member-0.safetensors"
    weights = load_file(path)
    for name, tensor in weights.items():
        tensor.zero_()
        if name.endswith(("bn.weight", "running_var")):
            tensor.fill_(1)
    weights["conv1.conv.weight"][0, 0, 3, 3] = 1
    weights["conv2.conv.weight"][0, 0] = 1
    weights["conv3.conv.weight"][0, 0, 1, 1] = 1
    for name in weights:
        if name.endswith("branch1.conv.weight"):
            weights[name][0, 0] = 1
    weights["fc.weight"][0, 0] = 4
    manifest = read_manifest(folder)
    entry = replace(manifest.members[0], sha256=save_weights(weights, path))
    size = InputSpec(side=128, detail=80)
    write_manifest(replace(manifest, members=[entry], input=size), folder)
    return load_ensemble(folder, "cpu")


@pytest.mark.parametrize(("x", "y"), [(100, 150), (220, 150), (150, 190), (110, 250), (200, 240)])
def test_the_evidence_is_where_the_bright_blob_is(blob_detector, x, y):
    """Any wrong step in cropping, resizing or flipping would move it.

    The pooling spreads a blob over the cells around it, so its centre of mass is compared.
    """
    view = film()
    down, right = np.mgrid[0:400, 0:320] + 0.5
    view.pixels[:] = 0.2 + 0.7 * np.exp(-((down - y) ** 2 + (right - x) ** 2) / (2 * 12**2))
    record = classify(Lesion("c", "1", (MarkedView(view, Box(60, 100, 200, 200)),)), blob_detector)
    evidence = record.views[0].evidence
    cells = np.array(evidence.cells)
    assert cells.shape == (8, 8)
    square = evidence.square
    column, row = square.to_grid(x, y, len(cells))
    heat = cells - np.median(cells)
    heat = np.where(heat > heat.max() / 2, heat, 0)
    rows, columns = np.mgrid[:8, :8]
    found = (columns * heat).sum() / heat.sum(), (rows * heat).sum() / heat.sum()
    assert found == pytest.approx((column, row), abs=0.35)


def test_the_evidence_of_a_flipped_view_is_flipped(blob_detector):
    plain = film(seed=5)
    box = Box(60, 120, 90, 110)
    mirrored = film(seed=5)
    mirrored.pixels[:] = plain.pixels[:, ::-1]
    other = Box(320 - 60 - 90, 120, 90, 110)
    first, second = (
        classify(Lesion("c", "1", (MarkedView(v, b),)), blob_detector).views[0].evidence
        for v, b in ((plain, box), (mirrored, other))
    )
    np.testing.assert_allclose(np.array(second.cells)[:, ::-1], first.cells, atol=0.02)
    assert second.square.left == pytest.approx(320 - first.square.left - first.square.width)


def test_evidence_has_its_square_and_direction():
    square = CropSquare(10, 20, 80, 40)
    found = describe_evidence(np.ones((8, 8)), 0.5, square, Box(30, 30, 40, 20))
    assert found.square == CropSquare(10, 20, 80, 40)
    assert found.cells == [[1.0] * 8] * 8
    assert found.bias == 0.5
    assert found.direction in (
        "for malignancy, inside and around the box",
        "for malignancy, around the box",
    )


# --- direction -----------------------------------------------------------------------------------


def grid(inside, outside):
    cells = np.full((8, 8), float(outside))
    cells[2:6, 2:6] = inside
    return cells


@pytest.mark.parametrize(
    ("inside", "outside", "direction"),
    [
        (4, 0, "for malignancy, inside the box"),
        (-4, 0, "against malignancy, inside the box"),
        (0, 2, "for malignancy, around the box"),
        (0, -2, "against malignancy, around the box"),
        (3, 1, "for malignancy, inside and around the box"),
        (-3, -1, "against malignancy, inside and around the box"),
        (3, -1, "mixed"),
        (0.1, 0.1, "negligible"),
        (0, 0, "negligible"),
    ],
)
def test_the_direction_names_the_sign_and_the_place(inside, outside, direction):
    assert evidence_direction(grid(inside, outside), MIDDLE) == direction


def test_the_direction_is_negligible_below_the_limit_and_not_above():
    assert evidence_direction(np.full((8, 8), NEGLIGIBLE * 0.99), MIDDLE) == "negligible"
    assert evidence_direction(np.full((8, 8), NEGLIGIBLE * 1.01), MIDDLE) != "negligible"


def test_the_opposite_map_has_the_opposite_sign_at_the_same_place():
    rng = np.random.default_rng(0)
    other = {"for malignancy": "against malignancy", "against malignancy": "for malignancy"}
    for _ in range(100):
        cells = rng.normal(rng.normal(), 1, (8, 8))
        direction, opposite = evidence_direction(cells, MIDDLE), evidence_direction(-cells, MIDDLE)
        side, _, place = direction.partition(", ")
        assert opposite == (f"{other[side]}, {place}" if place else direction)


def test_a_box_off_the_grid_has_all_evidence_around_it():
    assert evidence_direction(grid(4, 0), Box(20, 20, 3, 3)) == "for malignancy, around the box"


def test_coverage_is_the_fraction_of_each_cell_in_the_box():
    found = box_coverage(Box(0.5, 1.25, 1.0, 2.0), 4)
    assert found.sum() == pytest.approx(1.0 * 2.0)
    np.testing.assert_allclose(found[:, 0], [0, 0.375, 0.5, 0.125])
    np.testing.assert_allclose(found[1], [0.375, 0.375, 0, 0])


def test_coverage_of_a_box_beyond_the_edge_is_that_of_its_part_on_the_grid():
    assert box_coverage(Box(-5, -5, 7, 6), 4).sum() == pytest.approx(2 * 1)
    assert box_coverage(Box(-5, -5, 20, 20), 4).sum() == 16


def test_the_box_is_in_the_middle_of_its_square():
    view = film()
    square = place_square(view, Box(*LESION_BOX))
    box = square.box_on_grid(Box(*LESION_BOX), 8)
    assert (box.x, box.y, box.width, box.height) == (2, 2, 4, 4)
    assert torch.get_num_threads() == 1


def test_the_error_of_a_records_map_is_its_distance_from_the_members_mean_logit(blob_detector):
    lesion = Lesion("c", "1", (MarkedView(film(seed=4), Box(60, 120, 90, 110)),))
    (view,) = classify(lesion, blob_detector).views
    assert evidence_error(view) < 1e-3
    shifted = replace(view, evidence=replace(view.evidence, bias=view.evidence.bias + 0.25))
    assert evidence_error(shifted) == pytest.approx(0.25, abs=1e-3)
    clipped = [replace(score, probability=1e-6) for score in view.member_scores]
    assert evidence_error(replace(view, member_scores=clipped)) is None
