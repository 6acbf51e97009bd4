"""Energy in the box and the pointing game, also with the mass off the centre."""

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
from mammopair_research.map_evaluation.localisation import energy_inside, on_grid, points_into
from mammopair_research.map_evaluation.off_centre import off_centre_square
from Testing.research.map_evaluation.known_network import PLACE, picture, toy_reader
from Testing.synthetic_lesions import film

PLACE_BOX = Box(PLACE[1].start, PLACE[0].start, 64, 64)


def test_energy_is_the_part_of_the_positive_relevance_that_the_box_covers():
    cells = np.array([[4.0, -8.0], [2.0, 2.0]])
    assert energy_inside(cells, Box(0, 0, 1, 1)) == pytest.approx(4 / 8)
    assert energy_inside(cells, Box(0, 0, 0.5, 2)) == pytest.approx((2 + 1) / 8)
    assert energy_inside(cells, Box(0, 0, 2, 2)) == pytest.approx(1)


@pytest.mark.parametrize("cells", [np.zeros((8, 8)), -np.ones((8, 8))])
def test_a_map_with_nothing_to_say_favours_no_place(cells):
    assert energy_inside(cells, Box(0, 0, 4, 2)) == pytest.approx(1 / 8)
    assert points_into(np.zeros((8, 8)), Box(0, 0, 4, 2)) == pytest.approx(1 / 8)


def test_pointing_is_at_the_middle_of_the_highest_cell():
    cells = np.zeros((8, 8))
    cells[2, 5] = 1
    assert points_into(cells, Box(5, 2, 1, 1)) == 1
    assert points_into(cells, Box(5.6, 2, 1, 1)) == 0
    cells[7, 0] = 1
    assert points_into(cells, Box(5, 2, 1, 1)) == 0.5


def test_off_the_centre_the_true_map_finds_what_the_blob_in_the_middle_misses():
    reader, patch = toy_reader(), picture(0)
    found = {
        name: attribute(method, reader, patch[None], [PLACE_BOX]).maps[0]
        for name, method in {"evidence": METHODS["evidence"], **BASELINES}.items()
    }
    energy = {
        name: energy_inside(cells, on_grid(PLACE_BOX, 256, len(cells)))
        for name, cells in found.items()
    }
    assert energy["evidence"] == pytest.approx(1)
    assert max(energy[name] for name in BASELINES) < 0.3
    assert points_into(found["evidence"], on_grid(PLACE_BOX, 256, 16)) == 1
    assert points_into(found["centre-blob"], on_grid(PLACE_BOX, 256, 32)) == 0


# --- crops with the mass off the centre --------------------------------------------------------


def painted(box, rows=400, columns=320, spacing=(0.3, 0.18)):
    """A black film with pixels that are not square, white in the box."""
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
def test_the_box_lies_where_the_moved_crop_shows_the_mass(box, seed):
    view = painted(box)
    square = off_centre_square(view, box, seed)
    patch = cut_patch(view, square)
    there = square.box_on_grid(box, 256)
    rows, columns = np.nonzero(patch > 0.5)
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    expected = [there.x, there.y, there.x + there.width, there.y + there.height]
    assert edges == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_whole_mass_is_in_the_moved_crop_and_off_its_middle(seed):
    box = Box(140, 180, 60, 30)
    view = painted(box)
    square, used = off_centre_square(view, box, seed), place_square(view, box)
    there = square.box_on_grid(box, 256)
    assert (square.width, square.height) == (used.width, used.height)
    assert there.x >= 0
    assert there.y >= 0
    assert there.x + there.width <= 256
    assert there.y + there.height <= 256
    x, y = there.centre
    assert abs(x - 128) > 40
    assert abs(y - 128) > 40


def test_at_the_films_corner_the_crop_is_moved_onto_the_film():
    box = Box(0, 0, 60, 36)
    view = painted(box)
    for seed in range(4):
        square = off_centre_square(view, box, seed)
        middle = (square.left + square.width / 2, square.top + square.height / 2)
        assert middle[0] > box.centre[0]
        assert middle[1] > box.centre[1]


def test_the_corner_is_drawn_and_the_same_seed_draws_the_same():
    box = Box(140, 180, 60, 30)
    view = painted(box)
    squares = {off_centre_square(view, box, seed) for seed in range(20)}
    assert len(squares) == 4
    assert off_centre_square(view, box, 3) == off_centre_square(view, box, 3)


def test_a_crop_cut_anew_from_the_film_is_the_crop_that_was_prepared(cbis):
    films = read_film_index(cbis)
    if not (cbis / "films").is_dir():
        pytest.skip("the films are not beside the crops")
    for row in read_index(cbis)[5:1300:160]:
        view = read_film(cbis, row, films[row.film])
        prepared = read_crop(cbis, row)
        anew = cut_patch(view, place_square(view, row.film_box))
        assert np.corrcoef(anew.ravel(), prepared.pixels.ravel())[0, 1] > 0.985, row.file
