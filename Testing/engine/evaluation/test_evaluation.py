"""Lesions are scored as classify scores them; figures at a stated prevalence and by subgroup."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from mammopair.calibration.platt import Calibration
from mammopair.calibration.prior_shift import shift_probability
from mammopair.classification import classify
from mammopair.errors import InputError
from mammopair.evaluation import evaluate_folder, score_folder
from mammopair.evaluation.lesion_scores import scored_lesions
from mammopair.evaluation.subgroups import subgroup_figures
from mammopair.io.crop_folder import read_crop
from mammopair.lesion import Lesion, MarkedView
from mammopair.model.ensemble import load_ensemble
from mammopair.model.manifest import read_manifest, write_manifest
from mammopair.stats.metrics import measure
from Testing.stepwise import drive
from Testing.synthetic_lesions import write_ensemble

NO_COVARIANCE = ((0.0, 0.0), (0.0, 0.0))


@pytest.fixture(scope="module")
def one_view_calibrated(tmp_path_factory):
    """An ensemble with a separate calibration for lesions that are marked on one view."""
    folder = write_ensemble(tmp_path_factory.mktemp("one-view") / "e")
    two_views, one_view = (
        Calibration(
            slope=slope,
            intercept=0.1,
            covariance=NO_COVARIANCE,
            fitted_on="x",
            prevalence=prevalence,
        )
        for slope, prevalence in ((1.7, 0.5), (0.6, 0.4))
    )
    manifest = replace(read_manifest(folder), calibration=two_views, one_view_calibration=one_view)
    write_manifest(manifest, folder)
    return load_ensemble(folder, "cpu")


@pytest.fixture(scope="module")
def scored(one_view_calibrated, crop_folder):
    return drive(score_folder(crop_folder, one_view_calibrated))[1]


@pytest.fixture(scope="module")
def lesions(one_view_calibrated, scored):
    return scored_lesions(scored, lambda patient: one_view_calibrated)


def test_the_score_of_a_lesion_is_that_of_classify_with_all_of_its_views(
    lesions, one_view_calibrated, crop_folder
):
    one_view = next(lesion for lesion in lesions if len(lesion.rows) == 1)
    for lesion in (lesions[0], one_view):
        marked = tuple(MarkedView(read_crop(crop_folder, row), row.box) for row in lesion.rows)
        record = classify(Lesion("c", "1", marked), one_view_calibrated)
        assert lesion.probability == pytest.approx(record.probability, abs=1e-6)
        assert lesion.prevalence == record.prevalence


def test_figures_by_pair_and_by_lesion_are_computed_from_the_scores(
    one_view_calibrated, crop_folder, lesions
):
    figures = drive(evaluate_folder(crop_folder, one_view_calibrated))[1]
    pairs = [lesion for lesion in lesions if lesion.is_pair]
    for level, measured in (("pairs", pairs), ("lesions", lesions)):
        expected = measure([one.probability for one in measured], [one.label for one in measured])
        assert figures[level]["n"] == len(measured)
        assert figures[level]["brier"] == pytest.approx(expected.brier)
        assert figures[level]["ece"] == pytest.approx(expected.ece)


def test_a_stated_prevalence_shifts_each_probability_from_that_of_its_calibration(
    one_view_calibrated, crop_folder, lesions
):
    figures = drive(evaluate_folder(crop_folder, one_view_calibrated, prevalence=0.2))[1]
    shifted = [shift_probability(one.probability, one.prevalence, 0.2) for one in lesions]
    expected = measure(shifted, [lesion.label for lesion in lesions])
    assert figures["prevalence"] == 0.2
    assert figures["lesions"]["brier"] == pytest.approx(expected.brier)
    assert figures["lesions"]["sensitivity"] == expected.sensitivity


def test_an_unusable_prevalence_is_rejected_before_crops_are_read(
    ensemble, one_view_calibrated, crop_folder
):
    with pytest.raises(InputError, match="no prevalence"):
        next(evaluate_folder(crop_folder, ensemble, prevalence=0.2))
    with pytest.raises(InputError, match=r"prevalence: is 20; .* for 20 % use 0\.2"):
        next(evaluate_folder(crop_folder, one_view_calibrated, prevalence=20))


def test_every_lesion_is_in_one_group_by_density_and_in_one_by_views(lesions):
    figures = subgroup_figures(lesions, [lesion.probability for lesion in lesions])
    for heading in ("density", "views", "scanner", "size"):
        assert sum(group["n"] for group in figures[heading].values()) == len(lesions)
    assert figures["views"]["both views"]["n"] == sum(len(one.rows) > 1 for one in lesions)
    # In the synthetic folder all spiculated masses are malignant.
    assert figures["margin"]["spiculated"]["malignant"] == figures["margin"]["spiculated"]["n"]
    assert figures["margin"]["spiculated"]["auc"] is None
    assert "subtlety" not in figures  # a column that the folder does not have


def test_a_lesion_is_in_the_group_of_every_descriptor_of_its_views(lesions):
    first = lesions[0]
    both = replace(first.rows[0], mass_margins="ILL_DEFINED-SPICULATED")
    changed = dataclasses.replace(first, rows=(both, *first.rows[1:]))
    figures = subgroup_figures([changed], [0.5])
    assert figures["margin"]["ill-defined"]["n"] == 1
    assert figures["margin"]["spiculated"]["n"] == 1


def test_a_crop_of_unknown_pixel_spacing_is_in_no_group_by_size(lesions, crop_folder):
    first = lesions[0]
    unknown = [replace(row, mm_per_crop_px=None) for row in first.rows]
    assert read_crop(crop_folder, unknown[0]).spacing is None
    no_size = dataclasses.replace(first, rows=tuple(unknown))
    one_size = dataclasses.replace(first, rows=(first.rows[0], *unknown[1:]))
    assert "size" not in subgroup_figures([no_size], [0.5])
    assert sum(group["n"] for group in subgroup_figures([one_size], [0.5])["size"].values()) == 1


def test_figures_of_a_group_are_those_of_its_lesions(lesions):
    probabilities = [lesion.probability for lesion in lesions]
    figures = subgroup_figures(lesions, probabilities)["density"]["2"]
    members = [lesion for lesion in lesions if lesion.rows[0].breast_density == "2"]
    expected = measure(
        [lesion.probability for lesion in members], [lesion.label for lesion in members]
    )
    assert figures["n"] == len(members)
    assert figures["brier"] == pytest.approx(expected.brier)


def test_subgroups_are_computed_only_on_request(one_view_calibrated, crop_folder):
    assert "subgroups" not in drive(evaluate_folder(crop_folder, one_view_calibrated))[1]
    figures = drive(evaluate_folder(crop_folder, one_view_calibrated, subgroups=True))[1]
    assert {"density", "margin", "views"} <= set(figures["subgroups"])
