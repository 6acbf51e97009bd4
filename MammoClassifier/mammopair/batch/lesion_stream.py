"""The manifest as a stream of lesions: good ones and refused ones, never held whole.

The rows of a lesion need not be neighbours, but must lie within :data:`REACH` lines. One bad row
spoils its own lesion and no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mammopair.batch.outcome import Failure
from mammopair.errors import InputError
from mammopair.io.lesion_table import BadRow, LesionTableRow, TableLesion, check_against, scan_rows

REACH = 10_000
"""Lines within which all rows of a lesion must lie; as many rows are held at most."""

Key = tuple[str, str]
"""Case and lesion."""


@dataclass(frozen=True)
class BatchLesion:
    """One lesion of the manifest that can be tried."""

    number: int
    """The line that it begins at, from 2, under the header."""
    digest: str
    """Of what the manifest says of it, wherever its folder lies."""
    entry: TableLesion
    """With files resolved against the manifest's folder."""


@dataclass(frozen=True)
class RefusedLesion:
    """One lesion, or one row of unknown lesion, that the manifest spoils."""

    number: int
    failure: Failure


@dataclass
class _Gathered:
    """The rows of one lesion so far."""

    number: int
    rows: list[LesionTableRow] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether no other row can belong to it."""
        return len(self.rows) == 2


def stream_lesions(manifest: Path) -> Iterator[BatchLesion | RefusedLesion]:
    """The lesions of a manifest in the order of their first rows.

    Whether the files are there is found out when they are read.

    Raises
    ------
    InputError
        If the manifest cannot be read, is no table, or lacks a column.
    """
    folder = manifest.absolute().parent
    waiting: dict[Key, _Gathered] = {}
    gone: set[bytes] = set()  # some 100 bytes a lesion: a million are 100 MB
    spoiled: set[Key] = set()
    for line, row in scan_rows(manifest):
        key = (row.case_id, row.lesion_id)
        if not all(key) and isinstance(row, BadRow):
            yield RefusedLesion(line, Failure(*key, str(row.error), "manifest"))
        elif key in spoiled:
            continue
        elif waiting[key].complete if key in waiting else _short(key) in gone:
            yield _repeated(line, key, manifest)
        else:
            lesion = waiting.setdefault(key, _Gathered(line))
            try:
                _add(row, lesion, f"{manifest}, line {line}")
            except InputError as error:
                spoiled.add(key)
                del waiting[key]
                yield RefusedLesion(lesion.number, Failure(*key, str(error), "manifest"))
        while waiting:
            first = next(iter(waiting))
            if not waiting[first].complete and line - waiting[first].number < REACH:
                break
            gone.add(_short(first))
            yield _finish(waiting.pop(first), folder)
    for gathered in waiting.values():
        yield _finish(gathered, folder)


def _add(row: LesionTableRow | BadRow, lesion: _Gathered, where: str) -> None:
    """Add a row to its lesion; raise what is wrong with it."""
    if isinstance(row, BadRow):
        raise row.error
    check_against(where, row, lesion.rows)
    lesion.rows.append(row)


def _finish(gathered: _Gathered, folder: Path) -> BatchLesion:
    rows = [msgspec.structs.replace(row, file=str(folder / row.file)) for row in gathered.rows]
    digest = hashlib.sha256(msgspec.json.encode(gathered.rows)).hexdigest()[:32]
    return BatchLesion(gathered.number, digest, TableLesion(tuple(rows)))


def _repeated(line: int, key: Key, manifest: Path) -> RefusedLesion:
    reason = (
        f"{manifest}, line {line}: names {key[0]} lesion {key[1]} once more, which has its rows "
        f"above; name each lesion once, with its rows within {REACH:,} lines"
    )
    return RefusedLesion(line, Failure(*key, reason, "manifest"))


def _short(key: Key) -> bytes:
    return hashlib.sha256("\0".join(key).encode()).digest()[:16]
