"""Properties that every attribution method has."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.explain.attribution import attribute
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.methods import METHODS, find_method
from mammopair.view import Box
from Testing.synthetic_lesions import lesion_picture

BOX = Box(64, 64, 128, 128)
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 30 + n) for n in range(3)])


@EVERY
def test_maps_are_finite_grids_and_explain_the_ensembles_logit(method, ensemble, patches):
    model = make_differentiable(ensemble, "CC")
    found = attribute(method, model, patches, [BOX] * 3)
    assert found.maps.shape[0] == 3
    assert found.maps.ndim == 3
    assert np.isfinite(found.maps).all()
    np.testing.assert_allclose(found.logits, model.logits(patches), atol=1e-4)
    assert (found.error is not None) == method.additive


@EVERY
@pytest.mark.parametrize("value", [0.0, 1.0], ids=["empty", "saturated"])
def test_a_flat_patch_has_a_finite_map(method, ensemble, value):
    flat = np.full((1, 256, 256), value, np.float32)
    assert np.isfinite(
        attribute(method, make_differentiable(ensemble, "CC"), flat, [BOX]).maps
    ).all()


@EVERY
def test_closing_a_method_cancels_it(method, ensemble, patches):
    steps = method.steps(make_differentiable(ensemble, "CC"), patches, [BOX] * 3)
    first = next(steps)
    assert 0 <= first.done <= first.total
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_exact_methods_have_an_error_below_a_thousandth(ensemble, patches):
    for method in (METHODS["evidence"], METHODS["fine-evidence"]):
        found = attribute(method, make_differentiable(ensemble, "MLO"), patches, [BOX] * 3)
        assert found.error.max() < 1e-3
        assert np.abs(found.maps).mean() > 0.01


def test_an_unknown_method_is_rejected():
    with pytest.raises(InputError, match="is 'guess'; it must be one of evidence"):
        find_method("guess")
