"""The views of a retrieved study that the boxes on the command line refer to."""

from __future__ import annotations

import pytest

from mammopair.cli.dicomweb_study import marked_lesion
from mammopair.errors import InputError
from Testing.synthetic_mammograms import write_mammogram

BOX = (1.0, 2.0, 30.0, 40.0)
STUDY = "1.2.3"


@pytest.fixture
def exam(tmp_path):
    """Four views, a magnification view, and a file that is not a mammogram."""
    for side in "LR":
        for view in ("CC", "MLO"):
            attributes = {"ImageLaterality": side, "ViewPosition": view, "StudyInstanceUID": STUDY}
            write_mammogram(tmp_path / f"{side}{view}", **attributes)
    attributes = {"ImageLaterality": "R", "ViewPosition": "CC MAG", "StudyInstanceUID": STUDY}
    write_mammogram(tmp_path / "RMAG", **attributes)
    (tmp_path / "other").write_bytes(b"not a mammogram")
    return sorted(tmp_path.iterdir())


def test_boxes_refer_to_the_standard_views_of_the_specified_breast(exam):
    entry = marked_lesion(exam, {"CC": BOX, "MLO": BOX}, "right", STUDY)
    files = [row.file.rpartition("/")[2] for row in entry.rows]
    assert files == ["RCC", "RMLO"]
    assert {row.laterality for row in entry.rows} == {"R"}
    assert (entry.rows[0].box_x, entry.rows[0].box_h) == (1.0, 40.0)
    assert entry.case_id == "synthetic"


def test_one_box_gives_a_lesion_with_one_view(exam):
    (row,) = marked_lesion(exam, {"CC": None, "MLO": BOX}, "L", STUDY).rows
    assert row.file.endswith("LMLO")


def test_laterality_is_optional_for_a_study_of_one_breast(exam):
    left = [path for path in exam if path.name.startswith("L")]
    assert marked_lesion(left, {"CC": BOX}, None, STUDY).rows[0].laterality == "L"


def test_laterality_is_required_for_a_study_of_both_breasts(exam):
    with pytest.raises(InputError, match="contains both breasts or does not name them; specify --laterality"):
        marked_lesion(exam, {"CC": BOX}, None, STUDY)


def test_a_box_on_a_missing_view_is_rejected(exam):
    ccs = [path for path in exam if path.name.endswith("CC")]
    with pytest.raises(InputError, match="contains no R MLO view; leave out --mlo-box"):
        marked_lesion(ccs, {"CC": BOX, "MLO": BOX}, "R", STUDY)


def test_a_study_without_a_box_is_rejected(exam):
    with pytest.raises(InputError, match="specify --cc-box, --mlo-box or a lesion table"):
        marked_lesion(exam, {"CC": None, "MLO": None}, "R", STUDY)
