"""Read CSV tables: typed rows with their line numbers, and errors that name line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from mammopair.errors import InputError

NOT_UTF_8 = "is not UTF-8 text; save the table as CSV in UTF-8"

Row = TypeVar("Row", bound=msgspec.Struct)


def read_cells(
    path: Path, row_type: type[msgspec.Struct]
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the line number and the cells, by column name, of each row that is not blank.

    Parameters
    ----------
    path
        The table; its first line has the column names.
    row_type
        The table must have a column for each of its required fields.

    Raises
    ------
    InputError
        If the file cannot be read, is not CSV, or lacks a column.
    """
    try:
        # Bytes that are not UTF-8 become surrogates, so that parse_row rejects their row only.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            table = csv.DictReader(stream, skipinitialspace=True)
            _check_columns(path, table.fieldnames or (), row_type)
            for cells in table:
                if any(cells.values()):
                    yield table.line_num, cells
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise InputError(path, f"is not CSV ({error}); save the table as CSV") from error


def parse_row(
    where: str,
    cells: Mapping[str, str | None],
    row_type: type[Row],
    expected: Mapping[str, str],
) -> Row:
    """Convert the cells of a row to a typed row; an empty cell takes the field's default.

    Parameters
    ----------
    where
        The row, for error messages: ``PATH, line NUMBER``.
    cells
        As :func:`read_cells` yields them.
    row_type
        The type of the row. Columns that are not among its fields are ignored.
    expected
        The valid values of a field, for error messages; ``a number`` for fields not listed.

    Raises
    ------
    InputError
        If the row has more cells than columns, is not UTF-8, lacks a required value or has an
        invalid one. Infinite numbers and NaN are invalid.
    """
    if None in cells:  # DictReader's key for surplus cells
        raise InputError(
            where, "has more cells than the table has columns; put text with commas in quotes"
        )
    values = {name: text for name, cell in cells.items() if (text := (cell or "").strip())}
    if not is_utf_8("".join(values.values())):
        raise InputError(where, NOT_UTF_8)
    try:
        row = msgspec.convert(values, row_type, strict=False)
    except msgspec.ValidationError as error:
        _check_fields(where, values, row_type, expected)
        raise InputError(where, f"is invalid: {error}; correct the row") from error
    if not all(map(_is_finite, msgspec.structs.astuple(row))):
        _check_fields(where, values, row_type, expected)
    return row


def is_utf_8(text: str) -> bool:
    """Whether some text of :func:`read_cells` was valid UTF-8 in the file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_columns(path: Path, columns: Sequence[str], row_type: type[msgspec.Struct]) -> None:
    if not all(map(is_utf_8, columns)):
        raise InputError(path, NOT_UTF_8)
    required = {field.name for field in msgspec.structs.fields(row_type) if field.required}
    missing = sorted(required - set(columns))
    if missing and len(columns) == 1 and ";" in columns[0]:
        raise InputError(path, "is separated by semicolons; save it with commas")
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}; add it to the table")


def _check_fields(
    where: str,
    values: Mapping[str, str],
    row_type: type[msgspec.Struct],
    expected: Mapping[str, str],
) -> None:
    """Raise for the first field that is missing or invalid."""
    for field in msgspec.structs.fields(row_type):
        text = values.get(field.name)
        if text is None:
            if field.required:
                raise InputError(where, f"{field.name} is empty; every row needs a value")
            continue
        try:
            valid = _is_finite(msgspec.convert(text, field.type, strict=False))
        except msgspec.ValidationError:
            valid = False
        if not valid:
            wanted = expected.get(field.name, "a number")
            raise InputError(where, f"{field.name} is {text!r}; it must be {wanted}")


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
