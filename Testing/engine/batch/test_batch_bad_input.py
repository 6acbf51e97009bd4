"""Bad input: one clear sentence each, and what was done stays done."""

from __future__ import annotations

import shutil
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from filelock import FileLock

from mammopair.batch import lesion_stream
from mammopair.batch.executor import LocalExecutor
from mammopair.batch.runner import Options, run_batch
from mammopair.errors import InputError
from mammopair.record import read_records
from Testing.engine.batch.archive import (
    failures_of,
    lesion_rows,
    outcomes_in,
    run_alone,
    same_results,
    write_manifest,
)
from Testing.synthetic_lesions import write_ensemble


def refusal(manifest, out, ensemble, **options):
    with pytest.raises(InputError) as refused:
        run_alone(manifest, out, ensemble, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def absolute(rows, archive):
    return [[*row[:4], str(archive / row[4]), *row[5:]] for row in rows]


def test_an_empty_manifest(tmp_path, ensemble_folder):
    manifest = write_manifest(tmp_path / "lesions.csv", [])
    assert "holds no lesion" in refusal(manifest, tmp_path / "out", ensemble_folder)
    assert not (tmp_path / "out").exists()


def test_a_manifest_that_is_not_there(tmp_path, ensemble_folder):
    assert "nowhere.csv" in refusal(tmp_path / "nowhere.csv", tmp_path / "out", ensemble_folder)


def test_one_bad_line_costs_its_own_lesion_only(archive, ensemble_folder, tmp_path):
    rows = [row for number in range(3) for row in lesion_rows(number)]
    rows[3][7] = "wide"
    manifest = write_manifest(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_alone(manifest, tmp_path / "out", ensemble_folder)
    assert [record.case_id for record in read_records(tmp_path / "out" / "records.jsonl")] == [
        "case-0",
        "case-2",
    ]
    (failure,) = failures_of(tmp_path / "out")
    assert (failure["line"], failure["case_id"], failure["step"]) == ("4", "case-1", "manifest")
    assert "line 5: box_w is 'wide'" in failure["reason"]
    assert summary.exit_code == 1


def test_a_line_that_is_not_text_costs_its_own_lesion_only(archive, ensemble_folder, tmp_path):
    rows = [row for number in range(2) for row in lesion_rows(number)]
    manifest = write_manifest(tmp_path / "lesions.csv", absolute(rows, archive))
    manifest.write_bytes(manifest.read_bytes().replace(b"case-1", b"case-\xff"))
    _, summary = run_alone(manifest, tmp_path / "out", ensemble_folder)
    assert summary.tally.records == 1
    assert {failure["line"] for failure in failures_of(tmp_path / "out")} == {"4", "5"}
    assert all("UTF-8" in failure["reason"] for failure in failures_of(tmp_path / "out"))


def stream_and_count(manifest: Path) -> tuple[int, int, int]:
    """Good lesions, refused ones, and the most bytes that Python held on the way."""
    tracemalloc.start()
    good = refused = 0
    for lesion in lesion_stream.stream_lesions(manifest):
        good += isinstance(lesion, lesion_stream.BatchLesion)
        refused += isinstance(lesion, lesion_stream.RefusedLesion)
    return good, refused, tracemalloc.get_traced_memory()[1]


@pytest.mark.parametrize("lesion_count", [4000, pytest.param(500_000, marks=pytest.mark.slow)])
def test_rows_are_streamed_and_never_held_whole(tmp_path, lesion_count):
    """Some bytes a lesion, to know it when it is named again; counted in a process of its own,
    since the allocator counts what other tests left running too."""

    def rows():
        for number in range(lesion_count):
            first, second = lesion_rows(number)
            yield first
            yield [*second[:5], "?", *second[6:]] if number == lesion_count // 2 else second

    manifest = write_manifest(tmp_path / "lesions.csv", rows())
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        good, refused, most = process.submit(stream_and_count, manifest).result()
    assert (good, refused) == (lesion_count - 1, 1)
    assert most < 200 * lesion_count + 500_000


def test_a_lesion_that_is_named_twice(archive, ensemble_folder, tmp_path, monkeypatch):
    """Right behind, and after all that is kept of its rows is that they were there."""
    monkeypatch.setattr(lesion_stream, "REACH", 4)
    rows = [*lesion_rows(0), *lesion_rows(0), *(row for n in range(1, 6) for row in lesion_rows(n))]
    rows += lesion_rows(0)
    manifest = write_manifest(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_alone(manifest, tmp_path / "out", ensemble_folder)
    assert summary.tally.records == 6
    failures = failures_of(tmp_path / "out")
    assert [failure["line"] for failure in failures] == ["4", "5", "16", "17"]
    assert all("case-0 lesion 1 once more" in failure["reason"] for failure in failures)


def test_rows_of_a_lesion_that_contradict_each_other(archive, ensemble_folder, tmp_path):
    rows = [*lesion_rows(0), *lesion_rows(1)]
    rows[1][2] = "L"
    manifest = write_manifest(tmp_path / "lesions.csv", absolute(rows, archive))
    _, summary = run_alone(manifest, tmp_path / "out", ensemble_folder)
    assert summary.tally.records == 1
    (failure,) = failures_of(tmp_path / "out")
    assert "laterality is L, but R in an earlier row of case-0 lesion 1" in failure["reason"]


def test_an_unreadable_file_in_the_middle(own_archive, ensemble_folder, tmp_path):
    film = own_archive / "films" / "20-MLO.png"
    film.write_bytes(film.read_bytes()[:500])
    out = tmp_path / "out"
    _, summary = run_alone(own_archive / "lesions.csv", out, ensemble_folder)
    assert (summary.tally.records, summary.tally.failed_lesions, summary.exit_code) == (39, 1, 1)
    (failure,) = failures_of(out)
    assert failure["case_id"] == "case-20"
    assert failure["reason"].startswith(str(film))

    shutil.copy(own_archive / "films" / "19-MLO.png", film)  # mended: it alone is done again
    _, summary = run_alone(own_archive / "lesions.csv", out, ensemble_folder, resume=True)
    assert (summary.kept, summary.tally.records, summary.exit_code) == (39, 40, 0)
    assert failures_of(out) == []
    assert outcomes_in(out) == 41


def test_a_directory_that_vanishes(own_archive, ensemble_folder, tmp_path):
    (own_archive / "films").rename(tmp_path / "elsewhere")
    out = tmp_path / "out"
    _, summary = run_alone(own_archive / "lesions.csv", out, ensemble_folder)
    assert summary.exit_code == 1
    assert len(failures_of(out)) == 40
    assert all("does not exist" in failure["reason"] for failure in failures_of(out))

    (tmp_path / "elsewhere").rename(own_archive / "films")
    _, summary = run_alone(own_archive / "lesions.csv", out, ensemble_folder, resume=True)
    assert summary.tally.records == 40


def test_a_folder_for_results_that_vanishes(archive, ensemble_folder, tmp_path):
    out = tmp_path / "out"
    options = Options(model=str(ensemble_folder))
    steps = run_batch(archive / "lesions.csv", out, LocalExecutor(), options)
    next(steps)
    shutil.rmtree(out)
    with pytest.raises(InputError, match=r"000000\.jsonl: cannot be written"):
        list(steps)


def test_a_folder_that_holds_a_run_or_none(archive, undisturbed, ensemble_folder, tmp_path):
    manifest = archive / "lesions.csv"
    assert "go on with it by --resume" in refusal(manifest, undisturbed, ensemble_folder)
    said = refusal(manifest, tmp_path / "new", ensemble_folder, resume=True)
    assert "holds no run" in said


def test_another_model_does_not_go_on_with_a_run(archive, undisturbed, tmp_path):
    other = write_ensemble(tmp_path / "small", version="1")
    said = refusal(archive / "lesions.csv", undisturbed, other, resume=True)
    assert "has SHA-256" in said
    assert "give another folder" in said


def test_another_version_does_not_go_on_with_a_run(
    archive, undisturbed, ensemble_folder, monkeypatch
):
    monkeypatch.setattr("mammopair.batch.runner.__version__", "99.0")
    said = refusal(archive / "lesions.csv", undisturbed, ensemble_folder, resume=True)
    assert "version 99.0" in said


def test_other_outputs_do_not_go_on_with_a_run(archive, undisturbed, ensemble_folder):
    said = refusal(
        archive / "lesions.csv", undisturbed, ensemble_folder, resume=True, outputs=("report",)
    )
    assert "was begun with outputs none, not report" in said


def test_a_finished_run_that_is_resumed_is_as_it_was(
    archive, undisturbed, ensemble_folder, tmp_path
):
    shutil.copytree(undisturbed, tmp_path / "out")
    _, summary = run_alone(archive / "lesions.csv", tmp_path / "out", ensemble_folder, resume=True)
    assert summary.kept == 40
    assert all(same_results(tmp_path / "out", undisturbed))


def test_two_runs_in_one_folder(archive, ensemble_folder, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"):
        said = refusal(archive / "lesions.csv", tmp_path / "out", ensemble_folder)
    assert "another run" in said


def test_a_shard_that_is_damaged_in_the_middle(archive, undisturbed, ensemble_folder, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "out")
    shard = tmp_path / "out" / "shards" / "000000.jsonl"
    lines = shard.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:50] + b"\n"
    shard.write_bytes(b"".join(lines))
    said = refusal(archive / "lesions.csv", tmp_path / "out", ensemble_folder, resume=True)
    assert "000000.jsonl, line 4: is damaged" in said


def test_a_manifest_that_changed_since_is_followed(archive, ensemble_folder, tmp_path):
    """What it says no more is left out, what it says anew is done, all else is kept."""
    rows = absolute([row for number in range(4) for row in lesion_rows(number)], archive)
    manifest, out = write_manifest(tmp_path / "lesions.csv", rows), tmp_path / "out"
    run_alone(manifest, out, ensemble_folder)
    rows[2][5] = rows[3][5] = 100.0
    del rows[6:]
    write_manifest(manifest, [*rows, *absolute(lesion_rows(9), archive)])
    _, summary = run_alone(manifest, out, ensemble_folder, resume=True)
    cases = [record.case_id for record in read_records(out / "records.jsonl")]
    assert cases == ["case-0", "case-1", "case-2", "case-9"]
    assert summary.kept == 2
    assert read_records(out / "records.jsonl")[1].views[0].box[0] == 100.0


@pytest.mark.parametrize(
    "case", ["../../escape", "/etc/escape", "..", "a/../../b", "nul\x01", "é", "c" * 300]
)
def test_what_is_written_stays_inside_the_folder_whatever_a_case_id_contains(
    archive, ensemble_folder, tmp_path, case
):
    rows = absolute(lesion_rows(0, case=case), archive)
    manifest = write_manifest(tmp_path / "lesions.csv", rows)
    out = tmp_path / "deep" / "out"
    _, summary = run_alone(manifest, out, ensemble_folder, outputs=("evidence", "report"))
    assert summary.exit_code == 0, failures_of(out)
    assert read_records(out / "records.jsonl")[0].case_id == case
    assert len(list(out.rglob("report.html"))) == len(list(out.rglob("CC.png"))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"lesions.csv", "deep"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
