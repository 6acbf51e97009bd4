"""Counterfactual images are added to the film in the film's own grey values and polarity."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.crop import CropSquare
from mammopair.results.counterfactual_film import counterfactuals_on_film, stored_per_brightness

SIDE = 32
SQUARE = CropSquare(8.0, 8.0, SIDE, SIDE)


@pytest.mark.parametrize("slope", [4000.0, -4000.0], ids=["bright where dense", "inverted"])
def test_the_change_has_the_films_scale_and_sign(slope):
    rng = np.random.default_rng(0)
    original = rng.random((SIDE, SIDE)).astype(np.float32)
    stored = np.zeros((64, 64), np.float32)
    stored[8 : 8 + SIDE, 8 : 8 + SIDE] = 5000 + slope * original
    changed = original.copy()
    changed[5, 7] += 0.25
    images = {"malignant": changed, "benign": original}

    found = counterfactuals_on_film(stored, SQUARE, original, images)

    assert set(found) == {"malignant", "benign", "difference"}
    assert found["benign"] == pytest.approx(stored[8 : 8 + SIDE, 8 : 8 + SIDE], abs=1)
    change = found["difference"]
    assert change[5, 7] == pytest.approx(0.25 * slope, rel=1e-3)
    assert np.count_nonzero(change) == 1
    assert found["malignant"] - found["benign"] == pytest.approx(change, abs=1)


def test_a_patch_without_contrast_has_no_slope():
    flat = np.full((4, 4), 0.5, np.float32)
    assert stored_per_brightness(flat * 100, flat) == 0.0
