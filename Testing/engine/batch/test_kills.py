"""Completed lesions are kept and never repeated whatever is killed; --resume completes the run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import msgspec
import psutil
import pytest

from Testing.engine.batch.archive import (
    LESIONS,
    WORKER,
    end,
    environment,
    failures_of,
    lesion_rows,
    only_message,
    outcomes_in,
    run_local,
    same_results,
    wait_until,
    write_table,
)


def workers_of(process):
    """The worker processes of a local cluster."""
    return [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def numbers_in(out):
    """The numbers of all outcomes on disk, in the order in which they were written."""
    lines = [
        line
        for path in sorted((out / "shards").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    return [msgspec.json.decode(line)["number"] for line in lines]


def listening(process):
    """The addresses that a process and its children listen on."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    sockets = [socket for one in family for socket in one.net_connections("inet")]
    return {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}


def test_the_work_of_a_killed_worker_is_repeated(batch, archive, undisturbed, tmp_path):
    """The cluster listens on the local machine only."""
    out = tmp_path / "out"
    process = batch(archive / "lesions.csv", out, "--workers", 2)
    wait_until(lambda: outcomes_in(out) >= 8, process)
    assert listening(process) == {"127.0.0.1"}
    workers_of(process)[0].kill()
    end(process, 0)
    assert len(numbers_in(out)) == len(set(numbers_in(out))) == LESIONS
    assert all(same_results(out, undisturbed))


def test_workers_end_with_a_killed_client_and_the_run_can_be_resumed(
    batch, archive, undisturbed, ensemble_folder, tmp_path
):
    out = tmp_path / "out"
    process = batch(archive / "lesions.csv", out, "--workers", 1)
    wait_until(lambda: outcomes_in(out) >= 8, process)
    workers = workers_of(process)
    assert workers
    process.kill()
    process.wait()
    kept = outcomes_in(out)
    assert 8 <= kept < LESIONS
    psutil.wait_procs(workers, timeout=60)
    assert not [worker for worker in workers if worker.is_running()]

    _, summary = run_local(archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert summary.reused == kept
    assert len(numbers_in(out)) == len(set(numbers_in(out))) == LESIONS
    assert all(same_results(out, undisturbed))


def test_a_killed_scheduler_gives_one_message_and_the_run_can_be_resumed(
    start, scheduler, batch, archive, undisturbed, ensemble_folder, tmp_path
):
    out = tmp_path / "out"
    process_of_it, address, found = scheduler()
    worker = start(*WORKER, *found)
    process = batch(archive / "lesions.csv", out, "--scheduler", address)
    wait_until(lambda: outcomes_in(out) >= 8, process)
    process_of_it.kill()
    _, message = end(process, 1)
    worker.kill()
    assert "the connection to the scheduler was lost" in only_message(message)
    kept = outcomes_in(out)
    assert kept < LESIONS

    _, summary = run_local(archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert summary.reused == kept
    assert len(numbers_in(out)) == len(set(numbers_in(out))) == LESIONS
    assert all(same_results(out, undisturbed))


def test_a_full_disk_gives_one_message_and_the_run_can_be_resumed(
    batch, archive, undisturbed, ensemble_folder, tmp_path
):
    """The limit is reached within a line, as on a full disk."""
    resource = pytest.importorskip("resource")
    out = tmp_path / "out"
    whole = (undisturbed / "shards" / "000000.jsonl").stat().st_size
    room = whole * 2 // 5

    def less_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = batch(archive / "lesions.csv", out, "--workers", 0, preexec_fn=less_room)
    _, message = end(process, 1)
    assert "cannot be written" in only_message(message)
    assert "--resume" in message
    shard = out / "shards" / "000000.jsonl"
    assert shard.stat().st_size == room
    assert not shard.read_bytes().endswith(b"\n")

    kept = outcomes_in(out)
    _, summary = run_local(archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert 0 < summary.reused == kept < LESIONS
    assert len(numbers_in(out)) == len(set(numbers_in(out))) == LESIONS
    assert all(same_results(out, undisturbed))


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk with a number of bytes; a second call changes its size."""
    if os.name == "nt" or os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = []

    def mount(size):
        options = ["-o", f"{'remount,' * bool(mounted)}size={size}"]
        ran = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", folder], check=False)
        if ran.returncode:
            pytest.skip("no disk can be mounted here")
        mounted.append(size)
        return folder

    yield mount
    if mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_without_any_space_gives_one_message_and_the_run_can_be_resumed(
    batch, archive, undisturbed, ensemble_folder, small_disk
):
    """Nothing can be written any more, not even the index of the shards."""
    whole = (undisturbed / "shards" / "000000.jsonl").stat().st_size
    out = small_disk(whole * 2 // 5) / "out"
    process = batch(archive / "lesions.csv", out, "--workers", 0)
    _, message = end(process, 1)
    assert "cannot be written: No space left on device" in only_message(message)
    assert "--resume" in message
    kept = outcomes_in(out)
    assert 0 < kept < LESIONS

    small_disk(10 * whole)
    _, summary = run_local(archive / "lesions.csv", out, ensemble_folder, existing="resume")
    assert summary.reused == kept
    assert len(numbers_in(out)) == len(set(numbers_in(out))) == LESIONS
    assert all(same_results(out, undisturbed))


def test_completed_lesions_are_kept_when_the_user_interrupts(batch, archive, tmp_path):
    out = tmp_path / "out"
    process = batch(archive / "lesions.csv", out, "--workers", 1)
    wait_until(lambda: outcomes_in(out) >= 8, process)
    os.killpg(process.pid, signal.SIGINT)
    _, message = end(process, 130)
    assert "--resume" in message
    assert "completed lesions are kept" in message
    assert all(line.startswith("mammopair: ") for line in message.splitlines())
    assert 8 <= outcomes_in(out) < LESIONS


@pytest.mark.slow
def test_a_file_that_kills_every_worker_makes_only_its_lesion_fail(
    batch, archive, undisturbed, tmp_path
):
    """A crash of a decoder is not an exception: it ends the process."""
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly" / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def ends(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('deadly.png'):\n"
        "        os._exit(9)\n"
        "sys.addaudithook(ends)\n"
    )
    rows = [row for number in range(8) for row in lesion_rows(number)]
    for row in rows:
        row[4] = str(archive / row[4])
    rows[6][4] = str(archive / "films" / "deadly.png")
    table = write_table(tmp_path / "lesions.csv", rows)
    env = environment(tmp_path / "deadly")
    process = batch(table, tmp_path / "out", "--workers", 1, env=env)
    end(process, 1)
    (failure,) = failures_of(tmp_path / "out")
    assert failure["case_id"] == "case-3"
    assert "workers died while reading it" in failure["reason"]
    assert sorted(numbers_in(tmp_path / "out")) == [2, 4, 6, 8, 10, 12, 14, 16]
