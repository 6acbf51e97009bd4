"""Energy in the box and the pointing game, also with the mass off-centre."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.crop import cut_patch, place_square
from mammopair.explain.attribution import attribute
from mammopair.explain.methods import METHODS
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.view import Box, Spacing, SpacingMeaning
from mammopair_research.datasets.film_folder import read_film, read_film_index
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.localisation import box_on_map, energy_in_box, pointing_hit
from mammopair_research.map_evaluation.off_centre import off_centre_square
from Testing.research.map_evaluation.known_network import REGION, known_model, patch_with_mass
from Testing.synthetic_lesions import film

REGION_BOX = Box(REGION[1].start, REGION[0].start, 64, 64)


def test_energy_is_the_fraction_of_the_positive_relevance_in_the_box():
    cells = np.array([[4.0, -8.0], [2.0, 2.0]])
    assert energy_in_box(cells, Box(0, 0, 1, 1)) == pytest.approx(4 / 8)
    assert energy_in_box(cells, Box(0, 0, 0.5, 2)) == pytest.approx((2 + 1) / 8)
    assert energy_in_box(cells, Box(0, 0, 2, 2)) == pytest.approx(1)


@pytest.mark.parametrize("cells", [np.zeros((8, 8)), -np.ones((8, 8))])
def test_a_map_without_relevance_gets_the_fraction_of_the_area(cells):
    assert energy_in_box(cells, Box(0, 0, 4, 2)) == pytest.approx(1 / 8)
    assert pointing_hit(np.zeros((8, 8)), Box(0, 0, 4, 2)) == pytest.approx(1 / 8)


def test_the_pointing_game_uses_the_centre_of_the_highest_cell():
    cells = np.zeros((8, 8))
    cells[2, 5] = 1
    assert pointing_hit(cells, Box(5, 2, 1, 1)) == 1
    assert pointing_hit(cells, Box(5.6, 2, 1, 1)) == 0
    cells[7, 0] = 1
    assert pointing_hit(cells, Box(5, 2, 1, 1)) == 0.5


def test_off_centre_the_true_map_localises_the_mass_and_the_centre_blob_does_not():
    model, patch = known_model(), patch_with_mass(0)
    found = {
        name: attribute(method, model, patch[None], [REGION_BOX]).maps[0]
        for name, method in {"evidence": METHODS["evidence"], **BASELINES}.items()
    }
    energy = {
        name: energy_in_box(cells, box_on_map(REGION_BOX, 256, len(cells)))
        for name, cells in found.items()
    }
    assert energy["evidence"] == pytest.approx(1)
    assert max(energy[name] for name in BASELINES) < 0.3
    assert pointing_hit(found["evidence"], box_on_map(REGION_BOX, 256, 16)) == 1
    assert pointing_hit(found["centre-blob"], box_on_map(REGION_BOX, 256, 32)) == 0


# --- crops with the mass off-centre ------------------------------------------------------------


def film_with_box(box, rows=400, columns=320, spacing=(0.3, 0.18)):
    """Return a black film with non-square pixels, white in the box."""
    view = film()
    pixels = np.zeros((rows, columns), np.float32)
    right, bottom = int(box.x + box.width), int(box.y + box.height)
    pixels[int(box.y) : bottom, int(box.x) : right] = 1
    row, column = spacing
    return type(view)(
        **{**vars(view), "pixels": pixels, "spacing": Spacing(row, column, SpacingMeaning.FILM)}
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("box", [Box(140, 180, 60, 30), Box(130, 150, 40, 66)])
def test_the_box_matches_the_mass_on_the_shifted_crop(box, seed):
    view = film_with_box(box)
    square = off_centre_square(view, box, seed)
    patch = cut_patch(view, square)
    shifted = square.box_on_grid(box, 256)
    rows, columns = np.nonzero(patch > 0.5)
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    expected = [shifted.x, shifted.y, shifted.x + shifted.width, shifted.y + shifted.height]
    assert edges == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_shifted_crop_contains_the_whole_mass_off_centre(seed):
    box = Box(140, 180, 60, 30)
    view = film_with_box(box)
    square, original = off_centre_square(view, box, seed), place_square(view, box)
    shifted = square.box_on_grid(box, 256)
    assert (square.width, square.height) == (original.width, original.height)
    assert shifted.x >= 0
    assert shifted.y >= 0
    assert shifted.x + shifted.width <= 256
    assert shifted.y + shifted.height <= 256
    x, y = shifted.centre
    assert abs(x - 128) > 40
    assert abs(y - 128) > 40


def test_at_the_corner_of_the_film_the_crop_is_shifted_onto_the_film():
    box = Box(0, 0, 60, 36)
    view = film_with_box(box)
    for seed in range(4):
        square = off_centre_square(view, box, seed)
        centre = (square.left + square.width / 2, square.top + square.height / 2)
        assert centre[0] > box.centre[0]
        assert centre[1] > box.centre[1]


def test_the_corner_is_random_and_reproducible():
    box = Box(140, 180, 60, 30)
    view = film_with_box(box)
    squares = {off_centre_square(view, box, seed) for seed in range(20)}
    assert len(squares) == 4
    assert off_centre_square(view, box, 3) == off_centre_square(view, box, 3)


def test_a_crop_cut_from_the_film_matches_the_prepared_crop(cbis):
    films = read_film_index(cbis)
    if not (cbis / "films").is_dir():
        pytest.skip("the films are not beside the crops")
    for row in read_index(cbis)[5:1300:160]:
        view = read_film(cbis, row, films[row.film])
        prepared = read_crop(cbis, row)
        cut = cut_patch(view, place_square(view, row.film_box))
        assert np.corrcoef(cut.ravel(), prepared.pixels.ravel())[0, 1] > 0.985, row.file
