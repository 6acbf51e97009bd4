"""The views of a retrieved study that the boxes on the command line refer to."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.cli.dicomweb_study import marked_lesion
from mammopair.errors import InputError
from Testing.field_cases import CASES, Selected
from Testing.synthetic_mammograms import breast, write_mammogram

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
    with pytest.raises(InputError, match="contains both breasts or does not name them; specify"):
        marked_lesion(exam, {"CC": BOX}, None, STUDY)


def test_a_box_on_a_missing_view_is_rejected(exam):
    ccs = [path for path in exam if path.name.endswith("CC")]
    with pytest.raises(InputError, match="no R MLO view that can be used; leave out --mlo-box"):
        marked_lesion(ccs, {"CC": BOX, "MLO": BOX}, "R", STUDY)


def test_a_study_without_a_box_is_rejected(exam):
    with pytest.raises(InputError, match="specify --cc-box, --mlo-box or a lesion table"):
        marked_lesion(exam, {"CC": None, "MLO": None}, "R", STUDY)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if isinstance(case.expected, Selected)],
    ids=lambda case: case.title,
)
def test_the_views_of_an_exam_are_selected_as_the_field_cases_state(case, tmp_path):
    files = sorted(case.build(tmp_path).iterdir())
    expected = {"CC": case.expected.cc, "MLO": case.expected.mlo}
    for projection, name in expected.items():
        if name is None:
            with pytest.raises(InputError, match=f"contains no R {projection} view"):
                marked_lesion(files, {projection: BOX}, "R", STUDY)
        else:
            (row,) = marked_lesion(files, {projection: BOX}, "R", STUDY).rows
            assert row.file.endswith(f"{name}.dcm")


@pytest.mark.parametrize("by_table", [False, True])
def test_a_study_is_classified_and_its_results_are_stored_in_it(
    ensemble_folder, tmp_path, monkeypatch, by_table
):
    from typer.testing import CliRunner

    from mammopair.cli import app
    from mammopair.record import read_records
    from Testing.engine.io.faulty_server import Response, serving
    from Testing.engine.io.test_dicomweb import FIRST, JSON, SERIES, part, study_of

    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": FIRST}
    film = write_mammogram(
        tmp_path / "film", breast(120, 90), ImageLaterality="R", ViewPosition="CC", **uids
    )
    directory = study_of(FIRST)

    def respond(request):
        if request.method == "POST":
            return Response(body=b"{}", headers=JSON)
        return directory(request) or part(film.read_bytes())

    box = ("20", "30", "16", "20")
    lesions = ("--cc-box", *box)
    if by_table:
        table = tmp_path / "lesions.csv"
        header = "case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h"
        table.write_text(f"{header}\na,1,R,CC,{FIRST},{','.join(box)}\n")
        lesions = (str(table),)
    out = tmp_path / "out"
    with serving(respond) as server:
        options = ("--study", STUDY, "--model", str(ensemble_folder), "--out", str(out))
        arguments = ["classify", "--dicomweb", server.url, *options, *lesions]
        result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert "stored 4 DICOM objects in study 1.2.3" in result.stderr
    (record,) = read_records(out / "records.jsonl")
    assert record.views[0].file == str(out / "images" / FIRST)
    (stored,) = [request for request in server.requests if request.method == "POST"]
    assert stored.path == f"/studies/{STUDY}"


def test_nothing_is_stored_for_a_study_of_a_mask_even_if_a_table_names_it(
    ensemble_folder, tmp_path, monkeypatch
):
    from typer.testing import CliRunner

    from mammopair.cli import app
    from Testing.engine.io.faulty_server import serving
    from Testing.engine.io.test_dicomweb import FIRST, SERIES, part, study_of

    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": FIRST}
    mask = np.where(breast(120, 90) > 2000, np.uint16(4095), np.uint16(0))
    file = write_mammogram(tmp_path / "mask", mask, **uids)
    directory = study_of(FIRST)
    table = tmp_path / "lesions.csv"
    header = "case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h"
    table.write_text(f"{header}\na,1,R,CC,{FIRST},20,30,16,20\n")
    out = tmp_path / "out"
    with serving(lambda request: directory(request) or part(file.read_bytes())) as server:
        arguments = ["classify", "--dicomweb", server.url, "--study", STUDY, "--out", str(out)]
        arguments += ["--model", str(ensemble_folder)]
        by_box = CliRunner().invoke(app, [*arguments, "--cc-box", "20", "30", "16", "20"])
        by_table = CliRunner().invoke(app, [*arguments, str(table)])
    assert by_box.exit_code == by_table.exit_code == 1
    assert "two values" in by_box.stderr
    assert "two values" in by_table.stderr
    assert not [request for request in server.requests if request.method == "POST"]
