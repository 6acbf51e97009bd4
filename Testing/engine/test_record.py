"""Records survive the way to disk and back, whole or not at all."""

from __future__ import annotations

import json
import math

import msgspec
import pytest

from mammopair.classification import classify_many
from mammopair.errors import InputError
from mammopair.lesion import Lesion, MarkedView
from mammopair.record import read_records, write_records
from mammopair.view import Box
from mammopair.warning import CodedWarning
from Testing.synthetic_lesions import LESION_BOX, film


@pytest.fixture(scope="module")
def records(ensemble):
    """Of a pair and of a single view with a warning, as classified."""
    warning = CodedWarning(code="lossy-compression", message="Ärger – „compressed“ with loss.")
    pair = tuple(MarkedView(film(f"R {p}"), Box(*LESION_BOX)) for p in ("CC", "MLO"))
    single = MarkedView(film("L CC", warnings=(warning,), patient_id="Ünal"), Box(*LESION_BOX))
    return classify_many(
        [Lesion("case one", "1", pair, label=1), Lesion("case two", "2", (single,))], ensemble
    )


def test_what_is_written_is_read_back(records, tmp_path):
    write_records(tmp_path / "records.jsonl", records)
    assert read_records(tmp_path / "records.jsonl") == records


def test_each_line_is_one_record_that_any_reader_of_json_understands(records, tmp_path):
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


def test_blank_lines_are_passed_over(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n"))
    assert read_records(path) == records


def test_a_line_that_is_no_record_is_named(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="line 2: is not a record"):
        read_records(path)


@pytest.mark.parametrize(
    "change", [{"schema": 1}, {"research_use_only": False}, {"probability": "high"}]
)
def test_a_record_of_another_schema_is_refused(records, tmp_path, change):
    content = msgspec.to_builtins(records[0]) | change
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match="line 1: is not a record"):
        read_records(path)


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_records(path)


def test_a_record_that_fails_to_come_leaves_the_earlier_file_and_no_other(records, tmp_path):
    path = tmp_path / "records.jsonl"
    write_records(path, records[:1])

    def failing():
        yield records[1]
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        write_records(path, failing())
    assert read_records(path) == records[:1]
    assert [file.name for file in tmp_path.iterdir()] == ["records.jsonl"]


def test_a_folder_that_is_none_is_named(records, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_records(tmp_path / "file" / "records.jsonl", records)
    with pytest.raises(InputError, match="cannot be written"):
        write_records(tmp_path / "none" / "records.jsonl", records)
