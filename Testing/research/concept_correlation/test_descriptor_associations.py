"""Associations: real ones are significant, chance is not, the diagnosis is separated."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair_research.concept_correlation.descriptor_associations import (
    FALSE_DISCOVERY_RATE,
    LEAST_PATIENTS,
    adjust_p_values,
    associations,
    within_class_auc,
    zone_scores,
)
from Testing.synthetic_lesions import crop_row


def rows_of(patients=80, seed=0):
    """Return two views per patient; spiculated masses are mostly malignant."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(patients):
        label = int(rng.random() < 0.5)
        spiculated = rng.random() < (0.75 if label else 0.25)
        found += [
            crop_row(
                f"P{number:03d}",
                view=view,
                label=label,
                file=f"{number}-{view}.png",
                mass_margins="SPICULATED" if spiculated else "CIRCUMSCRIBED",
                breast_density="2",
            )
            for view in ("CC", "MLO")
        ]
    return found


def spiculated(rows):
    return np.array([row.mass_margins == "SPICULATED" for row in rows])


def test_adjusted_p_values_match_the_example_of_benjamini_and_hochberg():
    """Of the 15 hypotheses in their paper the first four are rejected at 5 %."""
    p_values = np.array(
        [
            *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
            *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
        ]
    )
    adjusted = adjust_p_values(p_values)
    assert (adjusted <= 0.05).sum() == 4
    assert adjusted[:4] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625])
    shuffled = np.random.default_rng(0).permutation(15)
    assert adjust_p_values(p_values[shuffled]) == pytest.approx(adjusted[shuffled])


def test_associated_units_are_significant_with_their_sign_and_noise_is_not():
    rows = rows_of()
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(len(rows), 200))
    scores[:, :10] += 1.5 * spiculated(rows)[:, None]
    scores[:, 10] -= 1.5 * spiculated(rows)
    found = associations("units of a", [f"unit {n}" for n in range(200)], scores, rows)
    spiculated_units = [one for one in found if one.descriptor == "spiculated"]
    assert len(spiculated_units) == 200
    assert all(one.significant and one.auc > 0.75 for one in spiculated_units[:10])
    assert spiculated_units[10].significant
    assert spiculated_units[10].auc < 0.25
    assert sum(one.significant for one in spiculated_units[11:]) <= 3
    for one in spiculated_units[:11]:
        assert one.low < one.auc < one.high
    assert spiculated_units[0].with_descriptor == spiculated(rows).sum()


def test_chance_is_rarely_significant():
    rows = rows_of(seed=2)
    patient = np.repeat(np.random.default_rng(3).normal(size=(len(rows) // 2, 300)), 2, axis=0)
    found = associations("units of a", [f"unit {n}" for n in range(300)], patient, rows)
    assert sum(one.significant for one in found) <= FALSE_DISCOVERY_RATE * len(found) / 4


def test_a_score_of_the_diagnosis_alone_has_no_auc_within_classes():
    rows = rows_of(patients=200)
    labels = np.array([row.label for row in rows], float)
    noise = np.random.default_rng(4).normal(size=(len(rows), 2))
    scores = noise + np.stack([3 * labels, 3.0 * spiculated(rows)], axis=1)
    diagnosis, descriptor = (
        one
        for one in associations("units of a", ["diagnosis", "descriptor"], scores, rows)
        if one.descriptor == "spiculated"
    )
    assert diagnosis.auc > 0.68
    assert diagnosis.within_class == pytest.approx(0.5, abs=0.06)
    assert descriptor.within_class > 0.95


def test_the_auc_within_classes_uses_pairs_of_the_same_class():
    scores = np.array([[1.0], [2.0], [9.0], [3.0], [4.0]])
    present = np.array([False, True, False, True, True])
    labels = np.array([False, False, True, True, False])
    # benign: 2 and 4 above 1; malignant: 3 not above 9.
    assert within_class_auc(scores, present, labels) == pytest.approx([2 / 3])
    assert np.isnan(within_class_auc(scores, present, present)).all()


def test_descriptors_of_too_few_patients_are_not_tested():
    rows = rows_of(patients=LEAST_PATIENTS - 1)
    assert associations("units of a", ["unit 0"], np.zeros((len(rows), 1)), rows) == []


def test_zone_scores_are_net_evidence_then_shares():
    zones = np.array([[[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]], np.zeros((3, 2))])
    assert zone_scores(zones)[0] == pytest.approx([2, -2, 0, 4 / 8, 2 / 8, 2 / 8])
    assert zone_scores(zones)[1] == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 1 / 3])
