"""How the text of a CSV table is encoded and separated, as different programs write it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mammopair.errors import InputError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""The supported delimiters, and their names for messages."""

_HEAD = 65536
"""Bytes within which the header of a table ends."""
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""The first line with which Excel is told the delimiter; it is no part of the table."""


@dataclass(frozen=True)
class Dialect:
    """The encoding and the delimiter of a table."""

    encoding: str
    delimiter: str
    skipped: int
    """Lines before the header: a ``sep=`` line and empty lines."""

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers may have a decimal comma."""
        return self.delimiter != ","


def detect_dialect(path: Path, names: Collection[str]) -> Dialect:
    """Detect encoding and delimiter of a table from its first lines.

    UTF-8 and, with a byte order mark, UTF-16 and UTF-32 are recognised. The delimiter is that of a
    ``sep=`` line, or the one with which the header has the most known columns.

    Parameters
    ----------
    path
        The table.
    names
        The known columns, as from :func:`normalise_column`.

    Raises
    ------
    InputError
        If the file is an Excel workbook, or UTF-16 without a byte order mark.
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(path, "is an Excel workbook; save the table as CSV in UTF-8")
    encoding = _detect_encoding(head)
    if encoding == "utf-8-sig" and _is_wide(head):
        raise InputError(
            path, "is UTF-16 text without a byte order mark; save the table as CSV in UTF-8"
        )
    lines = head.decode(encoding, errors="replace").splitlines()
    skipped, delimiter = 0, ""
    for line in lines:
        stated = _SEPARATOR_LINE.fullmatch(line.strip(" "))
        if stated and not delimiter:
            delimiter = stated[1]
        elif line.strip():
            break
        skipped += 1
    header = lines[skipped] if skipped < len(lines) else ""
    if not delimiter:
        delimiter = max(DELIMITERS, key=lambda one: _count_known(header, one, names))
    return Dialect(encoding, delimiter, skipped)


def normalise_column(name: str) -> str:
    """Return a column's name in lower case, without spaces around it, with ``_`` between words."""
    return re.sub(r"[\s\-]+", "_", name.strip(" \t\r\n\ufeff\xa0\"'")).lower()


def _detect_encoding(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    return "utf-8-sig"


def _is_wide(head: bytes) -> bool:
    """Whether every second byte of the first line is NUL, as of ASCII text in UTF-16."""
    start = head[:40]
    return len(start) > 8 and (not any(start[1::2]) or not any(start[::2]))


def _count_known(header: str, delimiter: str, names: Collection[str]) -> int:
    try:
        cells = next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return 0
    return len({normalise_column(cell) for cell in cells} & set(names))
