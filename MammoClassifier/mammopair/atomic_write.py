"""Write a file so that it is either complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from mammopair.errors import InputError


@contextmanager
def atomic_write(path: Path) -> Iterator[TextIO]:
    """Write a text file that appears under its name only when it is complete.

    The text is written to a temporary file beside ``path``, which then replaces ``path`` in one
    step. If writing fails, the temporary file is removed and an earlier file is left unchanged.

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
        _replace_on_success(path) as temporary,
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
    with _replace_on_success(path) as temporary, temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _replace_on_success(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it unless the block raises."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            path,
            f"cannot be written ({reason}); "
            "choose a folder that exists, is yours and has free space",
        ) from error
    finally:
        # The temporary file does not exist if it could not be opened.
        with suppress(OSError):
            temporary.unlink()
