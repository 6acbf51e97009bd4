"""The manifest: a table of lesions to classify, one row a view of a lesion.

CSV with the columns ``case_id, lesion_id, laterality, view, file, box_x, box_y, box_w, box_h``
and optionally ``label``. Boxes are in stored pixels from the image's top left corner; files are
relative to the manifest's folder unless another root is given.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.errors import InputError
from mammopair.view import Box

Size = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]

LATERALITIES: dict[str, Literal["L", "R"]] = {"L": "L", "LEFT": "L", "R": "R", "RIGHT": "R"}
WANTED = {
    "laterality": "L or R",
    "view": "CC or MLO",
    "box_x": "a number of pixels",
    "box_y": "a number of pixels",
    "box_w": "a number of pixels above 0",
    "box_h": "a number of pixels above 0",
    "label": "1 (malignant), 0 (benign) or empty",
}
"""What a field must be, for messages."""
NOT_UTF_8 = "is not text in UTF-8; save the table as CSV in UTF-8"


class LesionTableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One view of a lesion. Columns that are not named here are left unread."""

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
        """The marked mass."""
        return Box(self.box_x, self.box_y, self.box_w, self.box_h)


class TableLesion(msgspec.Struct, frozen=True):
    """One lesion of a manifest: its one or two rows."""

    rows: tuple[LesionTableRow, ...]

    @property
    def case_id(self) -> str:
        """The case, the same in all rows."""
        return self.rows[0].case_id

    @property
    def lesion_id(self) -> str:
        """The lesion within the case."""
        return self.rows[0].lesion_id

    @property
    def name(self) -> str:
        """Case and lesion, for messages."""
        return f"{self.case_id} lesion {self.lesion_id}"


def read_lesion_table(path: Path, root: Path | None = None) -> list[TableLesion]:
    """Read and check a manifest whole; lesions in order of first appearance.

    Parameters
    ----------
    path
        The table.
    root
        The folder that files are relative to; the manifest's own where it is None.

    Raises
    ------
    InputError
        Naming the line and the field: a missing column, a bad value, a row twice, two rows of
        one view, rows of one lesion that contradict each other, or a file that is not there.
    """
    lesions: dict[tuple[str, str], list[LesionTableRow]] = {}
    for line, row in read_rows(path):
        where = f"{path}, line {line}"
        lesion = lesions.setdefault((row.case_id, row.lesion_id), [])
        check_against(where, row, lesion)
        file = (root or path.parent) / row.file
        if not _is_file(file):
            raise InputError(where, f"names {file}, which is not there")
        lesion.append(msgspec.structs.replace(row, file=str(file)))
    if not lesions:
        raise InputError(path, "holds no lesion; a row a view of a lesion is needed")
    return [TableLesion(tuple(rows)) for rows in lesions.values()]


@dataclass(frozen=True)
class BadRow:
    """A row that is no view of a lesion."""

    case_id: str
    """As far as the row tells."""
    lesion_id: str
    error: InputError
    """Naming the line and the field."""


def read_rows(path: Path) -> Iterator[tuple[int, LesionTableRow]]:
    """Each row with its line number, checked by itself, as the file is read.

    Raises
    ------
    InputError
        As :func:`scan_rows`, and at the first bad row.
    """
    for line, row in scan_rows(path):
        if isinstance(row, BadRow):
            raise row.error
        yield line, row


def scan_rows(path: Path) -> Iterator[tuple[int, LesionTableRow | BadRow]]:
    """Each row with its line number, good or bad, as the file is read.

    Raises
    ------
    InputError
        If the file cannot be read, is no table, or lacks a column.
    """
    try:
        # What is not UTF-8 is carried along, so that it spoils its own row only.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            table = csv.DictReader(stream, skipinitialspace=True)
            _check_columns(path, table.fieldnames or ())
            for cells in table:
                if any(cells.values()):
                    yield table.line_num, _read_row(f"{path}, line {table.line_num}", cells)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise InputError(path, f"is not CSV: {error}") from error


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    if not all(map(_is_text, columns)):
        raise InputError(path, NOT_UTF_8)
    needed = {field.name for field in msgspec.structs.fields(LesionTableRow) if field.required}
    missing = sorted(needed - set(columns))
    if missing and len(columns) == 1 and ";" in columns[0]:
        raise InputError(path, "has semicolons between its cells; save it with commas")
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}")


def _read_row(where: str, cells: dict[str, str]) -> LesionTableRow | BadRow:
    try:
        return _convert(where, cells)
    except InputError as error:
        case, lesion = ((cells.get(name) or "").strip() for name in ("case_id", "lesion_id"))
        known = _is_text(case + lesion)
        return BadRow(case if known else "", lesion if known else "", error)


def _is_text(cell: str) -> bool:
    """Whether all of it was UTF-8, and none of it carried along as it was."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _convert(where: str, cells: dict[str, str]) -> LesionTableRow:
    """One row, its numbers read as numbers; what DictReader keeps under None has no column."""
    if None in cells:
        raise InputError(
            where, "has more cells than the table has columns; put text with commas in quotes"
        )
    given = {name: (cell or "").strip() for name, cell in cells.items()}
    if not _is_text("".join(given.values())):
        raise InputError(where, NOT_UTF_8)
    for name in ("laterality", "view"):
        given[name] = given[name].upper()
    given["laterality"] = LATERALITIES.get(given["laterality"], given["laterality"])
    given = {name: cell for name, cell in given.items() if cell}
    try:
        row = msgspec.convert(given, LesionTableRow, strict=False)
    except msgspec.ValidationError:
        row = None
    if row is None or not all(map(math.isfinite, (row.box_x, row.box_y, row.box_w, row.box_h))):
        _check_fields(where, given)
        raise InputError(where, "is no view of a lesion; see the columns of the manifest")
    return row


def _check_fields(where: str, given: dict[str, str]) -> None:
    """Raise for the first field that is not what it must be."""
    for field in msgspec.structs.fields(LesionTableRow):
        if field.required and field.name not in given:
            raise InputError(where, f"{field.name} is empty; every view needs it")
        if field.name in WANTED and field.name in given:
            _check_value(where, field, given[field.name])


def _check_value(where: str, field: msgspec.structs.FieldInfo, cell: str) -> None:
    """Raise unless a cell is what its field must be."""
    try:
        value = msgspec.convert(cell, field.type, strict=False)
        fits = not isinstance(value, float) or math.isfinite(value)
    except msgspec.ValidationError:
        fits = False
    if not fits:
        raise InputError(where, f"{field.name} is {cell!r}; it must be {WANTED[field.name]}")


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a name that is too long for one is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_against(where: str, row: LesionTableRow, lesion: list[LesionTableRow]) -> None:
    """Raise :class:`InputError` unless a row goes with those of its lesion that came before."""
    name = f"{row.case_id} lesion {row.lesion_id}"
    for other in lesion:
        if other.view == row.view:
            raise InputError(where, f"is a second {row.view} row of {name}; a view has one row")
        if other.laterality != row.laterality:
            raise InputError(
                where, f"says {row.laterality}, but {name} was {other.laterality} above"
            )
        if other.label != row.label:
            raise InputError(where, f"says label {row.label}, but {name} had {other.label} above")
