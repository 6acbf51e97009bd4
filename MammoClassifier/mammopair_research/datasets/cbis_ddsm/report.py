"""What did not match in a downloaded collection, and the table that lists it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from mammopair.atomic_write import atomic_write

REPORT = "report.csv"
COLUMNS = ("lesion", "outcome", "code", "message", "file")


class Code(StrEnum):
    """Kind of a discrepancy."""

    INVALID_ROW = "invalid-row"
    """A row of the case descriptions lacks an identifier, or its laterality or view is unknown."""
    DUPLICATE_ROW = "duplicate-row"
    """A row repeats an earlier one."""
    CONFLICTING_ROWS = "conflicting-rows"
    """Rows of one mass in one view differ."""
    UNKNOWN_TERM = "unknown-term"
    """A cell holds a term that the case descriptions of CBIS-DDSM do not use."""
    MISSING_FILM = "missing-film"
    SEVERAL_FILMS = "several-films"
    UNREADABLE_FILM = "unreadable-film"
    UNKNOWN_SCANNER = "unknown-scanner"
    """The pixel spacing is unknown, because no scanner produces the film's grey levels."""
    MISSING_ROI_SERIES = "missing-roi-series"
    MISSING_MASK = "missing-mask"
    EMPTY_MASK = "empty-mask"
    SEVERAL_MASKS = "several-masks"
    SWAPPED_MASK = "swapped-mask"
    """The file named as the cropped image is the mask."""
    SEPARATE_REGIONS = "separate-regions"
    """The mask has more than one connected region."""
    SIZE_MISMATCH = "size-mismatch"
    """Mask and film have different numbers of rows or columns."""
    UNREADABLE_FILE = "unreadable-file"
    UNLISTED_SERIES = "unlisted-series"
    """A series belongs to no row of the case descriptions."""


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that did not match."""

    lesion: str
    """The mass in a view, as ``Mass-Training_P_00001_LEFT_CC_1``; empty where none is known."""
    code: Code
    left_out: bool
    """Whether the mass in this view is missing from ``crops.csv`` because of it."""
    message: str
    """One sentence: what was found, and what was done or can be done."""
    file: str = ""
    """The file concerned, relative to the collection where it lies in it."""


class LeftOutError(Exception):
    """A mass in a view cannot be prepared.

    Parameters
    ----------
    code
        Kind of the discrepancy.
    message
        One sentence: what was found and what would help.
    file
        The file or folder in the collection that is concerned, if any.
    """

    def __init__(self, code: Code, message: str, file: Path | None = None) -> None:
        self.code = code
        self.message = message
        self.file = file
        super().__init__(message)

    def as_discrepancy(self, lesion: str, folder: Path) -> Discrepancy:
        """The entry of the report for one lesion of the collection in a folder."""
        return Discrepancy(
            lesion=lesion,
            code=self.code,
            left_out=True,
            message=self.message,
            file=self.file.relative_to(folder).as_posix() if self.file else "",
        )


def write_report(folder: Path, discrepancies: Sequence[Discrepancy]) -> Path:
    """Write ``report.csv``, lesions that were left out first; return its path.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = folder / REPORT
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for entry in sorted(discrepancies, key=lambda entry: not entry.left_out):
            outcome = "left out" if entry.left_out else "note"
            table.writerow([entry.lesion, outcome, entry.code, entry.message, entry.file])
    return path
