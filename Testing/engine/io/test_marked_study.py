"""Which views of a fetched study the boxes of the command line mark."""

from __future__ import annotations

import pytest

from mammopair.cli.dicomweb_study import marked_lesion
from mammopair.errors import InputError
from Testing.synthetic_mammograms import write_mammogram

BOX = (1.0, 2.0, 30.0, 40.0)
STUDY = "1.2.3"


@pytest.fixture
def exam(tmp_path):
    """Four views, a magnified one, and something that is no mammogram."""
    for side in "LR":
        for view in ("CC", "MLO"):
            attributes = {"ImageLaterality": side, "ViewPosition": view, "StudyInstanceUID": STUDY}
            write_mammogram(tmp_path / f"{side}{view}", **attributes)
    attributes = {"ImageLaterality": "R", "ViewPosition": "CC MAG", "StudyInstanceUID": STUDY}
    write_mammogram(tmp_path / "RMAG", **attributes)
    (tmp_path / "other").write_bytes(b"no mammogram")
    return sorted(tmp_path.iterdir())


def test_boxes_mark_the_plain_views_of_the_named_breast(exam):
    entry = marked_lesion(exam, {"CC": BOX, "MLO": BOX}, "right", STUDY)
    files = [row.file.rpartition("/")[2] for row in entry.rows]
    assert files == ["RCC", "RMLO"]
    assert {row.laterality for row in entry.rows} == {"R"}
    assert (entry.rows[0].box_x, entry.rows[0].box_h) == (1.0, 40.0)
    assert entry.case_id == "synthetic"


def test_one_box_marks_one_view(exam):
    (row,) = marked_lesion(exam, {"CC": None, "MLO": BOX}, "L", STUDY).rows
    assert row.file.endswith("LMLO")


def test_the_breast_need_not_be_named_where_there_is_one_only(exam):
    left = [path for path in exam if path.name.startswith("L")]
    assert marked_lesion(left, {"CC": BOX}, None, STUDY).rows[0].laterality == "L"


def test_of_two_breasts_one_must_be_named(exam):
    with pytest.raises(InputError, match="shows both breasts or names none; give --laterality"):
        marked_lesion(exam, {"CC": BOX}, None, STUDY)


def test_a_box_on_a_view_that_is_not_there_is_told(exam):
    ccs = [path for path in exam if path.name.endswith("CC")]
    with pytest.raises(InputError, match="has no R MLO view, though a box is given on it"):
        marked_lesion(ccs, {"CC": BOX, "MLO": BOX}, "R", STUDY)


def test_a_study_without_any_box_is_told(exam):
    with pytest.raises(InputError, match="has no lesion marked; give --cc-box"):
        marked_lesion(exam, {"CC": None, "MLO": None}, "R", STUDY)
