"""What a user writes in TOML, read and checked by the shape that it must have."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from mammopair.errors import InputError

Shape = TypeVar("Shape", bound=msgspec.Struct)


def read_toml(
    path: Path, shape: type[Shape], say: Callable[[msgspec.ValidationError], str] = str
) -> Shape:
    """Read a file whole.

    Parameters
    ----------
    shape
        Its keys, and the values that they may have.
    say
        What is wrong with a key, in words.

    Raises
    ------
    InputError
        Naming the file and the key, if it cannot be read, is no TOML, or is not of this shape.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), shape)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not text in UTF-8, as TOML must be") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InputError(path, say(error)) from error
