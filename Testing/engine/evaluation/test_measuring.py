"""Figures at a stated prevalence, by subgroup, and of lesions read as the road reads them."""

from __future__ import annotations

import dataclasses

import numpy as np
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

NONE = ((0.0, 0.0), (0.0, 0.0))


@pytest.fixture(scope="module")
def by_views(tmp_path_factory):
    """An ensemble that calibrates lesions of one view and of two apart."""
    folder = write_ensemble(tmp_path_factory.mktemp("views") / "e")
    two, one = (
        Calibration(slope=slope, intercept=0.1, covariance=NONE, fitted_on="x", prevalence=share)
        for slope, share in ((1.7, 0.5), (0.6, 0.4))
    )
    manifest = replace(read_manifest(folder), calibration=two, one_view_calibration=one)
    write_manifest(manifest, folder)
    return load_ensemble(folder, "cpu")


@pytest.fixture(scope="module")
def scored(by_views, crop_folder):
    return drive(score_folder(crop_folder, by_views))[1]


@pytest.fixture(scope="module")
def lesions(by_views, scored):
    return scored_lesions(scored, lambda patient: by_views)


def test_a_lesion_of_two_crops_scores_as_the_road_scores_both_together(
    lesions, by_views, crop_folder
):
    for lesion in (lesions[0], next(one for one in lesions if len(one.rows) == 1)):
        marked = tuple(MarkedView(read_crop(crop_folder, row), row.box) for row in lesion.rows)
        record = classify(Lesion("c", "1", marked), by_views)
        assert lesion.probability == pytest.approx(record.probability, abs=1e-6)
        assert lesion.prevalence == record.prevalence


def test_figures_by_pair_and_by_lesion_are_of_these_scores(by_views, crop_folder, lesions):
    figures = drive(evaluate_folder(crop_folder, by_views))[1]
    pairs = [lesion for lesion in lesions if lesion.is_pair]
    for level, some in (("pairs", pairs), ("lesions", lesions)):
        by_hand = measure([one.probability for one in some], [one.label for one in some])
        assert figures[level]["n"] == len(some)
        assert figures[level]["brier"] == pytest.approx(by_hand.brier)
        assert figures[level]["ece"] == pytest.approx(by_hand.ece)


def test_at_a_stated_prevalence_each_lesion_is_shifted_from_its_own(by_views, crop_folder, lesions):
    figures = drive(evaluate_folder(crop_folder, by_views, prevalence=0.2))[1]
    moved = [shift_probability(one.probability, one.prevalence, 0.2) for one in lesions]
    by_hand = measure(moved, [lesion.label for lesion in lesions])
    assert figures["prevalence"] == 0.2
    assert figures["lesions"]["brier"] == pytest.approx(by_hand.brier)
    assert figures["lesions"]["sensitivity"] == by_hand.sensitivity


def test_a_prevalence_is_refused_before_a_crop_is_read(ensemble, by_views, crop_folder):
    with pytest.raises(InputError, match="no prevalence"):
        next(evaluate_folder(crop_folder, ensemble, prevalence=0.2))
    with pytest.raises(InputError, match=r"prevalence: is 20; .* for 20 % use 0\.2"):
        next(evaluate_folder(crop_folder, by_views, prevalence=20))


def test_every_lesion_is_in_one_group_of_density_and_of_views(lesions):
    figures = subgroup_figures(lesions, [lesion.probability for lesion in lesions])
    for heading in ("density", "views", "scanner", "size"):
        assert sum(group["n"] for group in figures[heading].values()) == len(lesions)
    assert figures["views"]["both views"]["n"] == sum(len(one.rows) > 1 for one in lesions)
    # Drawn so: stars are spiculated and malignant, discs circumscribed and benign.
    assert figures["margin"]["spiculated"]["malignant"] == figures["margin"]["spiculated"]["n"]
    assert figures["margin"]["spiculated"]["auc"] is None
    assert "subtlety" not in figures  # a column that the folder lacks


def test_a_lesion_is_in_the_group_of_every_word_that_a_view_says(lesions):
    first = lesions[0]
    said = replace(first.rows[0], mass_margins="ILL_DEFINED-SPICULATED")
    twice = type(first)(
        **{name: getattr(first, name) for name in first.__dataclass_fields__ if name != "rows"},
        rows=(said, *first.rows[1:]),
    )
    figures = subgroup_figures([twice], [0.5])
    assert figures["margin"]["ill-defined"]["n"] == 1
    assert figures["margin"]["spiculated"]["n"] == 1


def test_a_crop_of_unknown_spacing_is_read_without_spacing_and_is_in_no_size_group(
    lesions, crop_folder
):
    first = lesions[0]
    unknown = [replace(row, mm_per_crop_px=None) for row in first.rows]
    assert read_crop(crop_folder, unknown[0]).spacing is None
    both, one = (
        dataclasses.replace(first, rows=tuple(rows))
        for rows in (unknown, [first.rows[0], *unknown[1:]])
    )
    assert "size" not in subgroup_figures([both], [0.5])
    assert sum(group["n"] for group in subgroup_figures([one], [0.5])["size"].values()) == 1


def test_figures_of_a_group_are_those_of_its_lesions(lesions):
    probabilities = [lesion.probability for lesion in lesions]
    figures = subgroup_figures(lesions, probabilities)["density"]["2"]
    mine = [place for place, one in enumerate(lesions) if one.rows[0].breast_density == "2"]
    assert figures["n"] == len(mine)
    by_hand = measure(np.array(probabilities)[mine], [lesions[place].label for place in mine])
    assert figures["brier"] == pytest.approx(by_hand.brier) or by_hand.brier is None


def test_subgroups_are_given_where_they_are_asked_for(by_views, crop_folder):
    assert "subgroups" not in drive(evaluate_folder(crop_folder, by_views))[1]
    asked = drive(evaluate_folder(crop_folder, by_views, subgroups=True))[1]
    assert {"density", "margin", "views"} <= set(asked["subgroups"])
