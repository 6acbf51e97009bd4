"""The table of results: contents of the CSV file and of the terminal table, atomic writing."""

import csv
import io
from contextlib import contextmanager

import msgspec
import pytest
from rich.console import Console

from mammopair.errors import InputError
from mammopair.results.record_table import CSV_COLUMNS, print_table, records_to_csv


@contextmanager
def files_limited_to(size):
    """Limit the size of written files, as a full disk does."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def printed(records, **terminal):
    console = Console(file=io.StringIO(), width=80, **terminal)
    print_table(records, console)
    return console.file.getvalue()


def test_the_csv_has_the_unrounded_numbers_of_the_records(records, tmp_path):
    records_to_csv(records, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    assert tuple(reader.fieldnames) == CSV_COLUMNS
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert (row["case_id"], row["lesion_id"]) == (record.case_id, record.lesion_id)
        assert row["laterality"] == record.laterality
        assert float(row["probability"]) == record.probability
        assert float(row["interval_low"]) == record.interval.low
        assert float(row["interval_high"]) == record.interval.high
        assert float(row["interval_level"]) == record.interval.level
        assert row["warnings"].split() == [warning.code for warning in record.warnings]
        assert int(row["label"]) == record.label
        assert row["model_name"] == record.model.name
        assert row["model_version"] == record.model.version
        assert row["model_sha256"] == record.model.sha256
        assert row["software"] == record.software
        assert row["research_use_only"] == "true"
        views = {view.projection: view for view in record.views}
        for projection in ("CC", "MLO"):
            if projection in views:
                column = row[f"probability_{projection.lower()}"]
                assert float(column) == views[projection].probability
                direction = views[projection].evidence.direction
            else:
                assert row[f"probability_{projection.lower()}"] == ""
                direction = ""
            assert row[f"evidence_{projection.lower()}"] == direction


def test_the_csv_keeps_commas_quotes_and_newlines_of_a_case_id(records, tmp_path):
    odd = msgspec.structs.replace(records[0], case_id='a,"b"\nc', label=None)
    records_to_csv([odd], tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert row["case_id"] == odd.case_id
    assert row["label"] == ""


def test_a_full_disk_is_reported_and_leaves_the_earlier_file(records, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("earlier table")
    with files_limited_to(4096), pytest.raises(InputError, match=r"table\.csv: cannot be written"):
        records_to_csv(records * 100, path)
    assert path.read_text() == "earlier table"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_table_leaves_no_file(records, tmp_path):
    def interrupted():
        yield records[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        records_to_csv(interrupted(), tmp_path / "table.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(records, tmp_path):
    with pytest.raises(InputError, match="no-such-folder"):
        records_to_csv(records, tmp_path / "no-such-folder" / "table.csv")


def row_of(record, lines):
    """Return the line of the table with the record's case, lesion and breast."""
    start = [record.case_id, record.lesion_id, {"L": "left", "R": "right"}[record.laterality]]
    return next(line for line in lines if line.split()[:3] == start)


def test_the_terminal_table_fits_80_columns_and_shows_each_warning_once(records):
    lines = printed(records).splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert text.count("The pixel spacing is not known.") == 1
    assert text.count("The result is based on one view only.") == 1
    assert text.count("Research use only. Not a medical device.") == 1
    assert row_of(records[1], lines).rstrip().endswith("1 2")


def test_the_terminal_table_shows_probability_interval_and_missing_view(records):
    one_view = records[1]
    row = row_of(one_view, printed(records).splitlines())
    assert f"{100 * one_view.probability:.0f} % (" in row
    low, high = one_view.interval.low, one_view.interval.high
    assert f"({100 * low:.0f} to {100 * high:.0f} %)" in row
    assert " - " in row


def test_an_ascii_terminal_gets_plain_ascii(records):
    odd = msgspec.structs.replace(records[0], case_id="Fall Ä")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_table([odd], Console(file=stream, width=100))
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "Fall ?" in text
    assert "\x1b" not in text


def test_a_case_id_is_not_interpreted_as_markup(records):
    odd = msgspec.structs.replace(records[0], case_id="[b]x[/b]")
    assert "[b]x[/b]" in printed([odd])


def test_a_probability_is_never_shown_as_100_percent(records):
    sure = msgspec.structs.replace(records[0], probability=0.9999)
    text = printed([sure])
    assert ">99 % (" in text
    assert "100 %" not in text
