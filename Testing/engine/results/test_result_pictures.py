"""Pictures show the evidence at its position on the view, in the common colour scale."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from mammopair.crop import CropSquare
from mammopair.record import Evidence
from mammopair.results.colours import (
    AGAINST_MALIGNANCY,
    EVIDENCE_LIMIT,
    FOR_MALIGNANCY,
    NEUTRAL,
    STRONGEST_OPACITY,
    evidence_rgba,
    opaque_scale,
)
from mammopair.results.evidence_levels import (
    LEVELS,
    is_visible,
    label_opacities,
    label_strengths,
    labels_in_order,
    levels_of,
)
from mammopair.results.pictures import (
    colour,
    draw_box,
    evidence_layer,
    lay_over,
    legend_picture,
    tissue_window,
)
from mammopair.results.rendered_view import film_with_box, render_lesion, render_view
from mammopair.view import Box, View

SQUARE = CropSquare(left=100.0, top=40.0, width=200.0, height=200.0)


def evidence_of(cells, square=SQUARE):
    return Evidence(
        cells=np.asarray(cells, dtype=float).tolist(),
        bias=0.0,
        square=square,
        direction="mixed",
    )


def warmth(picture):
    """Red minus blue: zero for any grey, and elsewhere a function of the evidence alone."""
    return picture[..., 0].astype(int) - picture[..., 2].astype(int)


def tissue(side, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (side, side), dtype=np.uint8)


@pytest.mark.parametrize("strongest", [(0, 0), (2, 5), (6, 1), (7, 7)])
def test_the_strongest_cell_is_drawn_at_its_position_on_the_view(strongest):
    cells = np.full((8, 8), -0.5)
    cells[strongest] = 0.9
    side = 400
    evidence = evidence_of(cells)
    picture = lay_over(tissue(side), evidence_layer(evidence, SQUARE, side))
    rows, columns = np.nonzero(warmth(picture) >= warmth(picture).max() - 1)
    x, y = SQUARE.to_view(columns.mean(), rows.mean(), side)
    expected = SQUARE.to_view(strongest[1], strongest[0], 8)
    assert (x, y) == pytest.approx(expected, abs=SQUARE.width / 8 / 2 / 10)
    assert rows.max() - rows.min() + 1 == side / 8


def test_a_map_smaller_than_the_square_is_drawn_at_its_own_position():
    inner = CropSquare(left=150.0, top=90.0, width=100.0, height=50.0)
    layer = evidence_layer(evidence_of(np.full((4, 4), 0.9), inner), SQUARE, 400)
    rows, columns = np.nonzero(layer[..., 3])
    assert (columns.min(), columns.max() + 1) == (100, 300)
    assert (rows.min(), rows.max() + 1) == (100, 200)


def test_no_evidence_leaves_the_picture_unchanged():
    picture = tissue(200)
    layer = evidence_layer(evidence_of(np.zeros((8, 8))), SQUARE, 200)
    assert np.array_equal(lay_over(picture, layer), colour(picture))


def test_one_logit_has_one_colour_in_every_picture():
    faint, strong = np.full((8, 8), 0.0), np.full((8, 8), EVIDENCE_LIMIT)
    faint[3, 3] = strong[3, 3] = 0.8
    in_faint = evidence_layer(evidence_of(faint), SQUARE, 80)
    in_strong = evidence_layer(evidence_of(strong), SQUARE, 80)
    assert np.array_equal(in_faint[30:40, 30:40], in_strong[30:40, 30:40])


def test_the_colour_follows_sign_and_size_up_to_the_limit():
    layer = evidence_rgba([-9.0, -EVIDENCE_LIMIT, -1.0, 0.0, 1.0, EVIDENCE_LIMIT, 9.0, np.nan])
    assert list(layer[:, 3]) == list(np.rint(255 * STRONGEST_OPACITY * np.array(
        [1, 1, 1 / EVIDENCE_LIMIT, 0, 1 / EVIDENCE_LIMIT, 1, 1, 0]
    )))  # fmt: skip
    over_black = warmth(lay_over(np.zeros((1, 8), np.uint8), layer[None]))[0]
    assert (over_black[:3] < 0).all()
    assert (over_black[4:7] > 0).all()


def test_strong_cells_have_plus_and_minus_signs():
    cells = np.zeros((4, 4))
    cells[0, 0], cells[3, 3] = 2.0, -2.0
    layer = evidence_layer(evidence_of(cells), SQUARE, 400)
    signs = (layer == 255).all(axis=-1)
    plus, minus = signs[:100, :100], signs[300:, 300:]
    assert np.ptp(np.nonzero(plus)[0]) == np.ptp(np.nonzero(plus)[1]) > 10
    assert np.ptp(np.nonzero(minus)[0]) == 1 < np.ptp(np.nonzero(minus)[1])
    assert not signs[100:300].any()


def test_the_legend_runs_from_blue_to_orange_and_is_transparent_in_the_middle():
    hues = warmth(legend_picture())
    assert (np.diff(hues, axis=1) >= 0).all()
    assert hues[0, 0] < 0 < hues[0, -1]
    assert abs(hues[:, hues.shape[1] // 2]).max() <= 2


def test_the_film_shows_the_box_at_its_position():
    pixels = np.full((1000, 500), 0.3, np.float32)
    pixels[:8] = 1.0
    rendered = render_view(View(pixels, source=Path("made")), SQUARE, "L")
    picture = film_with_box(rendered, Box(100, 600, 50, 80), height=500)
    assert picture.shape == (500, 250, 3)
    white = np.argwhere((picture == 255).all(axis=-1))
    white = white[white[:, 0] >= 10]
    assert tuple(white.min(axis=0)) == (300 - 2, 50 - 2)
    assert tuple(white.max(axis=0) + 1) == (340 + 2, 75 + 2)


def test_a_box_at_the_edge_of_the_film_is_clipped():
    picture = np.zeros((50, 50, 3), np.uint8)
    drawn = draw_box(picture, Box(0, 20, 10, 10))
    assert (drawn[25, 10:12] == 255).all()
    assert not drawn[:, 20:].any()
    assert not picture.any()


def test_the_window_covers_the_tissue_and_not_the_air(load, records):
    view = load(records[0].views[0])
    low, high = tissue_window(view.pixels[::8, ::8])
    breast = view.pixels[2000:2500:8, 200:900:8]
    assert low > 0.0
    assert low < np.median(breast) < high


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_constant_view_is_rendered(value):
    view = View(np.full((300, 300), value, np.float32), source=Path("made"))
    picture = render_lesion(view, CropSquare(10.0, 10.0, 100.0, 100.0))
    assert picture.dtype == np.uint8


def test_evidence_is_drawn_on_the_mass_of_a_real_view(load, records):
    result = records[0].views[1]
    view = load(result)
    cells = np.zeros((8, 8))
    x, y = Box(*result.box).centre
    square = result.evidence.square
    column = int((x - square.left) / square.width * 8)
    row = int((y - square.top) / square.height * 8)
    cells[row, column] = 0.9
    evidence = msgspec.structs.replace(result.evidence, cells=cells.tolist())
    picture = lay_over(render_lesion(view, square), evidence_layer(evidence, square, 440))
    rows, columns = np.nonzero(warmth(picture) > 5)
    found = square.to_view(columns.mean(), rows.mean(), 440)
    assert found == pytest.approx((x, y), abs=square.width / 8 / 2)


def test_the_opaque_scale_runs_from_blue_through_grey_to_orange():
    logits, colours = opaque_scale(255)
    assert (logits[0], logits[127], logits[-1]) == (-EVIDENCE_LIMIT, 0, EVIDENCE_LIMIT)
    assert 255 * colours[0] == pytest.approx(AGAINST_MALIGNANCY)
    assert colours[127] == pytest.approx(NEUTRAL)
    assert 255 * colours[-1] == pytest.approx(FOR_MALIGNANCY)


def test_labels_in_order_follow_the_evidence_and_their_strengths_are_its_levels():
    evidence = np.linspace(-5, 5, 201)
    labels = levels_of(evidence)
    assert list(dict.fromkeys(labels.tolist())) == labels_in_order()
    assert label_strengths()[labels_in_order()].tolist() == [
        *range(LEVELS, 0, -1),
        0,
        *range(1, LEVELS + 1),
    ]


@pytest.mark.parametrize("weakest", range(1, LEVELS + 1))
def test_labels_and_evidence_below_the_weakest_level_are_hidden(weakest):
    evidence = np.linspace(-5, 5, 201)
    opacity = label_opacities(weakest)[levels_of(evidence)]
    assert ((opacity > 0) == is_visible(evidence, weakest)).all()
    visible = evidence_rgba(evidence[opacity > 0])[:, 3] / 255
    assert opacity.max() == pytest.approx(visible.max(), abs=0.01)
