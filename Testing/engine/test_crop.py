"""The one mapping between a box on a view and a grid: exact both ways, and defined everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mammopair.crop import (
    CONTEXT,
    PATCH_SIDE,
    SMALLEST_MM,
    SMALLEST_PIXELS,
    CropSquare,
    cut_patch,
    place_square,
)
from mammopair.errors import InputError
from mammopair.view import Box, Spacing, SpacingMeaning, View

finite = st.floats(-1e4, 1e4)
extent = st.floats(1e-2, 1e4)
squares = st.builds(CropSquare, finite, finite, extent, extent)


def blank(rows=300, columns=400, spacing=None, pixels=None):
    """A view; ``spacing`` is millimetres between rows and between columns."""
    if pixels is None:
        pixels = np.zeros((rows, columns), np.float32)
    millimetres = Spacing(*spacing, SpacingMeaning.FILM) if spacing else None
    return View(pixels=pixels, source=Path("view.png"), spacing=millimetres)


def ramp(rows, columns, spacing=None):
    """Brightness that grows evenly to the right and downwards, from 0 to 1."""
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    return blank(pixels=brightness(x, y, rows, columns).astype(np.float32), spacing=spacing)


def brightness(x, y, rows, columns):
    return (0.6 * x / columns) + (0.4 * y / rows)


@given(squares, st.floats(-50, 300), st.floats(-50, 300), st.integers(1, 512))
def test_mapping_to_the_view_and_back_changes_nothing(square, column, row, cells):
    x, y = square.to_view(column, row, cells)
    back = square.to_grid(x, y, cells)
    scale = max(abs(square.left) / square.width, abs(square.top) / square.height, 1)
    assert back == pytest.approx((column, row), abs=1e-11 * cells * scale + 1e-9)


@given(squares, st.integers(1, 512))
def test_corners_of_the_grid_lie_on_the_corners_of_the_square(square, cells):
    assert square.to_view(-0.5, -0.5, cells) == pytest.approx((square.left, square.top))
    assert square.to_view(cells - 0.5, cells - 0.5, cells) == pytest.approx(
        (square.left + square.width, square.top + square.height)
    )


def test_grids_of_different_size_share_their_corners_and_not_their_centres():
    square = CropSquare(10, 20, 64, 64)
    assert square.to_view(0, 0, 8) == (14, 24)
    assert square.to_view(0, 0, 64) == (10.5, 20.5)


@given(squares, finite, finite, extent, extent, st.integers(1, 64))
def test_a_box_on_the_grid_is_where_its_corners_are(square, x, y, width, height, cells):
    box = square.box_on_grid(Box(x, y, width, height), cells)
    left, top = square.to_grid(x, y, cells)
    right, bottom = square.to_grid(x + width, y + height, cells)
    # The grid's coordinates count from its corner there, from its first cell's centre here.
    assert (box.x, box.y) == pytest.approx((left + 0.5, top + 0.5), rel=1e-6, abs=1e-3)
    assert box.x + box.width == pytest.approx(right + 0.5, rel=1e-6, abs=1e-3)
    assert box.y + box.height == pytest.approx(bottom + 0.5, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("spacing", [None, (0.2, 0.2), (0.3, 0.2), (0.1, 0.25)])
@pytest.mark.parametrize(
    ("box", "side"),
    [
        (Box(140, 120, 110, 90), 256),  # enlarged by about 1.2
        (Box(170.3, 130.7, 51, 60), 256),  # enlarged by about 2
        (Box(140.25, 100.5, 101, 99), 61),  # reduced by about 3
        (Box(140.25, 100.5, 101, 99), 32),  # reduced by about 6
        (Box(130.5, 90.25, 128, 128), 256),  # not at all, but shifted by parts of a pixel
    ],
)
def test_patch_of_a_ramp_is_the_ramp_at_the_places_that_the_mapping_says(box, side, spacing):
    rows, columns = 300, 400
    view = ramp(rows, columns, spacing)
    square = place_square(view, box)
    patch = cut_patch(view, square, side)

    column, row = np.meshgrid(np.arange(side), np.arange(side))
    x, y = square.to_view(column, row, side)
    expected = brightness(x, y, rows, columns)
    # Where the filter would reach over the square's edge or the film's, there is no ramp.
    far = 2 + 2 * max(square.width, square.height) / side
    inner = (x > max(square.left, 0) + far) & (x < min(square.left + square.width, columns) - far)
    inner &= (y > max(square.top, 0) + far) & (y < min(square.top + square.height, rows) - far)
    assert inner.mean() > 0.3
    np.testing.assert_allclose(patch[inner], expected[inner], atol=1e-4)


def test_a_crop_that_is_the_patch_already_passes_unchanged():
    pixels = np.random.default_rng(0).random((PATCH_SIDE, PATCH_SIDE), np.float32)
    view = blank(pixels=pixels, spacing=(0.1, 0.1))
    square = place_square(view, Box(64, 80, 128, 96))
    assert square == CropSquare(0, 0, PATCH_SIDE, PATCH_SIDE)
    assert (cut_patch(view, square) == pixels).all()


def test_training_crops_of_cbis_pass_unchanged(cbis):
    from mammopair.io.crop_folder import read_crop, read_index

    rows = read_index(cbis)
    size = np.zeros((PATCH_SIDE, PATCH_SIDE), np.float32)
    placed = [
        place_square(blank(pixels=size, spacing=(row.mm_per_crop_px,) * 2), row.box) for row in rows
    ]
    edges = np.array([(s.left, s.top, s.width, s.height) for s in placed])
    # Where the crop has 13 mm, its rounded spacing makes the square 0.006 pixels larger.
    assert np.abs(edges - (0, 0, PATCH_SIDE, PATCH_SIDE)).max() < 0.01
    assert np.isclose(edges, (0, 0, PATCH_SIDE, PATCH_SIDE), atol=1e-9).all(axis=1).mean() > 0.98
    for row in rows[:: len(rows) // 5]:
        view = read_crop(cbis, row)
        patch = cut_patch(view, place_square(view, row.box))
        assert (np.rint(patch * 255) == np.rint(view.pixels * 255)).all()


def test_the_square_is_twice_the_longer_side_of_the_box_around_its_centre():
    square = place_square(blank(), Box(180, 130, 40, 20))
    assert square == CropSquare(160, 100, 80, 80)


def test_where_pixels_are_not_square_the_square_is_square_in_millimetres():
    square = place_square(blank(spacing=(0.4, 0.2)), Box(180, 130, 40, 30))
    # The box is 8 mm wide and 12 mm high, so that the square has 24 mm.
    assert (square.width, square.height) == pytest.approx((120, 60))
    assert square.to_view(127.5, 127.5, 256) == pytest.approx((200, 145))


def test_a_tiny_box_gets_13_mm_where_the_spacing_is_known_and_some_pixels_anyway():
    known = place_square(blank(spacing=(0.1, 0.1)), Box(200, 150, 1e-6, 1e-6))
    assert (known.width, known.height) == pytest.approx((SMALLEST_MM / 0.1,) * 2)
    unknown = place_square(blank(), Box(200, 150, 1e-6, 1e-6))
    assert (unknown.width, unknown.height) == pytest.approx((SMALLEST_PIXELS,) * 2)
    assert cut_patch(blank(), unknown).shape == (PATCH_SIDE, PATCH_SIDE)


@pytest.mark.parametrize(
    ("box", "left", "top"),
    [
        (Box(0, 100, 40, 40), 0, 80),
        (Box(360, 100, 40, 40), 320, 80),
        (Box(100, 0, 40, 40), 80, 0),
        (Box(100, 260, 40, 40), 80, 220),
        (Box(0, 0, 40, 40), 0, 0),
        (Box(360, 260, 40, 40), 320, 220),
    ],
)
def test_at_an_edge_the_square_shifts_to_stay_on_the_film(box, left, top):
    assert place_square(blank(), box) == CropSquare(left, top, 80, 80)


def test_of_a_box_over_the_edge_the_part_on_the_film_counts():
    over = place_square(blank(), Box(-60, 100, 100, 40))
    assert over == place_square(blank(), Box(0, 100, 40, 40))


def test_a_box_larger_than_the_film_takes_all_of_it_and_black_beyond():
    view = blank(pixels=np.ones((300, 400), np.float32))
    square = place_square(view, Box(-1e9, -1e9, 3e9, 3e9))
    assert square == CropSquare(-200, -250, 800, 800)
    patch = cut_patch(view, square)
    column, row = np.meshgrid(np.arange(PATCH_SIDE), np.arange(PATCH_SIDE))
    x, y = square.to_view(column, row, PATCH_SIDE)
    inside = (x > 5) & (x < 395) & (y > 5) & (y < 295)
    outside = (x < -5) | (x > 405) | (y < -5) | (y > 305)
    assert np.allclose(patch[inside], 1)
    assert (patch[outside] == 0).all()


def test_a_spacing_that_cannot_be_gives_no_square_larger_than_film_or_box():
    """A header that gives metres where millimetres are meant must not ask for terabytes."""
    view = blank(spacing=(7e-5, 7e-5))
    square = place_square(view, Box(200, 150, 10, 10))
    assert max(square.width, square.height) <= CONTEXT * 400
    assert cut_patch(view, square).shape == (PATCH_SIDE, PATCH_SIDE)


@given(
    rows=st.integers(1, 80),
    columns=st.integers(1, 80),
    x=st.floats(-200, 200),
    y=st.floats(-200, 200),
    width=st.floats(1e-3, 400),
    height=st.floats(1e-3, 400),
    spacing=st.none() | st.tuples(st.floats(0.05, 2), st.floats(0.05, 2)),
)
def test_every_box_on_a_film_has_a_square_that_holds_it(
    rows, columns, x, y, width, height, spacing
):
    view = blank(rows, columns, spacing)
    if x >= columns or y >= rows or x + width <= 0 or y + height <= 0:
        with pytest.raises(InputError, match="lies outside the image"):
            place_square(view, Box(x, y, width, height))
        return
    square = place_square(view, Box(x, y, width, height))
    near = 1e-6
    assert square.left <= max(x, 0) + near
    assert square.top <= max(y, 0) + near
    assert square.left + square.width >= min(x + width, columns) - near
    assert square.top + square.height >= min(y + height, rows) - near
    if square.width <= columns:
        assert -near <= square.left <= columns - square.width + near
    if square.height <= rows:
        assert -near <= square.top <= rows - square.height + near
    patch = cut_patch(view, square, 16)
    assert patch.shape == (16, 16)
    assert patch.dtype == np.float32
    assert (patch == 0).all()


@pytest.mark.parametrize(
    "box",
    [
        Box(400, 10, 20, 20),
        Box(10, 300, 20, 20),
        Box(-20, 10, 20, 20),
        Box(10, -20, 20, 20),
        Box(1e12, 0, 5, 5),
    ],
)
def test_a_box_outside_the_film_is_refused_naming_file_box_and_size(box):
    with pytest.raises(InputError, match=r"^view.png: box .*400 columns and 300 rows"):
        place_square(blank(), box)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        (Box(float("nan"), 0, 5, 5), "finite"),
        (Box(0, 0, float("inf"), 5), "finite"),
        (Box(0, 0, 5, float("nan")), "finite"),
        (Box(0, 0, 0, 5), "no area"),
        (Box(10, 10, -5, 5), "no area"),
    ],
)
def test_a_box_that_is_none_is_refused(box, said):
    with pytest.raises(InputError, match=said):
        place_square(blank(), box)


@pytest.mark.parametrize("side", [64, 100, 128])
def test_a_checkerboard_reduces_to_grey_instead_of_to_a_pattern(side):
    pixels = (np.indices((512, 512)).sum(0) % 2).astype(np.float32)
    view = blank(pixels=pixels)
    patch = cut_patch(view, place_square(view, Box(128, 128, 256, 256)), side)
    np.testing.assert_allclose(patch[1:-1, 1:-1], 0.5, atol=0.02)


@pytest.mark.parametrize("factor", [2, 4])
def test_a_film_of_half_or_quarter_the_resolution_gives_the_same_patch(factor):
    """Area-averaged films, each box scaled with its film: smooth detail comes out alike."""
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.random((20, 20)).astype(np.float32))
    fine = np.asarray(coarse.resize((1280, 1280), Image.Resampling.BICUBIC), np.float32)
    reduced = fine.reshape(1280 // factor, factor, 1280 // factor, factor).mean((1, 3))
    box = Box(480, 520, 300, 260)
    smaller = Box(*(edge / factor for edge in (box.x, box.y, box.width, box.height)))
    full, less = blank(pixels=fine), blank(pixels=reduced)
    first = cut_patch(full, place_square(full, box))
    second = cut_patch(less, place_square(less, smaller))
    assert np.abs(first - second)[4:-4, 4:-4].max() < 0.02


def test_cutting_leaves_the_view_as_it_was():
    view = ramp(300, 400)
    before = view.pixels.copy()
    cut_patch(view, place_square(view, Box(140, 120, 110, 90)))
    assert (view.pixels == before).all()
