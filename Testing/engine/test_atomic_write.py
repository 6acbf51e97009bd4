"""Atomic writes: a file is complete or absent, and an earlier file survives a failure."""

from __future__ import annotations

import pytest

from mammopair.atomic_write import atomic_write, atomic_write_bytes
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
