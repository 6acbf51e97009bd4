"""The table of field cases: trouble that people met with real files, and the right result.

Each row is a :class:`~Testing.field_cases.case.FieldCase`; each module holds the rows of related
kinds in ``CASES``. The tests of the engine and of the Slicer plug-in run all of them. To add a
case, add a row: nothing else has to change.

    python -m Testing.field_cases [FOLDER]

prints the table and, with a folder, writes the inputs.
"""

from __future__ import annotations

from Testing.field_cases import boxes, image_kind, spacing, tables, view_and_side
from Testing.field_cases.case import (
    COMMON_WARNINGS,
    FieldCase,
    Marked,
    Read,
    Refused,
    Selected,
    Table,
)

CASES: tuple[FieldCase, ...] = (
    *boxes.CASES,
    *image_kind.CASES,
    *spacing.CASES,
    *tables.CASES,
    *view_and_side.CASES,
)
"""All rows."""

__all__ = [
    "CASES",
    "COMMON_WARNINGS",
    "FieldCase",
    "Marked",
    "Read",
    "Refused",
    "Selected",
    "Table",
]
