"""The lesion table: the lesions to classify, one row for each view of a lesion.

CSV with the columns ``case_id, lesion_id, laterality, view, file, box_x, box_y, box_w, box_h``
and optionally ``label``. Boxes are in stored pixels, with the origin at the top left corner of
the image. Files are relative to the folder of the table unless another folder is specified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.errors import InputError
from mammopair.io.csv_table import is_utf_8, parse_row, read_cells
from mammopair.lesion_groups import find_conflict
from mammopair.view import Box

Size = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]

LATERALITIES: dict[str, Literal["L", "R"]] = {"L": "L", "LEFT": "L", "R": "R", "RIGHT": "R"}
EXPECTED = {
    "laterality": "L or R",
    "view": "CC or MLO",
    "box_x": "a number of pixels",
    "box_y": "a number of pixels",
    "box_w": "a number of pixels above 0",
    "box_h": "a number of pixels above 0",
    "label": "1 (malignant), 0 (benign) or empty",
}
"""The valid values of the fields, for error messages."""


class LesionTableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One view of a lesion. Other columns of the table are ignored."""

    case_id: Text
    lesion_id: Text
    laterality: Literal["L", "R"]
    view: Literal["CC", "MLO"]
    file: Text
    box_x: float
    box_y: float
    box_w: Size
    box_h: Size
    label: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None

    @property
    def box(self) -> Box:
        """The box around the mass."""
        return Box(self.box_x, self.box_y, self.box_w, self.box_h)


class TableLesion(msgspec.Struct, frozen=True):
    """One lesion of a lesion table: its one or two rows."""

    rows: tuple[LesionTableRow, ...]

    @property
    def case_id(self) -> str:
        """The case, equal in all rows."""
        return self.rows[0].case_id

    @property
    def lesion_id(self) -> str:
        """The lesion within the case, equal in all rows."""
        return self.rows[0].lesion_id

    @property
    def name(self) -> str:
        """Case and lesion, for messages."""
        return f"{self.case_id} lesion {self.lesion_id}"


@dataclass(frozen=True)
class BadRow:
    """An invalid row."""

    case_id: str
    """Empty if it cannot be read."""
    lesion_id: str
    """Empty if it cannot be read."""
    error: InputError
    """The line and the field."""


def read_lesion_table(path: Path, root: Path | None = None) -> list[TableLesion]:
    """Read and validate a complete lesion table.

    Parameters
    ----------
    path
        The table.
    root
        The folder that files are relative to; by default that of the table.

    Returns
    -------
    list of TableLesion
        In order of their first rows, with absolute files if ``path`` or ``root`` is absolute.

    Raises
    ------
    InputError
        If the table cannot be read, a column is missing, a value is invalid, a lesion has two
        rows of one view or rows that disagree, or a file does not exist.
    """
    lesions: dict[tuple[str, str], list[LesionTableRow]] = {}
    for line, row in scan_rows(path):
        if isinstance(row, BadRow):
            raise row.error
        where = f"{path}, line {line}"
        lesion = lesions.setdefault((row.case_id, row.lesion_id), [])
        check_against(where, row, lesion)
        file = (root or path.parent) / row.file
        if not _is_file(file):
            raise InputError(
                where, f"names the file {file}, which does not exist; correct the path"
            )
        lesion.append(msgspec.structs.replace(row, file=str(file)))
    if not lesions:
        raise InputError(path, "contains no lesions; add one row for each view of a lesion")
    return [TableLesion(tuple(rows)) for rows in lesions.values()]


def scan_rows(path: Path) -> Iterator[tuple[int, LesionTableRow | BadRow]]:
    """Yield each row, valid or not, with its line number, while reading the file.

    Raises
    ------
    InputError
        If the file cannot be read, is not CSV, or lacks a column.
    """
    for line, cells in read_cells(path, LesionTableRow):
        yield line, _parse(f"{path}, line {line}", cells)


def check_against(where: str, row: LesionTableRow, previous: Sequence[LesionTableRow]) -> None:
    """Check a row against the previous rows of its lesion.

    Parameters
    ----------
    where
        The row, for error messages: ``PATH, line NUMBER``.
    row
        The row.
    previous
        The rows above it with the same case and lesion.

    Raises
    ------
    InputError
        If the lesion already has a row of this view, or another laterality or label.
    """
    if problem := find_conflict(row, previous, f"{row.case_id} lesion {row.lesion_id}"):
        raise InputError(where, problem)


def _parse(where: str, cells: dict[str, str | None]) -> LesionTableRow | BadRow:
    side, view = ((cells[name] or "").strip().upper() for name in ("laterality", "view"))
    normalised = {**cells, "laterality": LATERALITIES.get(side, side), "view": view}
    try:
        return parse_row(where, normalised, LesionTableRow, EXPECTED)
    except InputError as error:
        case, lesion = ((cells[name] or "").strip() for name in ("case_id", "lesion_id"))
        readable = is_utf_8(case + lesion)
        return BadRow(case if readable else "", lesion if readable else "", error)


def _is_file(path: Path) -> bool:
    """Whether a file exists; False for a name that is too long for the file system."""
    try:
        return path.is_file()
    except OSError:
        return False
