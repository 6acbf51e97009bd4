"""The whole films that a folder of crops was cut from: ``films.csv`` and the pictures it names.

The films of the prepared CBIS-DDSM masses are stored in 800 x 800 pixels, stretched; the spacing
of rows and columns, which differs, undoes it. The crop mapping takes such pixels as they are.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow
from mammopair.io.csv_table import parse_row, read_cells
from mammopair.io.image_file import read_image
from mammopair.view import (
    Acquisition,
    Laterality,
    Projection,
    Spacing,
    SpacingMeaning,
    View,
)

INDEX = "films.csv"
EXPECTED = dict.fromkeys(("mm_per_col", "mm_per_row"), "a number above 0")
"""The valid values of the fields, for error messages."""

Positive = Annotated[float, msgspec.Meta(gt=0)]


class FilmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One film, as ``films.csv`` describes it. Other columns are left unread."""

    file: str
    """The picture, relative to the folder."""
    mm_per_col: Positive
    """Millimetres from a stored column to the next, on the film."""
    mm_per_row: Positive


def read_film_index(folder: Path) -> dict[str, FilmRow]:
    """The films by the name that ``crops.csv`` gives them; empty where there is no table.

    Raises
    ------
    InputError
        Naming file and line, if the table holds a value that cannot be.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    rows = (
        parse_row(f"{path}, line {line}", cells, FilmRow, EXPECTED)
        for line, cells in read_cells(path, FilmRow)
    )
    return {row.file: row for row in rows}


def read_film(folder: Path, row: CropRow, film: FilmRow) -> View:
    """The film of a row as a view.

    Raises
    ------
    InputError
        If the picture is missing or cannot be read.
    """
    path = folder / film.file
    if not path.is_file():
        raise InputError(path, f"is named in {INDEX} but is not there")
    return replace(
        read_image(path),
        laterality=Laterality.LEFT if row.laterality == "LEFT" else Laterality.RIGHT,
        projection=Projection(row.view),
        spacing=Spacing(film.mm_per_row, film.mm_per_col, SpacingMeaning.FILM),
        patient_id=row.patient_id,
        acquisition=Acquisition.FILM,
    )
