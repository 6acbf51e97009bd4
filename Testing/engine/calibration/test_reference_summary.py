"""The part of a record that refers to the ensemble's reference distribution."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.calibration.conformal import OutOfFoldScores, p_values
from mammopair.calibration.out_of_distribution import FeatureDistribution
from mammopair.calibration.platt import Calibration, lesion_probability, probabilities
from mammopair.classification import classify
from mammopair.lesion import Lesion, MarkedView
from mammopair.model.ensemble import load_ensemble
from mammopair.model.manifest import OperatingPoint, ReferenceFile, read_manifest, write_manifest
from mammopair.model.reference_distribution import ReferenceDistribution, save_reference
from mammopair.view import Box
from Testing.synthetic_lesions import LESION_BOX, film, write_ensemble

NONE = ((0.0, 0.0), (0.0, 0.0))
ONE_VIEW = Calibration(
    slope=0.4, intercept=0.3, covariance=NONE, fitted_on="one view", prevalence=0.44
)
BOTH_VIEWS = Calibration(
    slope=1.6, intercept=-0.2, covariance=NONE, fitted_on="two views", prevalence=0.5
)
CHANNELS = 128


def feature_distribution(mean):
    """A distribution around a mean, with reference distances from 1 to 100."""
    return FeatureDistribution(
        mean=np.full(CHANNELS, mean),
        directions=np.eye(CHANNELS)[:2],
        deviations=np.ones(2),
        residual_deviation=1.0,
        distances=np.arange(1.0, 101.0),
    )


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """Two members with calibrations by views, operating points and a reference distribution."""
    folder = write_ensemble(
        tmp_path_factory.mktemp("complete") / "e",
        calibration=BOTH_VIEWS,
        one_view_calibration=ONE_VIEW,
        operating_points=[
            OperatingPoint(name=name, threshold=threshold, sensitivity=0.9, specificity=0.5)
            for name, threshold in (("low", 1e-5), ("high", 1 - 1e-5))
        ],
    )
    rng = np.random.default_rng(0)
    scores = {fold: OutOfFoldScores(rng.normal(-1, 2, 50), rng.normal(1, 2, 50)) for fold in (0, 1)}
    reference = ReferenceDistribution(
        scores, {"member-0": feature_distribution(0.0), "member-1": feature_distribution(0.0)}
    )
    sha256 = save_reference(reference, folder / "reference.safetensors")
    reference_file = ReferenceFile(
        file="reference.safetensors", sha256=sha256, coverage=0.9, warn_above=0.97
    )
    write_manifest(replace(read_manifest(folder), reference=reference_file), folder)
    return load_ensemble(folder, "cpu")


def lesion(*projections):
    return Lesion(
        "c", "1", tuple(MarkedView(film(f"R {name}"), Box(*LESION_BOX)) for name in projections)
    )


def logits_of(record):
    return np.array([[reading.logit for reading in view.member_scores] for view in record.views])


@pytest.mark.parametrize(
    ("views", "calibration"), [(("CC",), ONE_VIEW), (("CC", "MLO"), BOTH_VIEWS)]
)
def test_the_number_of_views_selects_the_calibration(complete, views, calibration):
    record = classify(lesion(*views), complete)
    expected = lesion_probability(probabilities(logits_of(record), calibration))
    assert record.probability == pytest.approx(expected)
    assert record.prevalence == calibration.prevalence
    assert record.probability == pytest.approx(np.mean([v.probability for v in record.views]))
    for view in record.views:
        cells = np.array(view.evidence.cells)
        mean = np.mean([reading.logit for reading in view.member_scores])
        calibrated = calibration.slope * mean + calibration.intercept
        assert cells.mean() + view.evidence.bias == pytest.approx(calibrated, abs=1e-5)


def test_operating_points_that_the_probability_reaches_are_marked(complete):
    record = classify(lesion("CC", "MLO"), complete)
    assert [(point.name, point.reached) for point in record.operating_points] == [
        ("low", True),
        ("high", False),
    ]


def test_the_conformal_set_uses_ranks_in_each_members_own_fold(complete):
    record = classify(lesion("CC", "MLO"), complete)
    expected = p_values(logits_of(record), [0, 1], complete.reference.scores)
    assert record.conformal.p_benign == expected.benign
    assert record.conformal.p_malignant == expected.malignant
    assert record.conformal.coverage == 0.9
    assert ("benign" in record.conformal.classes) == (expected.benign > 0.1)


def test_the_lesion_has_the_highest_score_of_its_views_and_a_warning_above_the_limit(complete):
    plain = classify(lesion("CC", "MLO"), complete)
    scores = [view.out_of_distribution_score for view in plain.views]
    assert plain.out_of_distribution.score == max(scores) <= 0.97
    assert "out-of-distribution" not in [warning.code for warning in plain.warnings]

    far = load_ensemble(complete.folder, "cpu")
    distant = {name: feature_distribution(1000.0) for name in ("member-0", "member-1")}
    far.reference = ReferenceDistribution(complete.reference.scores, distant)
    warned = classify(lesion("CC"), far)
    assert warned.out_of_distribution.score == 1
    (warning,) = [one for one in warned.warnings if one.code == "out-of-distribution"]
    assert "CC view is atypical" in warning.message
    assert "99 %" in warning.message


def test_an_ensemble_without_reference_has_records_without_these_fields(ensemble):
    record = classify(lesion("CC", "MLO"), ensemble)
    assert record.prevalence is None
    assert record.prior_shift is None
    assert record.conformal is None
    assert record.out_of_distribution is None
    assert record.operating_points == []
    assert [view.out_of_distribution_score for view in record.views] == [None, None]


def test_there_is_no_conformal_set_without_scores_of_the_members_fold(complete):
    alone = complete.select_members({"member-0"})
    alone.reference = ReferenceDistribution({1: complete.reference.scores[1]}, {})
    record = classify(lesion("CC"), alone)
    assert record.conformal is None
    assert record.out_of_distribution is None
