"""Atomic writes: a file is complete or absent, and an earlier file survives a failure."""

from __future__ import annotations

import pytest

from mammopair.atomic_write import atomic_folder, atomic_path, atomic_write, atomic_write_bytes
from mammopair.errors import InputError
from Testing.command_line import files_no_larger_than, written


def test_a_binary_file_is_written_whole_and_replaces_an_earlier_one(tmp_path):
    path = tmp_path / "crop.png"
    path.write_bytes(b"earlier")
    atomic_write_bytes(path, b"\0\1\n\r\n")
    assert path.read_bytes() == b"\0\1\n\r\n"
    assert written(tmp_path) == ["crop.png"]


def test_a_failed_write_keeps_the_earlier_file_and_no_temporary_file(tmp_path):
    text, binary = tmp_path / "table.csv", tmp_path / "crop.png"
    for path in (text, binary):
        path.write_bytes(b"earlier")
    with files_no_larger_than(100):
        with pytest.raises(InputError, match=r"crop\.png: cannot be written"):
            atomic_write_bytes(binary, b"x" * 1000)
        with (
            pytest.raises(InputError, match=r"table\.csv: cannot be written"),
            atomic_write(text) as stream,
        ):
            stream.write("x" * 1000)
    assert text.read_bytes() == binary.read_bytes() == b"earlier"
    assert written(tmp_path) == ["crop.png", "table.csv"]


def write_half(path):
    with atomic_write(path) as stream:
        stream.write("half")
        raise ValueError("stop")


def test_an_error_of_the_caller_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("earlier")
    with pytest.raises(ValueError, match="stop"):
        write_half(path)
    assert path.read_text() == "earlier"
    assert written(tmp_path) == ["table.csv"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="choose a folder that exists"):
        atomic_write_bytes(tmp_path / "none" / "crop.png", b"x")


def test_a_file_written_by_its_path_replaces_the_earlier_one(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_text("earlier")
    with atomic_path(path) as temporary:
        temporary.write_text("later")
        assert path.read_text() == "earlier"
    assert path.read_text() == "later"
    assert written(tmp_path) == ["table.parquet"]


def fill(folder, content, error=None):
    with atomic_folder(folder) as temporary:
        (temporary / content).touch()
        if error:
            raise error


def test_a_folder_replaces_the_earlier_one(tmp_path):
    folder = tmp_path / "lesion" / "dicom"
    fill(folder, "first")
    fill(folder, "second")
    assert written(tmp_path) == ["second"]


@pytest.mark.parametrize(
    ("error", "raised"), [(OSError("disk full"), InputError), (KeyboardInterrupt(), BaseException)]
)
def test_an_incomplete_folder_is_removed_and_the_earlier_one_is_kept(tmp_path, error, raised):
    folder = tmp_path / "dicom"
    fill(folder, "first")
    with pytest.raises(raised):
        fill(folder, "second", error)
    assert [path.name for path in tmp_path.iterdir()] == ["dicom"]
    assert written(folder) == ["first"]
