"""A lesion table is read completely or rejected with a message that names line and field."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from mammopair.cli.demo_command import exams_folder
from mammopair.errors import InputError
from mammopair.io.lesion_table import read_lesion_table
from Testing.field_cases import CASES, Table

HEADER = "case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h,label"
CC = "p1,1,R,CC,a.png,10,20,30,40,1"
MLO = "p1,1,R,MLO,b.png,11,21,31,41,1"


@pytest.fixture
def write(tmp_path):
    """Returns a function that writes a table next to the images that it names."""
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).touch()

    def write_table(*lines, header=HEADER, encoding="utf-8"):
        path = tmp_path / "lesions.csv"
        path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
        return path

    return write_table


def error_of(path):
    """The error message of a lesion table, without the path at its start."""
    with pytest.raises(InputError) as caught:
        read_lesion_table(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert "$." not in message  # the notation of the validation library
    return message.removeprefix(str(path))


def test_rows_are_grouped_by_lesion_in_order_of_first_appearance(write):
    lesions = read_lesion_table(write(CC, "p2,7,L,CC,c.png,1,2,3,4,0", MLO))
    assert [lesion.name for lesion in lesions] == ["p1 lesion 1", "p2 lesion 7"]
    assert [row.view for row in lesions[0].rows] == ["CC", "MLO"]
    box = lesions[0].rows[0].box
    assert (box.x, box.y, box.width, box.height) == (10, 20, 30, 40)
    assert lesions[0].rows[0].label == 1


def test_files_are_relative_to_the_table_and_not_to_the_working_folder(
    write, tmp_path, monkeypatch
):
    path = write(CC)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (lesion,) = read_lesion_table(path)
    assert lesion.rows[0].file == str(tmp_path / "a.png")


def test_files_may_be_absolute_or_relative_to_another_folder(write, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "d.png").touch()
    path = write("p1,1,R,CC,d.png,1,2,3,4,", f"p1,1,R,MLO,{tmp_path / 'b.png'},1,2,3,4,")
    (lesion,) = read_lesion_table(path, tmp_path / "films")
    assert [row.file for row in lesion.rows] == [
        str(tmp_path / "films" / "d.png"),
        str(tmp_path / "b.png"),
    ]


@pytest.mark.parametrize("word", ["R", "r", "RIGHT", "right", " Right "])
def test_laterality_is_read_in_any_case_short_or_long(write, word):
    (lesion,) = read_lesion_table(write(f"p1,1,{word},cc,a.png,1,2,3,4,"))
    assert (lesion.rows[0].laterality, lesion.rows[0].view) == ("R", "CC")


def test_the_label_may_be_empty_or_its_column_missing(write):
    assert read_lesion_table(write("p1,1,R,CC,a.png,1,2,3,4,"))[0].rows[0].label is None
    header = HEADER.removesuffix(",label")
    path = write("p1,1,R,CC,a.png,1,2,3,4", header=header)
    assert read_lesion_table(path)[0].rows[0].label is None


def test_a_byte_order_mark_other_columns_and_windows_line_ends_are_accepted(write, tmp_path):
    path = write(f"{CC},seen", header=f"{HEADER},remark", encoding="utf-8-sig")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lesion_table(path)[0].case_id == "p1"


def test_blank_lines_and_rows_of_empty_cells_are_skipped(write):
    assert len(read_lesion_table(write(CC, "", ",,,,,,,,,", MLO, ",,,,,,,,,"))) == 1


def test_quoted_file_names_may_contain_commas(write, tmp_path):
    (tmp_path / "a, b.png").touch()
    (lesion,) = read_lesion_table(write('p1,1,R,CC,"a, b.png",1,2,3,4,'))
    assert lesion.rows[0].file.endswith("a, b.png")


@pytest.mark.parametrize("column", HEADER.removesuffix(",label").split(","))
def test_a_missing_column_is_named(write, column):
    columns = HEADER.split(",")
    where = columns.index(column)
    cells = CC.split(",")
    path = write(
        ",".join(cells[:where] + cells[where + 1 :]),
        header=",".join(columns[:where] + columns[where + 1 :]),
    )
    assert column in error_of(path)


@pytest.mark.parametrize(
    ("line", "field", "found"),
    [
        ("p1,1,R,CC,a.png,ten,20,30,40,1", "box_x", "ten"),
        ("p1,1,R,CC,a.png,10,2 0,30,40,1", "box_y", "2 0"),
        ("p1,1,R,CC,a.png,10,20,0,40,1", "box_w", "0"),
        ("p1,1,R,CC,a.png,10,20,30,-4,1", "box_h", "-4"),
        ("p1,1,R,CC,a.png,nan,20,30,40,1", "box_x", "nan"),
        ("p1,1,R,CC,a.png,10,20,inf,40,1", "box_w", "inf"),
        ("p1,1,R,CC,a.png,10,20,1e999,40,1", "box_w", "1e999"),
        ("p1,1,R,CC,a.png,10,20,30,40,2", "label", "2"),
        ("p1,1,R,CC,a.png,10,20,30,40,malignant", "label", "malignant"),
        ("p1,1,both,CC,a.png,10,20,30,40,1", "laterality", "BOTH"),
        ("p1,1,R,LM,a.png,10,20,30,40,1", "view", "LM"),
    ],
)
def test_an_invalid_value_is_reported_with_line_and_field(write, line, field, found):
    message = error_of(write("p0,1,L,CC,c.png,1,2,3,4,0", line))
    assert message.startswith(", line 3: ")
    assert field in message
    assert repr(found) in message
    assert "must be" in message


@pytest.mark.parametrize("field", HEADER.removesuffix(",label").split(","))
def test_an_empty_cell_is_reported_with_line_and_field(write, field):
    cells = dict(zip(HEADER.split(","), CC.split(","), strict=True)) | {field: " "}
    message = error_of(write(",".join(cells.values())))
    assert message.startswith(f", line 2: {field} is empty")


@pytest.mark.parametrize("line", ["p1,1,R,CC,films,a.png,10,20,30,40,1", f"{CC},2"])
def test_a_row_with_more_cells_than_columns_is_rejected_with_the_remedy(write, line):
    message = error_of(write(line))
    assert message.startswith(", line 2: ")
    assert "put text with commas in quotes" in message


@pytest.mark.parametrize(
    "line", [CC, "p1,1,R,CC,b.png,10,20,30,40,1", "p1,1,R,CC,a.png,99,20,30,40,1"]
)
def test_two_cc_rows_of_one_lesion_are_rejected(write, line):
    message = error_of(write(CC, line, MLO))
    assert message == ", line 3: is a second CC row of p1 lesion 1; keep one row for each view"
    assert ", line 4: is another row of p1 lesion 1" in error_of(write(CC, MLO, line))


def test_rows_of_one_lesion_that_disagree_are_rejected(write):
    assert ", line 3: laterality is L, but R in an earlier row of p1 lesion 1" in error_of(
        write(CC, MLO.replace(",R,", ",L,"))
    )
    assert ", line 3: label is 0, but 1 in an earlier row of p1 lesion 1" in error_of(
        write(CC, MLO.removesuffix("1") + "0")
    )


def test_a_missing_file_is_reported_with_its_line(write, tmp_path):
    message = error_of(write(CC, MLO.replace("b.png", "gone.png")))
    assert message.startswith(
        f", line 3: names the file {tmp_path / 'gone.png'}, which does not exist"
    )


def test_a_folder_or_a_name_too_long_for_a_file_is_reported_as_missing(write, tmp_path):
    (tmp_path / "films").mkdir()
    assert "which does not exist" in error_of(write(CC.replace("a.png", "films")))
    assert "which does not exist" in error_of(write(CC.replace("a.png", "a" * 5000)))


def test_an_empty_table_is_rejected(write, tmp_path):
    assert "contains no lesions" in error_of(write())
    path = tmp_path / "empty.csv"
    path.touch()
    assert "has no column" in error_of(path)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le"])
def test_text_that_is_not_utf_8_is_rejected_with_the_remedy(write, encoding):
    assert "UTF-8" in error_of(write(CC.replace("p1", "Müller"), encoding=encoding))


def test_utf_16_text_that_ends_within_a_character_is_rejected(write):
    path = write(CC, encoding="utf-16")
    path.write_bytes(path.read_bytes()[:-1])
    assert "is not UTF-8 text" in error_of(path)


def test_numbers_with_points_and_commas_are_not_converted(write):
    """The points of ``1.234,5`` or of another cell may separate thousands."""
    header = HEADER.replace(",", ";")
    assert "box_x is '1.234,5'" in error_of(write("p1;1;R;CC;a.png;1.234,5;2;3;4;", header=header))
    assert "box_x is '1,5'" in error_of(write("p1;1;R;CC;a.png;1,5;2.5;3;4;", header=header))


def test_the_line_of_an_error_counts_a_separator_line(write):
    path = write(HEADER.replace(",", ";"), "p1;1;R;CC;a.png;ten;2;3;4;", header="sep=;")
    assert error_of(path).startswith(", line 3: box_x is 'ten'")


def test_a_file_that_is_not_a_table_is_rejected(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(bytes(128) + b"DICM" + bytes(range(128)))
    error_of(path)


def test_a_missing_table_or_a_folder_is_rejected(tmp_path):
    assert "No such file" in error_of(tmp_path / "none.csv")
    assert "Is a directory" in error_of(tmp_path)


def test_the_demo_table_has_ten_views_of_five_lesions():
    lesions = read_lesion_table(Path(str(files("mammopair") / "demo" / "demo.csv")), exams_folder())
    assert len(lesions) == 5
    assert all([row.view for row in lesion.rows] == ["CC", "MLO"] for lesion in lesions)
    assert [lesion.rows[0].label for lesion in lesions] == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if isinstance(case.expected, Table)],
    ids=lambda case: case.title,
)
def test_a_table_of_the_field_cases_is_read_or_refused_with_the_cause(case, tmp_path):
    path = case.build(tmp_path)
    if case.expected.message:
        assert re.search(case.expected.message, error_of(path))
        return
    (lesion,) = read_lesion_table(path)
    boxes = tuple((row.box_x, row.box_y, row.box_w, row.box_h) for row in lesion.rows)
    assert boxes == case.expected.boxes
    assert all(Path(row.file).is_file() for row in lesion.rows)
