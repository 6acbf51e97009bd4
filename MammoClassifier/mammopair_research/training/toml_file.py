"""Reading and validation of TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from mammopair.errors import InputError

Struct = TypeVar("Struct", bound=msgspec.Struct)


def read_toml(
    path: Path,
    type_: type[Struct],
    describe: Callable[[msgspec.ValidationError], str] = str,
) -> Struct:
    """Read a TOML file and convert it to a struct.

    Parameters
    ----------
    path
        The file.
    type_
        The struct with its keys and their types.
    describe
        Formats a validation error as text.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML or does not validate; the message names file and
        key.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), type_)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not UTF-8 text; save it in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InputError(path, describe(error)) from error
