"""The lesions of a table as a stream, so that a table of any length is never in memory as a whole.

The rows of a lesion need not be adjacent, but must lie within :data:`REACH` lines. An invalid row
makes its own lesion invalid and no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mammopair.errors import InputError
from mammopair.io.lesion_table import BadRow, LesionTableRow, TableLesion, check_against, scan_rows

REACH = 10_000
"""Lines within which all rows of a lesion must lie; at most as many rows are in memory."""

Key = tuple[str, str]
"""Case and lesion."""


@dataclass(frozen=True)
class LesionEntry:
    """A valid lesion of a table."""

    number: int
    """Line of its first row; the header is line 1."""
    digest: str
    """Of the content of its rows; independent of the folder of the table."""
    lesion: TableLesion
    """With absolute files."""


@dataclass(frozen=True)
class RefusedEntry:
    """An invalid lesion, or an invalid row whose lesion is not known."""

    number: int
    """Line of its first row."""
    case_id: str
    """Empty if it cannot be read."""
    lesion_id: str
    """Empty if it cannot be read."""
    error: InputError
    """Names the line and the field."""


@dataclass
class _OpenLesion:
    """The rows of one lesion so far."""

    number: int
    rows: list[LesionTableRow] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether no further row can belong to the lesion."""
        return len(self.rows) == 2


def stream_lesions(table: Path, root: Path | None = None) -> Iterator[LesionEntry | RefusedEntry]:
    """Yield the lesions of a table in the order of their first rows.

    Whether the image files exist is not checked.

    Parameters
    ----------
    table
        Lesion table in CSV.
    root
        Folder that the files are relative to; by default that of the table.

    Raises
    ------
    InputError
        If the table cannot be read, is not CSV, or lacks a column.
    """
    folder = (root or table.parent).absolute()
    waiting: dict[Key, _OpenLesion] = {}
    yielded: set[bytes] = set()  # about 100 bytes per lesion
    refused: set[Key] = set()
    for line, row in scan_rows(table):
        key = (row.case_id, row.lesion_id)
        if not all(key) and isinstance(row, BadRow):
            yield RefusedEntry(line, *key, row.error)
        elif key in refused:
            continue
        elif waiting[key].complete if key in waiting else _hash(key) in yielded:
            yield RefusedEntry(line, *key, _repeated(line, key, table))
        else:
            lesion = waiting.setdefault(key, _OpenLesion(line))
            try:
                _add(row, lesion, f"{table}, line {line}")
            except InputError as error:
                refused.add(key)
                del waiting[key]
                yield RefusedEntry(lesion.number, *key, error)
        while waiting:
            first = next(iter(waiting))
            if not waiting[first].complete and line - waiting[first].number < REACH:
                break
            yielded.add(_hash(first))
            yield _close(waiting.pop(first), folder)
    for lesion in waiting.values():
        yield _close(lesion, folder)


def digest_of(lesion: TableLesion) -> str:
    """Hash the content of the rows of a lesion."""
    return hashlib.sha256(msgspec.json.encode(lesion.rows)).hexdigest()[:32]


def _add(row: LesionTableRow | BadRow, lesion: _OpenLesion, where: str) -> None:
    if isinstance(row, BadRow):
        raise row.error
    check_against(where, row, lesion.rows)
    lesion.rows.append(row)


def _close(lesion: _OpenLesion, folder: Path) -> LesionEntry:
    rows = [msgspec.structs.replace(row, file=str(folder / row.file)) for row in lesion.rows]
    digest = digest_of(TableLesion(tuple(lesion.rows)))
    return LesionEntry(lesion.number, digest, TableLesion(tuple(rows)))


def _repeated(line: int, key: Key, table: Path) -> InputError:
    return InputError(
        f"{table}, line {line}",
        f"{key[0]} lesion {key[1]} already has all its rows above; list each lesion once, with its "
        f"rows within {REACH:,} lines",
    )


def _hash(key: Key) -> bytes:
    return hashlib.sha256("\0".join(key).encode()).digest()[:16]
