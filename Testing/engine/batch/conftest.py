"""A small archive on disk, runs of the batch in separate processes, and reference results."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mammopair.batch.cluster import TlsFiles
from Testing.engine.batch.archive import (
    LESIONS,
    SCHEDULER,
    environment,
    lesion_rows,
    run_local,
    wait_until,
    write_table,
)
from Testing.synthetic_lesions import film, write_png

MAMMOPAIR = ("-c", "from mammopair.cli import main; main()")


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """A folder with ``lesions.csv`` and two films for each of 40 lesions."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "films").mkdir()
    for number in range(LESIONS):
        for place, view in enumerate(("CC", "MLO")):
            path = folder / "films" / f"{number}-{view}.png"
            if number < 6:
                write_png(path, film(seed=2 * number + place).pixels)
            else:
                shutil.copy(folder / "films" / f"{number % 6}-{view}.png", path)
    rows = [row for number in range(LESIONS) for row in lesion_rows(number)]
    write_table(folder / "lesions.csv", rows)
    return folder


@pytest.fixture
def own_archive(archive, tmp_path):
    """A copy of the archive that a test may damage."""
    return Path(shutil.copytree(archive, tmp_path / "archive"))


@pytest.fixture(scope="session")
def undisturbed(archive, ensemble_folder, tmp_path_factory):
    """The folder with the results of an uninterrupted run in one process."""
    out = tmp_path_factory.mktemp("undisturbed")
    run_local(archive / "lesions.csv", out, ensemble_folder)
    return out


@pytest.fixture
def start():
    """Start processes; those still running at the end of the test are killed."""
    running = []

    def run(*command, within=(), **options):
        options = {
            "env": environment(),
            "start_new_session": True,
            "text": True,
            # A background job of a shell ignores Ctrl-C, and its children would inherit that.
            "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        } | options
        process = subprocess.Popen(
            [*within, sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def batch(start, ensemble_folder):
    """Start ``mammopair batch`` in a separate process."""

    def run(table, out, *arguments, **options):
        command = (*MAMMOPAIR, "batch", table, out, "--model", ensemble_folder)
        return start(*command, *arguments, **options)

    return run


@pytest.fixture
def scheduler(start, tmp_path):
    """Start a scheduler; return its process, its address and the options for its workers."""

    def run(*arguments):
        file = tmp_path / "scheduler.json"
        here = ("--host", "127.0.0.1", "--port", "0")
        process = start(*SCHEDULER, *here, "--scheduler-file", file, *arguments)
        wait_until(file.exists, process)
        address = msgspec.json.decode(file.read_bytes())["address"]
        return process, address, ("--scheduler-file", file)

    return run


@pytest.fixture
def certificates(tmp_path):
    """An authority and a certificate signed by it, as PEM files."""
    import trustme

    authority = trustme.CA()
    mine = authority.issue_cert("127.0.0.1")
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "me.pem", tmp_path / "me.key")
    authority.cert_pem.write_to_path(str(files.ca))
    mine.cert_chain_pems[0].write_to_path(str(files.certificate))
    mine.private_key_pem.write_to_path(str(files.key))
    return files
