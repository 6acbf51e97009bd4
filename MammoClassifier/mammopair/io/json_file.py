"""JSON files with a schema."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from mammopair.atomic_write import atomic_write_bytes
from mammopair.errors import InputError

Content = TypeVar("Content")


def read_json(path: Path, kind: type[Content], remedy: str) -> Content | None:
    """Read and validate a JSON file; None if it does not exist.

    Parameters
    ----------
    path
        The file.
    kind
        Type of its content.
    remedy
        What to do about an invalid file, for the error message.

    Raises
    ------
    InputError
        If the file cannot be read or is invalid.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not valid: {error}; {remedy}") from error


def write_json(path: Path, content: object) -> None:
    """Write an indented JSON file atomically.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    atomic_write_bytes(path, text + b"\n")
