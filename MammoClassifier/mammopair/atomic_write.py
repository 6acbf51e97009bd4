"""Write files and folders so that they are either complete or absent.

Everything is written under a temporary name beside its destination, which is then renamed. If
writing fails, what was written is removed and an earlier file or folder of that name is unchanged.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from mammopair.errors import InputError


@contextmanager
def atomic_write(path: Path) -> Iterator[TextIO]:
    """Write a text file that appears under its name only when it is complete.

    Yields
    ------
    TextIO
        UTF-8; line ends are not translated.

    Raises
    ------
    InputError
        If the operating system refuses: no such folder, no permission, no space left.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def atomic_write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file as :func:`atomic_write` writes a text file.

    Raises
    ------
    InputError
        If the operating system refuses: no such folder, no permission, no space left.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Let a library write a file by its path; the file appears when the block ends.

    Yields
    ------
    Path
        Temporary path beside ``path``.

    Raises
    ------
    InputError
        If the operating system refuses: no such folder, no permission, no space left.
    """
    temporary = _temporary(path, "part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _write_error(path, error) from error
    finally:
        # The temporary file does not exist if it could not be opened.
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Fill a folder that appears when the block ends, in place of an earlier one of that name.

    Yields
    ------
    Path
        Temporary, empty folder beside ``path``. Missing parent folders are created.

    Raises
    ------
    InputError
        If the operating system refuses: no permission, no space left.
    """
    temporary, earlier = _temporary(path, "part"), _temporary(path, "old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            path.rename(earlier)
        temporary.rename(path)
    except OSError as error:
        if earlier.exists() and not path.exists():
            earlier.rename(path)
        raise _write_error(path, error) from error
    finally:
        for folder in (temporary, earlier):
            shutil.rmtree(folder, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, unless it exists.

    Raises
    ------
    InputError
        If the operating system refuses: a file of this name, no permission, no space left.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _write_error(path, error) from error


def prepare_folder(path: Path) -> None:
    """Make a folder and check that files can be written to it, before long work.

    Raises
    ------
    InputError
        If the operating system refuses: a file of this name, no permission, no space left.
    """
    make_folder(path)
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _write_error(path, error) from error


def _temporary(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{suffix}")


def _write_error(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(
        path,
        f"cannot be written ({reason}); choose a folder that exists, is yours and has free space",
    )
