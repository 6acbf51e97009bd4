"""Invalid input gives one clear message, and completed lesions are kept."""

from __future__ import annotations

import shutil
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from filelock import FileLock

from mammopair.batch.executor import LocalExecutor
from mammopair.batch.lesion_source import TableSource
from mammopair.batch.run_options import RunOptions
from mammopair.batch.runner import run_batch
from mammopair.errors import InputError
from mammopair.io import lesion_table
from mammopair.record import read_records
from Testing.engine.batch.archive import (
    failures_of,
    lesion_rows,
    outcomes_in,
    run_local,
    same_results,
    write_table,
)
from Testing.synthetic_lesions import write_ensemble


def refusal(table, out, ensemble, **options):
    with pytest.raises(InputError) as refused:
        run_local(table, out, ensemble, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def absolute(rows, archive):
    return [[*row[:4], str(archive / row[4]), *row[5:]] for row in rows]


def test_an_empty_table_is_refused_before_the_folder_is_made(tmp_path, ensemble_folder):
    table = write_table(tmp_path / "lesions.csv", [])
    assert "contains no lesions" in refusal(table, tmp_path / "out", ensemble_folder)
    assert not (tmp_path / "out").exists()


def test_a_missing_table_is_named(tmp_path, ensemble_folder):
    assert "nowhere.csv" in refusal(tmp_path / "nowhere.csv", tmp_path / "out", ensemble_folder)


def test_an_invalid_row_makes_only_its_own_lesion_fail(archive, ensemble_folder, tmp_path):
    rows = [row for number in range(3) for row in lesion_rows(number)]
    rows[3][7] = "wide"
    table = write_table(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_local(table, tmp_path / "out", ensemble_folder)
    assert [record.case_id for record in read_records(tmp_path / "out" / "records.jsonl")] == [
        "case-0",
        "case-2",
    ]
    (failure,) = failures_of(tmp_path / "out")
    assert (failure["line"], failure["case_id"], failure["step"]) == ("4", "case-1", "table")
    assert "line 5: box_w is 'wide'" in failure["reason"]
    assert summary.exit_code == 1


def test_a_row_that_is_not_utf_8_makes_only_its_own_lesion_fail(archive, ensemble_folder, tmp_path):
    rows = [row for number in range(2) for row in lesion_rows(number)]
    table = write_table(tmp_path / "lesions.csv", absolute(rows, archive))
    table.write_bytes(table.read_bytes().replace(b"case-1", b"case-\xff"))
    _, summary = run_local(table, tmp_path / "out", ensemble_folder)
    assert summary.counts.records == 1
    assert {failure["line"] for failure in failures_of(tmp_path / "out")} == {"4", "5"}
    assert all("UTF-8" in failure["reason"] for failure in failures_of(tmp_path / "out"))


def stream_and_count(table: Path) -> tuple[int, int, int]:
    """Return the numbers of valid and invalid lesions, and the peak of memory in bytes."""
    tracemalloc.start()
    valid = refused = 0
    for entry in lesion_table.stream_lesions(table):
        valid += isinstance(entry, lesion_table.LesionEntry)
        refused += isinstance(entry, lesion_table.RefusedEntry)
    return valid, refused, tracemalloc.get_traced_memory()[1]


@pytest.mark.parametrize("lesion_count", [4000, pytest.param(500_000, marks=pytest.mark.slow)])
def test_a_table_is_streamed_with_bounded_memory(tmp_path, lesion_count):
    """A few bytes per lesion remain, to detect duplicates. Measured in a separate process, since
    tracemalloc also counts what other tests left behind."""

    def rows():
        for number in range(lesion_count):
            first, second = lesion_rows(number)
            yield first
            yield [*second[:5], "?", *second[6:]] if number == lesion_count // 2 else second

    table = write_table(tmp_path / "lesions.csv", rows())
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        valid, refused, peak = process.submit(stream_and_count, table).result()
    assert (valid, refused) == (lesion_count - 1, 1)
    assert peak < 200 * lesion_count + 500_000


def test_a_lesion_that_is_listed_twice_fails_the_second_time(
    archive, ensemble_folder, tmp_path, monkeypatch
):
    """Directly after the first, and after its rows are no longer in memory."""
    monkeypatch.setattr(lesion_table, "REACH", 4)
    rows = [*lesion_rows(0), *lesion_rows(0), *(row for n in range(1, 6) for row in lesion_rows(n))]
    rows += lesion_rows(0)
    table = write_table(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_local(table, tmp_path / "out", ensemble_folder)
    assert summary.counts.records == 6
    failures = failures_of(tmp_path / "out")
    assert [failure["line"] for failure in failures] == ["4", "5", "16", "17"]
    assert all("is another row of case-0 lesion 1" in failure["reason"] for failure in failures)


def test_a_lesion_with_contradictory_rows_fails(archive, ensemble_folder, tmp_path):
    rows = [*lesion_rows(0), *lesion_rows(1)]
    rows[1][2] = "L"
    table = write_table(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_local(table, tmp_path / "out", ensemble_folder)
    assert summary.counts.records == 1
    (failure,) = failures_of(tmp_path / "out")
    assert "laterality is L, but R in an earlier row of case-0 lesion 1" in failure["reason"]


def test_a_damaged_film_makes_one_lesion_fail_until_it_is_repaired(
    own_archive, ensemble_folder, tmp_path
):
    film = own_archive / "films" / "20-MLO.png"
    film.write_bytes(film.read_bytes()[:500])
    out = tmp_path / "out"
    _, summary = run_local(own_archive / "lesions.csv", out, ensemble_folder)
    assert (summary.counts.records, summary.counts.failed_lesions, summary.exit_code) == (39, 1, 1)
    (failure,) = failures_of(out)
    assert failure["case_id"] == "case-20"
    assert failure["reason"].startswith(str(film))

    shutil.copy(own_archive / "films" / "19-MLO.png", film)  # only this lesion is repeated
    _, summary = run_local(own_archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert (summary.reused, summary.counts.records, summary.exit_code) == (39, 40, 0)
    assert failures_of(out) == []
    assert outcomes_in(out) == 41


def test_missing_films_fail_until_they_are_back(own_archive, ensemble_folder, tmp_path):
    (own_archive / "films").rename(tmp_path / "elsewhere")
    out = tmp_path / "out"
    _, summary = run_local(own_archive / "lesions.csv", out, ensemble_folder)
    assert summary.exit_code == 1
    assert len(failures_of(out)) == 40
    assert all("does not exist" in failure["reason"] for failure in failures_of(out))

    (tmp_path / "elsewhere").rename(own_archive / "films")
    _, summary = run_local(own_archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert summary.counts.records == 40


def test_an_output_folder_that_is_deleted_stops_the_run(archive, ensemble_folder, tmp_path):
    out = tmp_path / "out"
    options = RunOptions(model=str(ensemble_folder))
    steps = run_batch(TableSource(archive / "lesions.csv"), out, LocalExecutor(), options)
    next(steps)
    shutil.rmtree(out)
    with pytest.raises(InputError, match=r"000000\.jsonl: cannot be written"):
        list(steps)


def test_a_run_continues_only_with_resume_and_only_an_existing_run(
    archive, undisturbed, ensemble_folder, tmp_path
):
    table = archive / "lesions.csv"
    assert "--resume" in refusal(table, undisturbed, ensemble_folder)
    message = refusal(table, tmp_path / "new", ensemble_folder, existing="resume")
    assert "contains no run to resume" in message


def test_a_run_is_not_resumed_with_another_model(archive, undisturbed, tmp_path):
    other = write_ensemble(tmp_path / "small", version="1")
    message = refusal(archive / "lesions.csv", undisturbed, other, existing="resume")
    assert "has SHA-256" in message
    assert "specify another folder" in message


def test_a_run_is_not_resumed_with_another_version(
    archive, undisturbed, ensemble_folder, monkeypatch
):
    monkeypatch.setattr("mammopair.batch.runner.__version__", "99.0")
    message = refusal(archive / "lesions.csv", undisturbed, ensemble_folder, existing="resume")
    assert "version 99.0" in message


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"report": True}, "started with report off, not on"),
        ({"explain": True}, "started with explain off, not on"),
        ({"runtime": "openvino"}, "started with runtime torch, not openvino"),
    ],
)
def test_a_run_is_not_resumed_with_other_options(
    archive, undisturbed, ensemble_folder, option, message
):
    if "runtime" in option:
        pytest.importorskip("openvino")
    table = archive / "lesions.csv"
    found = refusal(table, undisturbed, ensemble_folder, existing="resume", **option)
    assert message in found


def test_resuming_a_finished_run_changes_nothing(archive, undisturbed, ensemble_folder, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "out")
    _, summary = run_local(
        archive / "lesions.csv", tmp_path / "out", ensemble_folder, existing="resume"
    )
    assert summary.reused == 40
    assert all(same_results(tmp_path / "out", undisturbed))


def test_a_folder_in_use_by_another_run_is_refused(archive, ensemble_folder, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"):
        message = refusal(archive / "lesions.csv", tmp_path / "out", ensemble_folder)
    assert "another run" in message


def test_a_damaged_line_in_the_journal_is_named(archive, undisturbed, ensemble_folder, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "out")
    shard = tmp_path / "out" / "shards" / "000000.jsonl"
    lines = shard.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:50] + b"\n"
    shard.write_bytes(b"".join(lines))
    message = refusal(archive / "lesions.csv", tmp_path / "out", ensemble_folder, existing="resume")
    assert "000000.jsonl, line 4: is damaged" in message


def test_a_changed_table_is_followed_on_resume(archive, ensemble_folder, tmp_path):
    """Removed lesions are left out, new and changed ones are classified, others are kept."""
    rows = absolute([row for number in range(4) for row in lesion_rows(number)], archive)
    table, out = write_table(tmp_path / "lesions.csv", rows), tmp_path / "out"
    run_local(table, out, ensemble_folder)
    rows[2][5] = rows[3][5] = 100.0
    del rows[6:]
    write_table(table, [*rows, *absolute(lesion_rows(9), archive)])
    _, summary = run_local(table, out, ensemble_folder, existing="resume")
    cases = [record.case_id for record in read_records(out / "records.jsonl")]
    assert cases == ["case-0", "case-1", "case-2", "case-9"]
    assert summary.reused == 2
    assert read_records(out / "records.jsonl")[1].views[0].box[0] == 100.0


@pytest.mark.parametrize(
    "case", ["../../escape", "/etc/escape", "..", "a/../../b", "nul\x01", "é", "c" * 300]
)
def test_files_stay_inside_the_folder_whatever_a_case_id_contains(
    archive, ensemble_folder, tmp_path, case
):
    rows = absolute(lesion_rows(0, case=case), archive)
    table = write_table(tmp_path / "lesions.csv", rows)
    out = tmp_path / "deep" / "out"
    _, summary = run_local(table, out, ensemble_folder, evidence=True, report=True)
    assert summary.exit_code == 0, failures_of(out)
    assert read_records(out / "records.jsonl")[0].case_id == case
    assert len(list(out.rglob("report.html"))) == len(list(out.rglob("CC.png"))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"lesions.csv", "deep"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
