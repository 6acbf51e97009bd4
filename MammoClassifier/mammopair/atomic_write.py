"""Files that are there whole or not at all."""

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

    What is written goes to a temporary file beside ``path``, which then takes its place in one
    step. Whatever fails before, the temporary file goes and a file of an earlier run stays.

    Yields
    ------
    TextIO
        UTF-8, line ends as written.

    Raises
    ------
    InputError
        If the operating system refuses: no such folder, no permission, no space left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        # It may never have come to be, in a folder that is none.
        with suppress(OSError):
            temporary.unlink()


def _refused(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(
        path, f"cannot be written ({reason}); choose a folder that exists, is yours and has space"
    )
