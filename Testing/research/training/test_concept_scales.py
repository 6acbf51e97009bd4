"""A descriptor that the networks did not learn gets an AUC below 0.5, not above."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.io.crop_folder import read_index
from mammopair_research.training.concept_scales import fit_scale


@pytest.mark.parametrize("sign", [1, -1])
def test_the_labels_do_not_change_the_sign_of_a_scale(crop_folder, sign):
    rows = read_index(crop_folder)
    given = np.arange(len(rows)) % 3 == 0
    logits = sign * given + np.random.default_rng(0).normal(size=len(rows))
    auc = np.mean(logits[given][:, None] > logits[~given])  # of the unscaled logits
    assert (auc > 0.6) if sign > 0 else (auc < 0.4)
    scale = fit_scale("spiculated", rows, logits, given)
    assert scale.slope > 0
    assert scale.auc == pytest.approx(auc)
