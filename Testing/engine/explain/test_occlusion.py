"""Occlusion and integrated gradients agree with captum's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mammopair.explain.attribution import attribute
from mammopair.explain.baseline import blurred_baseline
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.integrated_gradients import CELLS, STEPS, sum_into_cells
from mammopair.explain.methods import METHODS
from mammopair.explain.occlusion import mean_over_windows, occlusion, window_masks
from Testing.stepwise import drive
from Testing.synthetic_lesions import lesion_picture


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(2)])


@pytest.fixture(scope="module")
def model(ensemble):
    return make_differentiable(ensemble, "CC")


def test_occlusion_agrees_with_captum(model, patches):
    attr = pytest.importorskip("captum.attr")
    patch = patches[:1]
    _, found = drive(occlusion(model, patch, [], cells=4, window=2))
    with torch.no_grad():
        expected = attr.Occlusion(lambda x: model.logit(x[:, 0])).attribute(
            torch.from_numpy(patch)[:, None],
            sliding_window_shapes=(1, 128, 128),
            strides=(1, 64, 64),
            baselines=torch.from_numpy(blurred_baseline(patch))[:, None],
        )
    cells = expected[0, 0].numpy().reshape(4, 64, 4, 64)
    assert np.ptp(cells, axis=(1, 3)).max() < 1e-6, "captum's map is constant within our cells"
    np.testing.assert_allclose(found.maps[0], cells.mean(axis=(1, 3)), atol=1e-4)
    assert found.offset is None


def test_integrated_gradients_agree_with_captum(model, patches):
    attr = pytest.importorskip("captum.attr")
    found = attribute(METHODS["integrated-gradients"], model, patches, [])
    expected = attr.IntegratedGradients(model.logit, multiply_by_inputs=True).attribute(
        torch.from_numpy(patches),
        baselines=torch.from_numpy(blurred_baseline(patches)),
        n_steps=STEPS,
        method="riemann_middle",
    )
    pixels = expected.detach().double().numpy()
    ours, theirs = found.maps / CELLS**2, sum_into_cells(pixels, CELLS)
    # At a kink of a ReLU, rounding may select another gradient, so cells are not compared singly.
    assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(theirs)


def test_integrated_gradients_report_their_completeness_error(model, patches):
    found = attribute(METHODS["integrated-gradients"], model, patches, [])
    sums = found.maps.mean(axis=(1, 2))
    difference = model.logits(patches) - model.logits(blurred_baseline(patches))
    np.testing.assert_allclose(sums + found.offset - found.logits, sums - difference, atol=1e-5)
    np.testing.assert_allclose(found.error, np.abs(sums - difference), atol=1e-5)
    assert found.error.max() < 0.5 * np.abs(difference).max()


def test_windows_contain_every_pixel_and_their_drops_are_averaged():
    masks = window_masks(40, 4, 2)
    assert masks.shape == (9, 40, 40)
    assert masks.any(axis=0).all()
    assert (masks.sum(axis=(1, 2)) == 400).all()
    drops = np.zeros(9)
    drops[0] = 1.0
    found = mean_over_windows(drops, 4, 2)
    np.testing.assert_allclose(found[:3, :3], [[1, 0.5, 0], [0.5, 0.25, 0], [0, 0, 0]])
