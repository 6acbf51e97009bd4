"""The lesion table: the lesions to classify, one row for each view of a lesion.

A table is read as a stream, so that one of any length is never in memory as a whole. The rows of a
lesion need not be adjacent, but must lie within :data:`REACH` lines. An invalid row makes its own
lesion invalid and no other.

CSV with the columns ``case_id, lesion_id, laterality, view, file, box_x, box_y, box_w, box_h``
and optionally ``label``. Boxes are in stored pixels, with the origin at the top left corner of
the image. Files are relative to the folder of the table unless another folder is specified.
Other encodings, delimiters and spellings of the columns that are read:
:func:`~mammopair.io.csv_table.read_cells`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
REACH = 10_000
"""Lines within which all rows of a lesion must lie; at most as many rows are in memory."""

Key = tuple[str, str]
"""Case and lesion."""


class LesionTableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One view of a lesion. Other columns of the table are ignored."""

    case_id: Text
    """The exam or patient; not necessarily the Patient ID of the files."""
    lesion_id: Text
    """The mass within the case."""
    laterality: Literal["L", "R"]
    """The breast; ``LEFT`` and ``RIGHT`` are accepted too."""
    view: Literal["CC", "MLO"]
    """The projection of the image."""
    file: Text
    """The image, relative to the folder of the table; with ``--dicomweb`` a SOP Instance UID."""
    box_x: float
    """Left edge of the box around the mass, in stored pixels from the left edge of the image."""
    box_y: float
    """Top edge of the box, in stored pixels from the top edge of the image."""
    box_w: Size
    """Width of the box, in stored pixels."""
    box_h: Size
    """Height of the box, in stored pixels."""
    label: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None
    """1 malignant, 0 benign; copied into the record and used for nothing else."""

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


@dataclass(frozen=True)
class LesionEntry:
    """A valid lesion of a table."""

    number: int
    """Line of its first row; the header is line 1."""
    digest: str
    """Of the content of its rows; independent of the folder of the table."""
    lesion: TableLesion
    """With absolute files."""
    lines: tuple[int, ...]
    """Line of each row; empty if the lesion is not from a table."""


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
    lines: list[int] = field(default_factory=list)

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
    for line, row in _scan_rows(table):
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
                _add(row, line, lesion, table)
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
        In order of their first rows, with absolute files.

    Raises
    ------
    InputError
        If the table cannot be read, a column is missing, a value is invalid, a lesion has two
        rows of one view or rows that disagree, or a file does not exist.
    """
    lesions = []
    for entry in stream_lesions(path, root):
        if isinstance(entry, RefusedEntry):
            raise entry.error
        for line, row in zip(entry.lines, entry.lesion.rows, strict=True):
            if not _is_file(Path(row.file)):
                remedy = "correct it"
                if "\\" in row.file:
                    remedy = "write / instead of \\ between folders, and no drive letter"
                problem = f"names the file {row.file}, which does not exist; {remedy}"
                raise InputError(f"{path}, line {line}", problem)
        lesions.append(entry.lesion)
    if not lesions:
        raise InputError(path, "contains no lesions; add one row for each view of a lesion")
    return lesions


def digest_of(lesion: TableLesion) -> str:
    """Hash the content of the rows of a lesion."""
    return hashlib.sha256(msgspec.json.encode(lesion.rows)).hexdigest()[:32]


def _add(row: LesionTableRow | BadRow, line: int, lesion: _OpenLesion, table: Path) -> None:
    if isinstance(row, BadRow):
        raise row.error
    _check_against(f"{table}, line {line}", row, lesion.rows)
    lesion.rows.append(row)
    lesion.lines.append(line)


def _close(lesion: _OpenLesion, folder: Path) -> LesionEntry:
    rows = [msgspec.structs.replace(row, file=_resolve(folder, row.file)) for row in lesion.rows]
    digest = digest_of(TableLesion(tuple(lesion.rows)))
    return LesionEntry(lesion.number, digest, TableLesion(tuple(rows)), tuple(lesion.lines))


def _resolve(folder: Path, file: str) -> str:
    """The absolute path of a file; backslashes separate folders where only such a file exists."""
    path = folder / file
    if "\\" in file and not _is_file(path):
        other = folder / file.replace("\\", "/")
        if _is_file(other):
            return str(other)
    return str(path)


def _repeated(line: int, key: Key, table: Path) -> InputError:
    return InputError(
        f"{table}, line {line}",
        f"is another row of {key[0]} lesion {key[1]}, which is complete above; keep one row for "
        f"each view, within {REACH:,} lines",
    )


def _hash(key: Key) -> bytes:
    return hashlib.sha256("\0".join(key).encode()).digest()[:16]


def _scan_rows(path: Path) -> Iterator[tuple[int, LesionTableRow | BadRow]]:
    """Yield each row, valid or not, with its line number, while reading the file.

    Raises
    ------
    InputError
        If the file cannot be read, is not CSV, or lacks a column.
    """
    for line, cells in read_cells(path, LesionTableRow):
        yield line, _parse(f"{path}, line {line}", cells)


def _check_against(where: str, row: LesionTableRow, previous: Sequence[LesionTableRow]) -> None:
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
