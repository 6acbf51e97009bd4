"""What is done, on disk: JSON Lines in shards, appended by one writer, with an index.

A shard holds the outcomes of the lesions that begin in the same :data:`LINES` lines of the
manifest, one a line, in the order in which they came; so any shard can be read into memory, and
the results come out in the manifest's order whatever the order of completion. An outcome counts
once its line is on the disk whole: what is behind the last line end, as a crash or a full disk
leaves it, is cut off before the shard is appended to again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.batch.lesion_stream import BatchLesion
from mammopair.batch.outcome import Failure, Outcome
from mammopair.errors import InputError
from mammopair.record import Record, decode_record

LINES = 2000
"""Lines of the manifest that share a shard; some 10 MB of records."""
INDEX = "index.json"


class StoredOutcome(msgspec.Struct, frozen=True):
    """An outcome as it was written."""

    number: int
    digest: str
    record: msgspec.Raw
    """The JSON of the record, byte for byte as it was written, or ``null``."""
    failures: tuple[Failure, ...]

    @property
    def has_record(self) -> bool:
        """Whether the lesion was classified."""
        return bytes(self.record) != b"null"

    def read_record(self) -> Record:
        """The record."""
        return decode_record(bytes(self.record))


class ShardEntry(msgspec.Struct):
    """What the index says of a shard."""

    first_line: int
    """The first line of the manifest that it is for."""
    outcomes: int = 0
    """Lines in it; a lesion that was done again after a failure has two."""
    failed: int = 0
    """Those with a failure."""
    bytes: int = 0


class Shards:
    """The shards of one run; a single writer has them at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: dict[str, ShardEntry] = {}
        self._load = lru_cache(4)(self._read)

    def append(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes down, and come back once they are on the disk.

        Raises
        ------
        InputError
            If the operating system refuses; what was written before stays.
        """
        ordered = sorted(outcomes, key=lambda outcome: outcome.number)
        for shard, group in groupby(ordered, key=lambda outcome: shard_of(outcome.number)):
            path = self._path(shard)
            self._load(shard)  # mends what a crash left, before anything is put behind it
            mine = list(group)
            lines = b"".join(msgspec.json.encode(outcome) + b"\n" for outcome in mine)
            try:
                self.folder.mkdir(exist_ok=True)
                with path.open("ab") as stream:
                    stream.write(lines)
                    stream.flush()
                    os.fsync(stream.fileno())
            except OSError as error:
                raise InputError(
                    path,
                    f"cannot be written: {error.strerror}; what was finished is kept, so mend it "
                    "and go on with --resume",
                ) from error
            entry = self._index[path.name]
            entry.outcomes += len(mine)
            entry.failed += sum(bool(outcome.failures) for outcome in mine)
            entry.bytes += len(lines)

    def find(self, lesion: BatchLesion) -> StoredOutcome | None:
        """What became of a lesion, if it was done as the manifest now says it is.

        As it was when this object first looked at the shard.
        """
        stored = self._load(shard_of(lesion.number)).get(lesion.number)
        return stored if stored is not None and stored.digest == lesion.digest else None

    def write_index(self) -> None:
        """Write what is in the shards that were touched, for people and machines."""
        with atomic_write(self.folder / INDEX) as stream:
            ordered = dict(sorted(self._index.items()))
            stream.write(msgspec.json.format(msgspec.json.encode(ordered), indent=2).decode())

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}.jsonl"

    def _read(self, shard: int) -> dict[int, StoredOutcome]:
        """A shard's outcomes by number, of several the last; what is half written is cut off."""
        path = self._path(shard)
        try:
            content = path.read_bytes() if path.exists() else b""
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(path, whole)
        except OSError as error:
            raise InputError(path, f"cannot be read: {error.strerror}") from error
        stored = list(_decode(path, content[:whole]))
        self._index[path.name] = ShardEntry(
            first_line=shard * LINES,
            outcomes=len(stored),
            failed=sum(bool(one.failures) for one in stored),
            bytes=whole,
        )
        return {one.number: one for one in stored}


def shard_of(number: int) -> int:
    """The shard that a lesion belongs to, by the line that it begins at."""
    return number // LINES


def _decode(path: Path, content: bytes) -> Iterator[StoredOutcome]:
    decoder = msgspec.json.Decoder(StoredOutcome)
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise InputError(
                f"{path}, line {number}",
                f"is damaged ({error}); delete this line, and its lesion is done again",
            ) from error
