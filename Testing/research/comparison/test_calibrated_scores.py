"""Probabilities of a fold do not depend on its own labels."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.calibration.platt import sigmoid
from mammopair.errors import InputError
from mammopair_research.comparison.calibrated_scores import cross_fit_scores, out_of_fold_lesions
from mammopair_research.comparison.table_rows import CropPrediction
from mammopair_research.training.calibration_fit import fit_slope_and_intercept, split_by_views
from Testing.synthetic_runs import predictions


def crop_predictions(rows):
    return [CropPrediction(row, (row.logit,)) for row in rows]


@pytest.fixture
def rows():
    return predictions("net", ("CC", "MLO"), (1,), skill=1.0)


def scores(rows):
    return {
        score.name: score
        for score in cross_fit_scores(out_of_fold_lesions(crop_predictions(rows)))[0]
    }


def test_labels_of_a_fold_affect_the_probabilities_of_other_folds_only(rows):
    inverted = [replace(row, label=1 - row.label) if row.fold == 2 else row for row in rows]
    inverted = [replace(row, pair_id=row.pair_id or f"{row.patient_id} alone") for row in inverted]
    rows = [replace(row, pair_id=row.pair_id or f"{row.patient_id} alone") for row in rows]
    before, after = scores(rows), scores(inverted)
    fold_of = {row.pair_id: row.fold for row in rows}
    own = [name for name in before if fold_of[name] == 2]
    others = [name for name in before if fold_of[name] == 0]
    assert own
    assert others
    assert all(before[name].probability == after[name].probability for name in own)
    assert all(before[name].probability != after[name].probability for name in others)


def test_a_lesions_probability_is_the_mean_of_its_views_calibrated_on_the_other_folds(rows):
    lesions = out_of_fold_lesions(crop_predictions(rows))
    by_lesion, by_view = cross_fit_scores(lesions)
    views = {score.name: score.probability for score in by_view}
    found = {score.name: score.probability for score in by_lesion}
    assert len(views) == len(rows)
    others = [lesion.lesion_logits for lesion in lesions if lesion.fold != 0]
    two, one = split_by_views(others)
    assert not one  # too few lesions with one view for a calibration of their own
    slope, intercept = fit_slope_and_intercept(two)
    for lesion in lesions:
        expected = [views[view.crop.file] for view in lesion.views]
        assert found[lesion.name] == pytest.approx(np.mean(expected))
        if lesion.fold == 0:
            logits = np.array([view.crop.logit for view in lesion.views])
            assert expected == pytest.approx(sigmoid(slope * logits + intercept))


def test_views_of_one_mass_are_one_lesion_and_one_number_with_two_labels_is_two(rows):
    lesions = out_of_fold_lesions(crop_predictions(rows))
    assert len(lesions) == len({row.patient_id for row in rows})
    alone = [replace(row, pair_id="", label=int(row.view == "CC")) for row in rows]
    assert len(out_of_fold_lesions(crop_predictions(alone))) == len(rows)


def test_one_fold_cannot_be_calibrated(rows):
    with pytest.raises(InputError, match="fold 0 needs another fold"):
        scores([row for row in rows if row.fold == 0])


def test_other_folds_of_one_class_cannot_calibrate(rows):
    with pytest.raises(InputError, match="one class"):
        scores([row for row in rows if row.fold == 0 or row.label])
