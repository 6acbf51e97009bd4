"""Where the lesions of a run come from: a lesion table, or a list of lesions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from mammopair.errors import InputError
from mammopair.io.lesion_table import (
    LesionEntry,
    RefusedEntry,
    TableLesion,
    digest_of,
    stream_lesions,
)


class LesionSource(Protocol):
    """Lesions in a fixed order, numbered with increasing numbers."""

    @property
    def name(self) -> str:
        """File or description, for ``run.json`` and messages."""

    @property
    def title(self) -> str:
        """Heading of the report."""

    def sha256(self) -> str:
        """Hash of the content.

        Raises
        ------
        InputError
            If it cannot be read.
        """

    def entries(self) -> Iterator[LesionEntry | RefusedEntry]:
        """Yield the lesions, from the start at each call.

        Raises
        ------
        InputError
            If they cannot be read.
        """


@dataclass(frozen=True)
class TableSource:
    """The lesions of a lesion table, which is read as a stream."""

    table: Path
    root: Path | None = None
    """Folder that the files are relative to; by default that of the table."""
    heading: str = ""
    """Heading of the report; by default the name of the table."""

    @property
    def name(self) -> str:
        """Absolute path of the table."""
        return str(self.table.absolute())

    @property
    def title(self) -> str:
        """Heading of the report."""
        return self.heading or self.table.stem

    def sha256(self) -> str:
        """Hash of the file."""
        try:
            with self.table.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise InputError(self.table, f"cannot be read: {error.strerror}") from error

    def entries(self) -> Iterator[LesionEntry | RefusedEntry]:
        """Yield the lesions; the number of a lesion is the line of its first row."""
        return stream_lesions(self.table, self.root)


@dataclass(frozen=True)
class ListSource:
    """Lesions in memory."""

    lesions: Sequence[TableLesion]
    title: str
    name: str = "command line"

    def sha256(self) -> str:
        """Hash of all rows."""
        return hashlib.sha256(msgspec.json.encode(list(self.lesions))).hexdigest()

    def entries(self) -> Iterator[LesionEntry | RefusedEntry]:
        """Yield the lesions, numbered from 1."""
        for number, lesion in enumerate(self.lesions, start=1):
            yield LesionEntry(number, digest_of(lesion), lesion, ())
