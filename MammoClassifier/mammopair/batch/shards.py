"""The journal of a run: outcomes on disk as JSON Lines in shards, appended by one writer.

A shard contains the outcomes of the lesions that begin in the same :data:`LINES` lines of the
table, one per line, in the order in which they were computed; any shard fits in memory, so that the
results can be written in the order of the table. An outcome counts when its line is complete on
disk: an incomplete last line, as after a crash or on a full disk, is removed before the shard is
appended to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import msgspec

from mammopair.batch.outcome import Failure, Outcome
from mammopair.errors import InputError
from mammopair.io.json_file import write_json
from mammopair.io.lesion_table import LesionEntry
from mammopair.record import Record, decode_record

LINES = 2000
"""Lines of the table that share a shard; about 10 MB of records."""
INDEX = "index.json"


class StoredOutcome(msgspec.Struct, frozen=True):
    """An outcome as it was written to disk."""

    number: int
    digest: str
    record: msgspec.Raw
    """JSON of the record, byte for byte as it was written, or ``null``."""
    failures: tuple[Failure, ...]

    @property
    def has_record(self) -> bool:
        """Whether the lesion was classified."""
        return bytes(self.record) != b"null"

    def read_record(self) -> Record:
        """Decode the record."""
        return decode_record(bytes(self.record))


class ShardEntry(msgspec.Struct):
    """The index entry of a shard."""

    first_line: int
    """First line of the table that it covers."""
    outcomes: int = 0
    """Lines in it; a lesion that was repeated after a failure has two."""
    failed: int = 0
    """Outcomes with a failure."""
    bytes: int = 0


class Shards:
    """The shards of one run; they have a single writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: dict[str, ShardEntry] = {}
        self._load = lru_cache(4)(self._read)

    def append(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes, and return when they are on disk.

        Raises
        ------
        InputError
            If the operating system refuses; outcomes written before are kept.
        """
        ordered = sorted(outcomes, key=lambda outcome: outcome.number)
        for shard, group in groupby(ordered, key=lambda outcome: shard_of(outcome.number)):
            path = self._path(shard)
            self._load(shard)  # removes an incomplete line, before anything is appended
            members = list(group)
            lines = b"".join(msgspec.json.encode(outcome) + b"\n" for outcome in members)
            try:
                self.folder.mkdir(exist_ok=True)
                with path.open("ab") as stream:
                    stream.write(lines)
                    stream.flush()
                    os.fsync(stream.fileno())
            except OSError as error:
                raise InputError(
                    path, f"cannot be written: {error.strerror}; free some space"
                ) from error
            entry = self._index[path.name]
            entry.outcomes += len(members)
            entry.failed += sum(bool(outcome.failures) for outcome in members)
            entry.bytes += len(lines)

    def find(self, entry: LesionEntry) -> StoredOutcome | None:
        """Return the outcome of a lesion; None if there is none for the same rows.

        The result is as of when this object first read the shard.
        """
        stored = self._load(shard_of(entry.number)).get(entry.number)
        return stored if stored is not None and stored.digest == entry.digest else None

    def write_index(self) -> None:
        """Write ``index.json``, which describes the shards that were read or written."""
        write_json(self.folder / INDEX, dict(sorted(self._index.items())))

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}.jsonl"

    def _read(self, shard: int) -> dict[int, StoredOutcome]:
        """Return the last outcome of each lesion of a shard; remove an incomplete last line."""
        path = self._path(shard)
        try:
            content = path.read_bytes() if path.exists() else b""
            complete = content.rfind(b"\n") + 1
            if complete < len(content):
                os.truncate(path, complete)
        except OSError as error:
            raise InputError(path, f"cannot be read: {error.strerror}") from error
        stored = list(_decode(path, content[:complete]))
        self._index[path.name] = ShardEntry(
            first_line=shard * LINES,
            outcomes=len(stored),
            failed=sum(bool(one.failures) for one in stored),
            bytes=complete,
        )
        return {one.number: one for one in stored}


def shard_of(number: int) -> int:
    """Return the shard of a lesion from the number of its first line."""
    return number // LINES


def _decode(path: Path, content: bytes) -> Iterator[StoredOutcome]:
    decoder = msgspec.json.Decoder(StoredOutcome)
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise InputError(
                f"{path}, line {number}",
                f"is damaged ({error}); delete this line",
            ) from error
