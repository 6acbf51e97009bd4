"""Running ``mammopair`` and ``mammopair-research`` in this process, as fixtures and helpers."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import pytest


def run_main(main, name, arguments, monkeypatch, capfd):
    """Run a command line; return its exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    return ended.value.code or 0, out, err


def only_message(name, code, out, err, expected_code=1):
    """The one message that a failed command printed."""
    assert code == expected_code, err
    assert out == ""
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith(f"{name}: ")
    return lines[0].removeprefix(f"{name}: ")


@pytest.fixture
def run(monkeypatch, capfd):
    """Run ``mammopair``; returns exit code, standard output and standard error."""
    from mammopair.cli import main

    return lambda *arguments: run_main(main, "mammopair", arguments, monkeypatch, capfd)


@pytest.fixture
def run_research(monkeypatch, capfd):
    """Run ``mammopair-research``; returns exit code, standard output and standard error."""
    from mammopair_research.cli import main

    return lambda *arguments: run_main(main, "mammopair-research", arguments, monkeypatch, capfd)


@pytest.fixture
def refused(run):
    """Run ``mammopair``, which must fail with one message; returns the message."""
    return lambda *arguments, code=1: only_message("mammopair", *run(*arguments), code)


@pytest.fixture
def research_refused(run_research):
    """Run ``mammopair-research``, which must fail with one message; returns the message."""
    return lambda *arguments: only_message("mammopair-research", *run_research(*arguments))


@contextmanager
def files_no_larger_than(size):
    """Limit the size of files, so that writing fails as on a full disk."""
    resource = pytest.importorskip("resource")  # not on Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def written(folder):
    """The names of the files that a command wrote, without the lock of the folder."""
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )
