"""Reading and writing of records: nothing is lost, and a file is complete or absent."""

from __future__ import annotations

import json
import math

import msgspec
import pytest

from mammopair.classification import classify_many
from mammopair.errors import InputError
from mammopair.lesion import Lesion, MarkedView
from mammopair.record import (
    decode_record,
    encode_record,
    iterate_records,
    read_record_at,
    read_records,
    record_schema,
    write_records,
)
from mammopair.view import Box
from mammopair.warning import CodedWarning
from Testing.synthetic_lesions import LESION_BOX, film


@pytest.fixture(scope="module")
def records(ensemble):
    """Records of a pair of views, and of a single view with a warning."""
    warning = CodedWarning(code="lossy-compression", message="Ärger – „compressed“ with loss.")
    pair = tuple(MarkedView(film(f"R {p}"), Box(*LESION_BOX)) for p in ("CC", "MLO"))
    single = MarkedView(film("L CC", warnings=(warning,), patient_id="Ünal"), Box(*LESION_BOX))
    return classify_many(
        [Lesion("case one", "1", pair, label=1), Lesion("case two", "2", (single,))], ensemble
    )


def test_written_records_are_read_back_unchanged(records, tmp_path):
    write_records(tmp_path / "records.jsonl", records)
    assert read_records(tmp_path / "records.jsonl") == records


def test_each_line_is_one_record_in_plain_json(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert first["label"] == 1
    assert second["patient_id"] == "Ünal"
    for record in (first, second):
        assert record["research_use_only"] is True
        assert "Research use only" in record["notice"]
        assert record["schema"] == 2
        cells = [
            cell for view in record["views"] for row in view["evidence"]["cells"] for cell in row
        ]
        assert all(math.isfinite(cell) for cell in cells)


def test_blank_lines_are_ignored(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n"))
    assert read_records(path) == records


def test_an_invalid_line_is_reported_with_its_number(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="line 2: is not a record of this version"):
        read_records(path)


@pytest.mark.parametrize(
    "change", [{"schema": 1}, {"research_use_only": False}, {"probability": "high"}]
)
def test_a_record_of_another_schema_is_rejected(records, tmp_path, change):
    content = msgspec.to_builtins(records[0]) | change
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match="line 1: is not a record of this version"):
        read_records(path)


def test_a_missing_file_and_a_folder_are_reported(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_records(path)


def test_an_interrupted_write_keeps_the_earlier_file_and_no_temporary_file(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records[:1])

    def failing():
        yield records[1]
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        write_records(path, failing())
    assert read_records(path) == records[:1]
    assert [file.name for file in tmp_path.iterdir()] == ["records.jsonl"]


def test_a_missing_folder_is_reported(records, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_records(tmp_path / "file" / "records.jsonl", records)
    with pytest.raises(InputError, match="cannot be written"):
        write_records(tmp_path / "none" / "records.jsonl", records)


def test_records_are_read_by_offset(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    path.write_bytes(b"\n" + path.read_bytes())
    offsets = [offset for offset, _ in iterate_records(path)]
    assert [read_record_at(path, offset) for offset in offsets] == records
    with pytest.raises(InputError, match=f"byte {offsets[0] + 1}: is not a record"):
        read_record_at(path, offsets[0] + 1)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_single_record_is_encoded_and_decoded(records, indent):
    text = encode_record(records[0], indent=indent)
    assert ("\n" in text) is (indent is not None)
    assert decode_record(text) == decode_record(text.encode()) == records[0]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", "null"])
def test_other_content_is_not_decoded(content):
    with pytest.raises(InputError, match=r"^here: is not a record"):
        decode_record(content, "here")


def test_the_schema_describes_every_field_that_is_written(records):
    properties = record_schema()["$defs"]["Record"]["properties"]
    assert set(properties) == set(json.loads(encode_record(records[0])))
    assert properties["research_use_only"] == {"enum": [True], "default": True}
