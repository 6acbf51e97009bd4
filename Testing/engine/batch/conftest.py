"""A small archive on disk, the batch over it as users run it, and what undisturbed runs give."""

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
    """What one process gives for the archive: the folder of its results."""
    out = tmp_path_factory.mktemp("undisturbed")
    run_local(archive / "lesions.csv", out, ensemble_folder)
    return out


@pytest.fixture
def start():
    """Starts processes, and ends those that are left when the test is over."""
    running = []

    def run(*command, within=(), **options):
        options = {
            "env": environment(),
            "start_new_session": True,
            "text": True,
            # A shell's background job ignores Ctrl-C, and its children would inherit that.
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
    """Starts ``mammopair batch`` in a process of its own."""

    def run(table, out, *arguments, **options):
        command = (*MAMMOPAIR, "batch", table, out, "--model", ensemble_folder)
        return start(*command, *arguments, **options)

    return run


@pytest.fixture
def scheduler(start, tmp_path):
    """Starts a scheduler; gives its process, its address and what workers find it by."""

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
    """An authority and a certificate of our own, as PEM files."""
    import trustme

    authority = trustme.CA()
    mine = authority.issue_cert("127.0.0.1")
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "me.pem", tmp_path / "me.key")
    authority.cert_pem.write_to_path(str(files.ca))
    mine.cert_chain_pems[0].write_to_path(str(files.certificate))
    mine.private_key_pem.write_to_path(str(files.key))
    return files
