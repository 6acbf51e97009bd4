"""Evidence by zone of spiculated against circumscribed masses, and mean maps."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.features.marked_patch import make_marked_patch
from mammopair.features.outline import find_outline
from mammopair_research.concept_correlation.evidence_zones import zone_sums
from mammopair_research.concept_correlation.mean_maps import mean_maps
from mammopair_research.concept_correlation.zone_contrasts import margin_group, zone_contrasts
from Testing.analytic_masses import mass, mass_box
from Testing.research.concept_correlation.test_descriptor_associations import rows_of, spiculated


def test_a_mass_with_both_descriptors_or_none_is_in_no_group():
    row = rows_of(patients=1)[0]
    groups = {
        "SPICULATED": "spiculated",
        "CIRCUMSCRIBED": "circumscribed",
        "ILL_DEFINED-SPICULATED": "spiculated",
        "CIRCUMSCRIBED-SPICULATED": "",
        "OBSCURED": "",
        "N/A": "",
        "": "",
    }
    for margins, group in groups.items():
        assert margin_group(replace(row, mass_margins=margins)) == group


def test_evidence_on_the_margin_of_a_known_mass_is_in_the_margin_zone():
    radius = 50.0
    patch = make_marked_patch(mass(radius, noise=0.02), mass_box(radius))
    outline = find_outline(patch).relative_radius
    offsets = np.arange(256) - 127.5
    distance = np.hypot(offsets[:, None], offsets[None, :]) / radius
    rim = np.where((distance > 0.85) & (distance < 1.15), 1.0, 0.0)
    sums = zone_sums(rim, outline)
    assert sums[1, 0] / sums.sum() > 0.9


def zones_with_difference(rows, rng):
    """Return zones in which spiculated masses have one logit more in the margin."""
    zones = np.abs(rng.normal(0.5, 0.1, size=(len(rows), 3, 2)))
    zones[:, 1, 0] += 1.0 * spiculated(rows)
    return zones


def test_a_difference_is_found_in_its_zone_with_its_size():
    rows = rows_of(patients=100)
    found = zone_contrasts(zones_with_difference(rows, np.random.default_rng(0)), rows)
    by_name = {(one.among, one.score): one for one in found}
    margin = by_name["all masses", "net evidence in the margin"]
    assert margin.difference.value == pytest.approx(1.0, abs=0.05)
    assert margin.difference.low > 0.9
    assert margin.effect > 0.95
    inside = by_name["all masses", "net evidence inside"]
    assert inside.difference.low < 0 < inside.difference.high
    assert inside.effect_low < 0 < inside.effect_high
    assert by_name["malignant", "net evidence in the margin"].effect > 0.95
    assert margin.spiculated.rows + margin.circumscribed.rows == len(rows)


def test_a_class_with_too_few_of_one_group_is_omitted():
    rows = [replace(row, label=int(row.mass_margins == "SPICULATED")) for row in rows_of()]
    found = zone_contrasts(zones_with_difference(rows, np.random.default_rng(0)), rows)
    assert {one.among for one in found} == {"all masses"}


def test_mean_maps_are_of_the_crops_with_the_descriptor():
    rows = rows_of(patients=10)
    evidence = np.random.default_rng(0).normal(size=(len(rows), 4, 4))
    found = {one.descriptor: one for one in mean_maps(evidence, rows)}
    assert set(found) == {"spiculated", "circumscribed"}
    assert found["spiculated"].cells == pytest.approx(evidence[spiculated(rows)].mean(axis=0))
    assert found["spiculated"].crops == spiculated(rows).sum()
