"""Views are mirrored so that the chest wall is at the side of the breast."""

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
def test_the_chest_wall_is_found_in_the_pixels(side, breast, mirrored):
    hanging = hang(breast_at(side), breast)
    assert hanging == Hanging(mirrored=mirrored)
    assert bool(hanging.caption) is mirrored


def test_the_orientation_in_the_header_has_priority_over_the_pixels():
    view = breast_at("left", orientation=("P", "L"), projection=Projection.CC)
    assert chest_wall(view) == "right"
    assert hang(view, Laterality.RIGHT) == Hanging()


def test_a_view_stored_rotated_by_180_degrees_is_rotated_back():
    cc = breast_at("left", orientation=("A", "R"), projection=Projection.CC)
    mlo = breast_at("left", orientation=("A", "HL"), projection=Projection.MLO)
    for view in (cc, mlo):
        hanging = hang(view, Laterality.RIGHT)
        assert hanging == Hanging(mirrored=True, flipped=True)
        assert hanging.caption == "Rotated by 180 degrees for display."


def test_an_unclear_view_is_shown_as_stored():
    view = View(np.full((320, 240), 0.4, np.float32), source=Path("made"))
    assert hang(view, "R") == Hanging()
    assert hang(breast_at("left"), "?") == Hanging()


def test_real_views_are_shown_as_stored(load, records):
    for record in records:
        for result in record.views:
            assert hang(load(result), record.laterality) == Hanging()


def test_mirroring_and_flipping_reverse_the_axes():
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert Hanging(mirrored=True).apply(picture).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert Hanging(flipped=True).apply(picture).tolist() == [[3, 4, 5], [0, 1, 2]]
