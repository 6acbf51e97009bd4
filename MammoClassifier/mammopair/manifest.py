"""The manifest: a table of lesions to classify, one row a view of a lesion.

CSV with the columns ``case_id, lesion_id, laterality, view, file, box_x, box_y, box_w, box_h``
and optionally ``label``. Boxes are in stored pixels from the image's top left corner; files are
relative to the manifest's folder unless another root is given.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.errors import InputError
from mammopair.reading.view import Box

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


class ManifestRow(msgspec.Struct, frozen=True, kw_only=True):
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


class LesionEntry(msgspec.Struct, frozen=True):
    """One lesion of a manifest: its one or two rows."""

    rows: tuple[ManifestRow, ...]

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


def read_manifest(path: Path, root: Path | None = None) -> list[LesionEntry]:
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
    lesions: dict[tuple[str, str], list[ManifestRow]] = {}
    for line, row in read_rows(path):
        where = f"{path}, line {line}"
        lesion = lesions.setdefault((row.case_id, row.lesion_id), [])
        _check_against(where, row, lesion)
        file = (root or path.parent) / row.file
        if not _is_file(file):
            raise InputError(where, f"names {file}, which is not there")
        lesion.append(msgspec.structs.replace(row, file=str(file)))
    if not lesions:
        raise InputError(path, "holds no lesion; a row a view of a lesion is needed")
    return [LesionEntry(tuple(rows)) for rows in lesions.values()]


def read_rows(path: Path) -> Iterator[tuple[int, ManifestRow]]:
    """Each row with its line number, checked by itself, as the file is read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream, skipinitialspace=True)
            needed = {field.name for field in msgspec.structs.fields(ManifestRow) if field.required}
            columns = table.fieldnames or ()
            missing = sorted(needed - set(columns))
            if missing and len(columns) == 1 and ";" in columns[0]:
                raise InputError(path, "has semicolons between its cells; save it with commas")
            if missing:
                raise InputError(path, f"has no column {', '.join(missing)}")
            for cells in table:
                if any(cells.values()):
                    yield table.line_num, _convert(f"{path}, line {table.line_num}", cells)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not text in UTF-8; save the table as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(path, f"is not CSV: {error}") from error


def _convert(where: str, cells: dict[str, str]) -> ManifestRow:
    """One row, its numbers read as numbers; what DictReader keeps under None has no column."""
    if None in cells:
        raise InputError(
            where, "has more cells than the table has columns; put text with commas in quotes"
        )
    given = {name: (cell or "").strip() for name, cell in cells.items()}
    for name in ("laterality", "view"):
        given[name] = given[name].upper()
    given["laterality"] = LATERALITIES.get(given["laterality"], given["laterality"])
    given = {name: cell for name, cell in given.items() if cell}
    for field in msgspec.structs.fields(ManifestRow):
        if field.required and field.name not in given:
            raise InputError(where, f"{field.name} is empty; every view needs it")
        if field.name in WANTED and field.name in given:
            _check_value(where, field, given[field.name])
    return msgspec.convert(given, ManifestRow, strict=False)


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


def _check_against(where: str, row: ManifestRow, lesion: list[ManifestRow]) -> None:
    """Raise unless a row goes with those of its lesion that came before."""
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
