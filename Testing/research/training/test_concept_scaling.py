"""A word that the networks did not learn gets no credit for it."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.io.crop_folder import read_index
from mammopair_research.training.concept_scales import scale_of


@pytest.mark.parametrize("sign", [1, -1])
def test_the_labels_do_not_turn_the_sign_of_a_word_that_was_not_learned(crop_folder, sign):
    rows = read_index(crop_folder)
    given = np.arange(len(rows)) % 3 == 0
    logits = sign * given + np.random.default_rng(0).normal(size=len(rows))
    told = np.mean(logits[given][:, None] > logits[~given])  # the AUC of the head as it is
    assert (told > 0.6) if sign > 0 else (told < 0.4)
    scale = scale_of("spiculated", rows, logits, given)
    assert scale.slope > 0
    assert scale.auc == pytest.approx(told)
