"""Every single image in the table of field cases is read, or refused, as the table states."""

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.io.reader import read_view
from Testing.field_cases import CASES, COMMON_WARNINGS, Read, Refused


def select(outcome):
    cases = [case for case in CASES if isinstance(case.expected, outcome)]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.title)


def test_titles_are_unique_and_every_case_has_a_source():
    assert len({case.title for case in CASES}) == len(CASES)
    assert all(case.source for case in CASES)


@select(Read)
def test_a_readable_file_gives_the_expected_view(case, tmp_path):
    expected = case.expected
    view = read_view(case.build(tmp_path))
    codes = [warning.code for warning in view.warnings if warning.code not in COMMON_WARNINGS]
    assert sorted(codes) == sorted(expected.warnings)
    assert (view.laterality, view.projection) == (expected.laterality, expected.projection)
    spacing = view.spacing and (view.spacing.row, view.spacing.column)
    if expected.spacing is None:
        assert spacing is None
    else:
        assert spacing == pytest.approx(expected.spacing)
    if expected.meaning:
        assert view.spacing.meaning.name == expected.meaning
    if expected.pixels is not None:
        assert view.pixels.shape == expected.pixels.shape
        assert np.abs(view.pixels - expected.pixels).max() <= expected.tolerance


@select(Refused)
def test_an_unusable_file_is_refused_with_the_cause(case, tmp_path):
    with pytest.raises(InputError, match=case.expected.message):
        read_view(case.build(tmp_path))
