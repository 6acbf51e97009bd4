"""Scanners are recognised by their grey levels; a film of unknown origin has none."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair_research.datasets.cbis_ddsm.scanner import DBA, HOWTEK, LUMISYS, identify_scanner
from Testing.research.datasets.cbis_ddsm_tree import demo_films

DENSITY = {
    "LUMISYS": (LUMISYS, 4095, lambda grey: (grey - 4096.99) / -1009.01),
    "HOWTEK of one hospital": (HOWTEK, 4095, lambda grey: 3.789 - 0.00094568 * grey),
    "HOWTEK of another": (
        HOWTEK,
        4095,
        lambda grey: 3.96604095240593 - 0.00099055807612 * grey,
    ),
    "DBA": (DBA, 65535, lambda grey: (np.log10(grey) - 4.80662) / -1.07553),
}
"""Scanner, brightest grey level and optical density of a grey level, as DDSM publishes them."""


@pytest.mark.parametrize("name", DENSITY)
@pytest.mark.parametrize("rounding", [np.floor, np.rint])
def test_a_scanner_is_recognised_by_the_densities_of_its_grey_levels(name, rounding):
    scanner, brightest, density = DENSITY[name]
    shade = np.random.default_rng(0).beta(1.2, 2.5, (500, 400))
    grey = np.rint(1 + shade * (brightest - 1))
    share = np.clip((3.0 - density(grey)) / 2.95, 0, 1)
    assert identify_scanner(rounding(share * 65535).astype(np.uint16)) == scanner


def test_the_demo_films_are_recognised_by_their_own_values():
    assert {identify_scanner(film.stored) for film in demo_films()} == {LUMISYS}


@pytest.mark.parametrize(
    "stored",
    [
        np.random.default_rng(0).integers(0, 65536, (500, 400)),
        np.random.default_rng(0).integers(0, 4096, (500, 400)) * 16,
        np.random.default_rng(0).integers(0, 256, (500, 400)) * 257,
        np.zeros((500, 400)),
    ],
    ids=["noise", "12 bits", "8 bits", "black"],
)
def test_other_values_are_of_no_scanner(stored):
    assert identify_scanner(stored.astype(np.uint16)) is None
