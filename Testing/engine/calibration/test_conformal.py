"""Conformal sets have the stated coverage for each class."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.calibration.conformal import (
    OutOfFoldScores,
    PValues,
    classes_in_set,
    lesion_score,
    p_values,
    scores_of_other_folds,
)


def draw(rng, label, count, separation=1.0):
    return rng.normal(separation * label, 1, count)


def fold_scores(rng, folds=(0, 1, 2), count=400, separation=1.0, shift=0.0):
    """Scores of folds whose members differ by a shift, as networks do."""
    return {
        fold: OutOfFoldScores(
            draw(rng, 0, count, separation) + shift * fold,
            draw(rng, 1, count, separation) + shift * fold,
        )
        for fold in folds
    }


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_new_lesions_of_either_class_are_covered_as_stated(coverage, shift):
    """Each member is ranked in its own fold, so members may have different scales."""
    rng = np.random.default_rng(1)
    reference = fold_scores(rng, shift=shift)
    for label, name in enumerate(("benign", "malignant")):
        covered = 0
        for score in draw(rng, label, 600):
            # All members have the same score, each on its own scale.
            logits = np.array([[score + shift * fold for fold in reference]])
            covered += name in classes_in_set(p_values(logits, [0, 1, 2], reference), coverage)
        assert covered / 600 == pytest.approx(coverage, abs=0.05)


def test_separated_classes_have_sets_of_one_class():
    reference = fold_scores(np.random.default_rng(0), separation=8.0)
    low, high = (p_values(np.array([[x] * 3]), [0, 1, 2], reference) for x in (0.0, 8.0))
    assert classes_in_set(low, 0.9) == ["benign"]
    assert classes_in_set(high, 0.9) == ["malignant"]


def test_a_lesion_between_the_classes_has_both_and_never_none():
    reference = fold_scores(np.random.default_rng(0), separation=20.0)
    between = p_values(np.array([[10.0] * 3]), [0, 1, 2], reference)
    assert between.benign < 0.01
    assert between.malignant < 0.01
    assert classes_in_set(between, 0.9) == ["benign", "malignant"]


def test_p_values_are_ranks_that_include_the_lesion_itself_and_ties():
    reference = {0: OutOfFoldScores(np.array([-1.0, 0.0, 2.0]), np.array([0.5, 1.0, 3.0]))}
    p = p_values(np.array([[1.0]]), [0], reference)
    assert p == PValues(benign=(1 + 1) / 4, malignant=(2 + 1) / 4)
    assert p_values(np.array([[0.0]]), [0], reference).benign == (2 + 1) / 4  # ties count


def test_views_have_equal_weight_and_views_without_logits_are_ignored():
    nan = np.nan
    assert lesion_score(np.array([[1.0, 3.0], [4.0, nan]])) == pytest.approx((2 + 4) / 2)
    assert lesion_score(np.array([[1.0], [nan]])) == 1.0
    assert np.isnan(lesion_score(np.array([[nan], [nan]])))


def test_there_is_no_p_value_without_scores_of_the_members_fold():
    reference = fold_scores(np.random.default_rng(0), folds=(1,))
    assert p_values(np.array([[0.0]]), [0], reference) is None
    assert p_values(np.array([[np.nan]]), [1], reference) is None
    assert p_values(np.array([[0.0]]), [0], {}) is None


def test_training_lesions_are_ranked_among_the_other_folds_only():
    reference = {
        0: OutOfFoldScores(np.array([5.0]), np.array([6.0])),
        1: OutOfFoldScores(np.array([1.0]), np.array([2.0])),
        3: OutOfFoldScores(np.array([3.0]), np.array([4.0])),
    }
    found = scores_of_other_folds(reference, 1)
    assert list(found) == [1]
    assert sorted(found[1].benign) == [3.0, 5.0]
    assert sorted(found[1].malignant) == [4.0, 6.0]
    assert scores_of_other_folds({1: reference[1]}, 1) == {}
