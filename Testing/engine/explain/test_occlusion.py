"""Occlusion and integrated gradients are those of captum; each baseline takes a mass away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mammopair.explain.attribution import attribute
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.integrated_gradients import CELLS, STEPS, into_cells
from mammopair.explain.methods import METHODS
from mammopair.explain.occlusion import mean_over_windows, occlusion, windows
from mammopair.explain.replacement import blurred, covered
from Testing.stepwise import drive
from Testing.synthetic_lesions import lesion_picture


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(2)])


@pytest.fixture(scope="module")
def reader(ensemble):
    return make_differentiable(ensemble, "CC")


def test_occlusion_is_that_of_captum(reader, patches):
    attr = pytest.importorskip("captum.attr")
    patch = patches[:1]
    _, found = drive(occlusion(reader, patch, [], baseline="grey", cells=4, window=2))
    with torch.no_grad():
        expected = attr.Occlusion(lambda x: reader.logit(x[:, 0])).attribute(
            torch.from_numpy(patch)[:, None],
            sliding_window_shapes=(1, 128, 128),
            strides=(1, 64, 64),
            baselines=float(patch.mean()),
        )
    cells = expected[0, 0].numpy().reshape(4, 64, 4, 64)
    assert np.ptp(cells, axis=(1, 3)).max() < 1e-6, "captum's cells are ours"
    np.testing.assert_allclose(found.maps[0], cells.mean(axis=(1, 3)), atol=1e-4)
    assert found.rest is None


def test_integrated_gradients_are_those_of_captum(reader, patches):
    attr = pytest.importorskip("captum.attr")
    found = attribute(METHODS["integrated-gradients"], reader, patches, [])
    expected = attr.IntegratedGradients(reader.logit, multiply_by_inputs=True).attribute(
        torch.from_numpy(patches),
        baselines=torch.from_numpy(blurred(patches)),
        n_steps=STEPS,
        method="riemann_middle",
    )
    pixels = expected.detach().double().numpy()
    ours, theirs = found.maps / CELLS**2, into_cells(pixels, CELLS)
    # At a kink of the network the last bit of a sum may choose another slope, so not cell by cell.
    assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(theirs)


def test_integrated_gradients_add_up_nearly_and_say_by_how_much_not(reader, patches):
    found = attribute(METHODS["integrated-gradients"], reader, patches, [])
    sums = found.maps.mean(axis=(1, 2))
    difference = reader.logits(patches) - reader.logits(blurred(patches))
    np.testing.assert_allclose(sums + found.rest - found.logits, sums - difference, atol=1e-5)
    np.testing.assert_allclose(found.error, np.abs(sums - difference), atol=1e-5)
    assert found.error.max() < 0.5 * np.abs(difference).max()


def test_windows_cover_every_pixel_and_their_falls_are_averaged():
    masks = windows(40, 4, 2)
    assert masks.shape == (9, 40, 40)
    assert masks.any(axis=0).all()
    assert (masks.sum(axis=(1, 2)) == 400).all()
    falls = np.zeros(9)
    falls[0] = 1.0
    found = mean_over_windows(falls, 4, 2)
    np.testing.assert_allclose(found[:3, :3], [[1, 0.5, 0], [0.5, 0.25, 0], [0, 0, 0]])


@pytest.mark.parametrize("baseline", ["grey", "blurred", "in-painted"])
def test_a_baseline_changes_what_is_masked_and_nothing_else(patches, baseline):
    masks = np.zeros(patches.shape, bool)
    masks[:, 96:160, 96:160] = True
    found = covered(patches, masks, baseline)
    np.testing.assert_array_equal(found[~masks], patches[~masks])
    assert np.abs(found[masks] - patches[masks]).mean() > 0.02
    assert found.dtype == np.float32


def test_in_painting_goes_on_from_the_rim_and_takes_the_mass_away():
    down = np.mgrid[0:256, 0:256][0] / 255
    slope = down[None].astype(np.float32) * 0.5
    masks = np.zeros(slope.shape, bool)
    masks[:, 110:146, 110:146] = True
    bright = np.where(masks, 1.0, slope).astype(np.float32)
    found = covered(bright, masks, "in-painted")
    assert np.abs(found - slope)[masks].max() < 0.05


@pytest.mark.parametrize("baseline", ["grey", "blurred", "in-painted"])
def test_a_mask_over_the_whole_patch_still_gives_a_picture(patches, baseline):
    found = covered(patches, np.ones(patches.shape, bool), baseline)
    assert np.isfinite(found).all()
    assert found.std() < patches.std()
