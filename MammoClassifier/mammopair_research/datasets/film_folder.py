"""The whole films that the crops of a folder were cut from: ``films.csv`` and its images.

The films of the prepared CBIS-DDSM masses are stored as 800 x 800 pixels, so their pixels are not
square; the spacings of rows and columns state their size. The crop transform supports such pixels.
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
    """One row of ``films.csv``; other columns are ignored."""

    file: str
    """The image, relative to the folder."""
    mm_per_col: Positive
    """Column spacing on the film, in millimetres."""
    mm_per_row: Positive
    """Row spacing on the film, in millimetres."""


def read_film_index(folder: Path) -> dict[str, FilmRow]:
    """Read ``films.csv``; return the films by file name, or nothing if there is no such table.

    Raises
    ------
    InputError
        If the table cannot be read or has an invalid value; the message names file and line.
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
    """Read the film of a crop as a view.

    Raises
    ------
    InputError
        If the image is missing or cannot be read.
    """
    path = folder / film.file
    if not path.is_file():
        raise InputError(path, f"is missing, but {INDEX} lists it; add the image or remove the row")
    return replace(
        read_image(path),
        laterality=Laterality.LEFT if row.laterality == "LEFT" else Laterality.RIGHT,
        projection=Projection(row.view),
        spacing=Spacing(film.mm_per_row, film.mm_per_col, SpacingMeaning.FILM),
        patient_id=row.patient_id,
        acquisition=Acquisition.FILM,
    )
