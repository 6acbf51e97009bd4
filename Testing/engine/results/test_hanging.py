"""How views hang: a right breast's chest wall at the right, a left one's at the left."""

from pathlib import Path

import numpy as np
import pytest

from mammopair.results.hanging_protocol import Hanging, chest_wall, hang
from mammopair.view import Laterality, Projection, View


def breast_at(side, **known):
    pixels = np.full((320, 240), 0.02, np.float32)
    half = slice(0, 100) if side == "left" else slice(140, 240)
    pixels[60:260, half] = 0.6
    return View(pixels, source=Path("made"), **known)


@pytest.mark.parametrize(
    ("side", "breast", "mirrored"),
    [("left", "L", False), ("right", "R", False), ("left", "R", True), ("right", "L", True)],
)
def test_the_pixels_tell_the_chest_wall(side, breast, mirrored):
    hanging = hang(breast_at(side), breast)
    assert hanging == Hanging(mirrored=mirrored)
    assert bool(hanging.words) is mirrored


def test_orientation_of_the_header_outranks_the_pixels():
    view = breast_at("left", orientation=("P", "L"), projection=Projection.CC)
    assert chest_wall(view) == "right"
    assert hang(view, Laterality.RIGHT) == Hanging()


def test_a_view_stored_by_half_a_turn_is_turned_back():
    cc = breast_at("left", orientation=("A", "R"), projection=Projection.CC)
    mlo = breast_at("left", orientation=("A", "HL"), projection=Projection.MLO)
    for view in (cc, mlo):
        hanging = hang(view, Laterality.RIGHT)
        assert hanging == Hanging(mirrored=True, flipped=True)
        assert hanging.words == "Turned by half a turn for display."


def test_an_unclear_view_is_shown_as_stored():
    view = View(np.full((320, 240), 0.4, np.float32), source=Path("made"))
    assert hang(view, "R") == Hanging()
    assert hang(breast_at("left"), "?") == Hanging()


def test_real_views_hang_as_they_are_stored(load, records):
    for record in records:
        for result in record.views:
            assert hang(load(result), record.laterality) == Hanging()


def test_turning_moves_the_pixels():
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert Hanging(mirrored=True).apply(picture).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert Hanging(flipped=True).apply(picture).tolist() == [[3, 4, 5], [0, 1, 2]]
