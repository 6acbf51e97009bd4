"""A box that is not that of a mass is rejected or causes a warning, wherever it comes from."""

import re

import numpy as np
import pytest

from mammopair.box_checks import BOX_COLUMNS, check_box
from mammopair.errors import InputError
from mammopair.io.reader import read_view
from mammopair.lesion import MarkedView, extract_patch, with_patch_only
from mammopair.view import Box
from Testing.field_cases import CASES, Marked
from Testing.synthetic_lesions import LESION_BOX, film

boxes = pytest.mark.parametrize(
    "case",
    [case for case in CASES if isinstance(case.expected, Marked)],
    ids=lambda case: case.title,
)


@boxes
def test_a_box_of_the_table_has_the_expected_outcome(case, tmp_path):
    expected = case.expected
    view, box = read_view(case.build(tmp_path)), Box(*expected.box)
    if expected.refused:
        with pytest.raises(InputError, match=expected.message) as caught:
            check_box(view, box)
        assert caught.value.subject == str(view.source)
        assert BOX_COLUMNS in caught.value.problem
        return
    warnings = check_box(view, box)
    assert tuple(warning.code for warning in warnings) == expected.warnings
    if warnings:
        assert re.search(expected.message, " ".join(warning.message for warning in warnings))
    for warning in warnings:
        assert view.name in warning.message
        assert BOX_COLUMNS in warning.message


@boxes
def test_a_box_is_checked_where_its_patch_is_extracted(case, tmp_path):
    """All pipelines extract the patch with this function, batches from pixels on demand."""
    expected = case.expected
    view = read_view(case.build(tmp_path), on_demand=True)
    marked = MarkedView(view, Box(*expected.box))
    if expected.refused:
        with pytest.raises(InputError):
            with_patch_only(marked)
        return
    patch = extract_patch(with_patch_only(marked))
    assert tuple(warning.code for warning in patch.warnings) == expected.warnings


def test_the_air_is_recognised_beside_a_dark_border():
    view = film()
    pixels = np.full((400, 320), 0.12, np.float32)
    pixels += 0.01 * np.random.default_rng(0).standard_normal(pixels.shape)
    pixels[:, :180] = 0.5
    pixels[:20], pixels[-20:] = 0.0, 0.0
    view.pixels[:] = pixels
    with pytest.raises(InputError, match="on the air"):
        check_box(view, Box(230, 100, 40, 40))
    assert check_box(view, Box(100, 200, 40, 40)) == ()


def test_the_box_of_the_synthetic_lesion_causes_no_warning():
    assert check_box(film(), Box(*LESION_BOX)) == ()
