"""The whole films that a folder of crops was cut from: ``films.csv`` and the pictures it names.

The films of the prepared CBIS-DDSM masses are stored in 800 x 800 pixels, stretched; the spacing
of rows and columns, which differs, undoes it. The crop mapping takes such pixels as they are.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow
from mammopair.view import (
    Acquisition,
    Laterality,
    Projection,
    Spacing,
    SpacingMeaning,
    View,
)

INDEX = "films.csv"

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
    films = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            for cells in table:
                try:
                    film = msgspec.convert(cells, FilmRow, strict=False)
                except msgspec.ValidationError as error:
                    raise InputError(f"{path}, line {table.line_num}", str(error)) from error
                films[film.file] = film
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"is not CSV in UTF-8: {error}") from error
    return films


def read_film(folder: Path, row: CropRow, film: FilmRow) -> View:
    """The film of a row as a view.

    Raises
    ------
    InputError
        If the picture is missing or cannot be read.
    """
    from mammopair.io.image_file import read_image

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
