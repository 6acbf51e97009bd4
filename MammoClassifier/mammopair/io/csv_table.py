"""Read CSV tables: typed rows with their line numbers, and errors that name line and column."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from mammopair.errors import InputError
from mammopair.io.csv_dialect import detect_dialect, normalise_column

NOT_UTF_8 = "is not UTF-8 text; save the table as CSV in UTF-8"

_CORNER_COLUMN = re.compile(r"(box_?|bbox_?)?(x_?(2|max|min|1)|(x|y)(min|max)|y_?(2|max|min|1))")
"""Columns of tools that store two corners of a box."""

Row = TypeVar("Row", bound=msgspec.Struct)


def read_cells(
    path: Path, row_type: type[msgspec.Struct]
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the line number and the cells, by column name, of each row that is not blank.

    Tables are read as spreadsheets and other programs write them: in UTF-8 or UTF-16, separated
    by commas, semicolons, tabs or vertical bars, with a ``sep=`` line, and with column names in any
    case and with spaces. Where the delimiter is no comma, decimal commas become decimal points.

    Parameters
    ----------
    path
        The table; its first line has the column names.
    row_type
        The table must have a column for each of its required fields.

    Raises
    ------
    InputError
        If the file cannot be read, is not CSV, lacks a column, or has two columns for one field.
    """
    fields = {field.name: field for field in msgspec.structs.fields(row_type)}
    numeric = {name for name, field in fields.items() if _is_numeric(field.type)}
    try:
        dialect = detect_dialect(path, fields)
        # Bytes that are not UTF-8 become surrogates, so that parse_row rejects their row only.
        errors = "surrogateescape" if dialect.encoding == "utf-8-sig" else "strict"
        with path.open(newline="", encoding=dialect.encoding, errors=errors) as stream:
            for _ in range(dialect.skipped):
                stream.readline()
            table = csv.DictReader(stream, delimiter=dialect.delimiter, skipinitialspace=True)
            columns = _name_columns(table.fieldnames or (), fields)
            _check_columns(path, columns, fields)
            table.fieldnames = columns
            for cells in table:
                if not any(cells.values()):
                    continue
                if dialect.decimal_comma:
                    _replace_decimal_commas(cells, numeric)
                yield table.line_num + dialect.skipped, cells
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise InputError(path, NOT_UTF_8) from error
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
            where,
            "has more cells than the table has columns; put text with commas in quotes and write "
            "numbers with a decimal point",
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


def _name_columns(columns: Sequence[str], fields: Collection[str]) -> list[str]:
    """The names of the columns; as the field where they differ in case or spaces only."""
    normalised = [normalise_column(column) for column in columns]
    return [
        name if name in fields else column for name, column in zip(normalised, columns, strict=True)
    ]


def _check_columns(
    path: Path, columns: Sequence[str], fields: Mapping[str, msgspec.structs.FieldInfo]
) -> None:
    if not all(map(is_utf_8, columns)):
        raise InputError(path, NOT_UTF_8)
    for name in fields:
        # pandas and R write the second of two columns of one name as "name.1".
        same = [column for column in columns if re.sub(r"\.\d+$", "", column) == name]
        if len(same) > 1:
            raise InputError(
                path, f"has {len(same)} columns {name} ({', '.join(same)}); remove the wrong ones"
            )
    missing = sorted(
        name for name, field in fields.items() if field.required and name not in columns
    )
    if not missing:
        return
    if len(columns) == 1 and columns[0].strip():
        raise InputError(
            path,
            f"has only the column {columns[0][:80]!r}; separate the columns with "
            "commas, semicolons or tabs",
        )
    corners = [column for column in columns if _CORNER_COLUMN.fullmatch(normalise_column(column))]
    remedy = "add it to the table"
    if corners and {"box_w", "box_h"} & set(missing):
        remedy = (
            f"compute it from {', '.join(corners)}: box_x and box_y are the left and the top edge, "
            "box_w and box_h the width and the height, in stored pixels"
        )
    raise InputError(path, f"has no column {', '.join(missing)}; {remedy}")


def _is_numeric(annotation: object) -> bool:
    """Whether a field has numbers, not text."""
    try:
        return not isinstance(msgspec.convert("1", annotation, strict=False), str)
    except msgspec.ValidationError:
        return False


def _replace_decimal_commas(cells: dict[str, str | None], numeric: Collection[str]) -> None:
    """Write the numbers of a row with a decimal point, unless some have a point already."""
    found = {name: cell for name in numeric if (cell := cells.get(name))}
    if any("." in cell for cell in found.values()):
        return  # the commas may separate thousands
    cells.update(
        {name: cell.replace(",", ".") for name, cell in found.items() if cell.count(",") == 1}
    )


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
