"""A table of lesions is read whole or refused in one sentence that names the line and the field."""

from __future__ import annotations

import pytest

from mammopair.errors import InputError
from mammopair.io.lesion_table import read_lesion_table

HEADER = "case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h,label"
CC = "p1,1,R,CC,a.png,10,20,30,40,1"
MLO = "p1,1,R,MLO,b.png,11,21,31,41,1"


@pytest.fixture
def write(tmp_path):
    """Writes a table beside the two pictures that it names."""
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).touch()

    def write_table(*lines, header=HEADER, encoding="utf-8"):
        path = tmp_path / "lesions.csv"
        path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
        return path

    return write_table


def refusal(path):
    """The sentence with which a manifest is refused, one line that names the file."""
    with pytest.raises(InputError) as caught:
        read_lesion_table(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert "$." not in sentence  # no jargon of the library that checks
    return sentence.removeprefix(str(path))


def test_rows_of_one_lesion_come_together_in_order_of_first_appearance(write):
    entries = read_lesion_table(write(CC, "p2,7,L,CC,c.png,1,2,3,4,0", MLO))
    assert [entry.name for entry in entries] == ["p1 lesion 1", "p2 lesion 7"]
    assert [row.view for row in entries[0].rows] == ["CC", "MLO"]
    box = entries[0].rows[0].box
    assert (box.x, box.y, box.width, box.height) == (10, 20, 30, 40)
    assert entries[0].rows[0].label == 1


def test_files_are_relative_to_the_manifest_and_not_to_the_working_folder(
    write, tmp_path, monkeypatch
):
    path = write(CC)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (entry,) = read_lesion_table(path)
    assert entry.rows[0].file == str(tmp_path / "a.png")


def test_files_may_be_relative_to_another_folder_or_absolute(write, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "d.png").touch()
    path = write("p1,1,R,CC,d.png,1,2,3,4,", f"p1,1,R,MLO,{tmp_path / 'b.png'},1,2,3,4,")
    (entry,) = read_lesion_table(path, tmp_path / "films")
    assert [row.file for row in entry.rows] == [
        str(tmp_path / "films" / "d.png"),
        str(tmp_path / "b.png"),
    ]


@pytest.mark.parametrize("word", ["R", "r", "RIGHT", "right", " Right "])
def test_laterality_is_understood_however_it_is_written(write, word):
    (entry,) = read_lesion_table(write(f"p1,1,{word},cc,a.png,1,2,3,4,"))
    assert (entry.rows[0].laterality, entry.rows[0].view) == ("R", "CC")


def test_the_label_may_be_empty_or_its_column_missing(write):
    assert read_lesion_table(write("p1,1,R,CC,a.png,1,2,3,4,"))[0].rows[0].label is None
    header = HEADER.removesuffix(",label")
    path = write("p1,1,R,CC,a.png,1,2,3,4", header=header)
    assert read_lesion_table(path)[0].rows[0].label is None


def test_a_byte_order_mark_other_columns_and_other_line_ends_do_no_harm(write, tmp_path):
    path = write(f"{CC},seen", header=f"{HEADER},remark", encoding="utf-8-sig")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lesion_table(path)[0].case_id == "p1"


def test_blank_lines_and_rows_of_empty_cells_are_passed_over(write):
    assert len(read_lesion_table(write(CC, "", ",,,,,,,,,", MLO, ",,,,,,,,,"))) == 1


def test_quoted_file_names_may_hold_commas(write, tmp_path):
    (tmp_path / "a, b.png").touch()
    (entry,) = read_lesion_table(write('p1,1,R,CC,"a, b.png",1,2,3,4,'))
    assert entry.rows[0].file.endswith("a, b.png")


@pytest.mark.parametrize("column", HEADER.removesuffix(",label").split(","))
def test_a_missing_column_is_named(write, column):
    columns = HEADER.split(",")
    where = columns.index(column)
    cells = CC.split(",")
    path = write(
        ",".join(cells[:where] + cells[where + 1 :]),
        header=",".join(columns[:where] + columns[where + 1 :]),
    )
    assert column in refusal(path)


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
def test_a_bad_value_is_named_with_line_field_and_what_was_found(write, line, field, found):
    said = refusal(write("p0,1,L,CC,c.png,1,2,3,4,0", line))
    assert said.startswith(", line 3: ")
    assert field in said
    assert repr(found) in said
    assert "must be" in said


@pytest.mark.parametrize("field", HEADER.removesuffix(",label").split(","))
def test_an_empty_cell_is_named_with_line_and_field(write, field):
    cells = dict(zip(HEADER.split(","), CC.split(","), strict=True)) | {field: " "}
    said = refusal(write(",".join(cells.values())))
    assert said.startswith(f", line 2: {field} is empty")


def test_a_row_with_more_cells_than_columns_is_refused(write):
    said = refusal(write("p1,1,R,CC,films,a.png,10,20,30,40,1"))
    assert said.startswith(", line 2: ")


def test_a_row_with_more_cells_says_how_to_write_a_comma(write):
    said = refusal(write(f"{CC},2"))
    assert said.startswith(", line 2: ")
    assert "quote" in said


@pytest.mark.parametrize(
    "line", [CC, "p1,1,R,CC,b.png,10,20,30,40,1", "p1,1,R,CC,a.png,99,20,30,40,1"]
)
def test_two_cc_rows_of_one_lesion_are_refused(write, line):
    said = refusal(write(CC, MLO, line))
    assert said == ", line 4: is a second CC row of p1 lesion 1; a view has one row"


def test_rows_that_contradict_each_other_are_refused(write):
    assert ", line 3: says L, but p1 lesion 1 was R above" in refusal(
        write(CC, MLO.replace(",R,", ",L,"))
    )
    assert ", line 3: says label 0, but p1 lesion 1 had 1 above" in refusal(
        write(CC, MLO.removesuffix("1") + "0")
    )


def test_a_file_that_is_not_there_is_named_with_its_line(write, tmp_path):
    said = refusal(write(CC, MLO.replace("b.png", "gone.png")))
    assert said == f", line 3: names {tmp_path / 'gone.png'}, which is not there"


def test_a_folder_or_a_name_that_no_file_can_have_is_not_there(write, tmp_path):
    (tmp_path / "films").mkdir()
    assert "which is not there" in refusal(write(CC.replace("a.png", "films")))
    assert "which is not there" in refusal(write(CC.replace("a.png", "a" * 5000)))


def test_an_empty_table_is_refused(write, tmp_path):
    assert "holds no lesion" in refusal(write())
    path = tmp_path / "empty.csv"
    path.touch()
    assert "has no column" in refusal(path)


def test_a_table_with_semicolons_is_refused_with_the_mend(write):
    path = write(CC.replace(",", ";"), header=HEADER.replace(",", ";"))
    said = refusal(path)
    assert "semicolons" in said
    assert "comma" in said


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_text_that_is_not_utf_8_is_refused_with_the_mend(write, encoding):
    assert "UTF-8" in refusal(write(CC.replace("p1", "Müller"), encoding=encoding))


def test_bytes_that_are_no_table_are_refused(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(bytes(128) + b"DICM" + bytes(range(128)))
    refusal(path)


def test_a_manifest_that_is_missing_or_a_folder_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.csv")
    assert "Is a directory" in refusal(tmp_path)


def test_the_manifest_that_ships_names_ten_views_of_five_real_lesions():
    from importlib.resources import files
    from pathlib import Path

    from mammopair.cli.demo_command import exams_folder

    entries = read_lesion_table(Path(str(files("mammopair") / "demo" / "demo.csv")), exams_folder())
    assert len(entries) == 5
    assert all([row.view for row in entry.rows] == ["CC", "MLO"] for entry in entries)
    assert [entry.rows[0].label for entry in entries] == [0, 0, 0, 1, 0]
