"""The outcome of a lesion: its record, and the steps that failed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TextIO

import msgspec

from mammopair.errors import InputError
from mammopair.record import Record

Step = Literal["table", "classify", "explain", "dicom", "report", "evidence"]

MISSING_RESULT: dict[Step, str] = {
    "explain": "no explanation",
    "dicom": "no DICOM objects",
    "report": "not in the report",
    "evidence": "no evidence pictures",
}
"""What a lesion with a record lacks if a step failed, for messages."""

COLUMNS = ("line", "case_id", "lesion_id", "step", "reason")


class Failure(msgspec.Struct, frozen=True):
    """A step that failed for a lesion."""

    case_id: str
    lesion_id: str
    reason: str
    """One sentence that names the file or field."""
    step: Step = "classify"

    @property
    def sentence(self) -> str:
        """Lesion, missing result and reason, for messages."""
        missing = MISSING_RESULT.get(self.step)
        return ": ".join(
            [
                f"{self.case_id} lesion {self.lesion_id}",
                *([missing] if missing else []),
                self.reason,
            ]
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one lesion."""

    number: int
    """Number of the lesion in its source; decides its place in the results."""
    digest: str
    """Of the rows of the lesion: an outcome is valid for exactly these."""
    record: Record | None
    failures: tuple[Failure, ...] = ()
    """Why there is no record, or which results are missing although there is one."""


class FailureTable:
    """Writer of ``failures.csv``."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def write(self, line: int, failures: Sequence[Failure]) -> None:
        """Write a row for each failure of the lesion that begins at a line."""
        for one in failures:
            self._writer.writerow((line, one.case_id, one.lesion_id, one.step, one.reason))


def read_failures(path: Path) -> list[Failure]:
    """Read ``failures.csv``.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    return [msgspec.convert(row, Failure) for row in rows]
