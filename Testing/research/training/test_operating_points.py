"""Operating points have the sensitivity or specificity of their names."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair_research.training.operating_points import (
    choose_operating_points,
    with_measured_figures,
)


def scores(count, seed=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    return 1 / (1 + np.exp(-(2 * labels - 1 + rng.normal(size=count)))), labels


@pytest.mark.parametrize("count", [20, 40, 97, 400])
def test_each_point_has_the_sensitivity_or_specificity_of_its_name(count):
    probabilities, labels = scores(count)
    points = choose_operating_points(probabilities, labels)
    assert [point.name for point in points] == [
        "sensitivity 95 %",
        "sensitivity 90 %",
        "specificity 90 %",
        "specificity 95 %",
    ]
    for point in points:
        called = probabilities >= point.threshold
        assert point.sensitivity == called[labels == 1].mean()
        assert point.specificity == (~called)[labels == 0].mean()
        kind, share, _ = point.name.split()
        reached, lesions = getattr(point, kind), (labels == (kind == "sensitivity")).sum()
        # The next threshold would miss the named sensitivity or specificity.
        assert int(share) / 100 <= reached < int(share) / 100 + 1 / lesions


def test_one_of_20_may_be_missed_at_95_percent_despite_floating_point_error():
    probabilities = np.concatenate([np.linspace(0.1, 0.2, 20), np.linspace(0.3, 0.9, 20)])
    points = {p.name: p for p in choose_operating_points(probabilities, [0] * 20 + [1] * 20)}
    assert points["sensitivity 95 %"].sensitivity == 19 / 20
    assert points["specificity 90 %"].specificity == 18 / 20


def test_points_are_valid_if_many_lesions_have_the_same_score():
    points = {p.name: p for p in choose_operating_points([0.9] * 10, [0, 1] * 5)}
    assert points["sensitivity 95 %"].sensitivity == 1
    assert points["specificity 90 %"].specificity == 1


def test_measured_figures_replace_those_of_the_choice():
    points = choose_operating_points(*scores(50))
    measured = {
        point.name: {
            "sensitivity": 0.8,
            "sensitivity_ci": [0.7, 0.9],
            "specificity": 0.6,
            "specificity_ci": [0.5, 0.7],
        }
        for point in points
    }
    for before, after in zip(points, with_measured_figures(points, measured), strict=True):
        assert (after.name, after.threshold) == (before.name, before.threshold)
        assert (after.sensitivity, after.sensitivity_ci) == (0.8, (0.7, 0.9))
        assert (after.specificity, after.specificity_ci) == (0.6, (0.5, 0.7))
