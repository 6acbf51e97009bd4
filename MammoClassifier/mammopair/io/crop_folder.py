"""A folder of prepared lesion crops: ``crops.csv`` and the pictures it names.

The layout is that of the prepared CBIS-DDSM masses, one row a mass in a view. Training and
``mammopair evaluate`` read it here, and nowhere else.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from mammopair.errors import InputError
from mammopair.view import (
    Acquisition,
    Box,
    Laterality,
    Projection,
    Spacing,
    SpacingMeaning,
    View,
)

INDEX = "crops.csv"

Positive = Annotated[float, msgspec.Meta(gt=0)]
Label = Annotated[int, msgspec.Meta(ge=0, le=1)]


class CropRow(msgspec.Struct, frozen=True, kw_only=True):
    """One mass in one view, as ``crops.csv`` describes it. Other columns are left unread."""

    patient_id: str
    laterality: str
    """``LEFT`` or ``RIGHT``."""
    view: str
    """``CC`` or ``MLO``."""
    abnormality_id: str
    label: Label
    """1 for malignant, 0 for benign."""
    file: str
    """The picture, relative to the folder."""
    lesion_x: float
    """Left edge of the lesion's box in the picture, in pixels; the next three likewise."""
    lesion_y: float
    lesion_w: Positive
    lesion_h: Positive
    mm_per_crop_px: Positive | None = None
    """Millimetres per pixel of the picture, on the film; None where the spacing is unknown."""
    pair_id: str = ""
    """Shared by the CC and the MLO row of one mass; empty where the mass has one view."""
    usable: Label = 1
    """0 leaves the row out of everything."""
    mass_shape: str = ""
    mass_margins: str = ""
    breast_density: str = ""
    assessment: str = ""
    subtlety: str = ""
    scanner: str = ""
    film: str = ""
    """The whole film that it was cut from, as ``films.csv`` names it; see :mod:`.film_folder`."""
    film_box_x: float = 0.0
    """Left edge of the lesion's box on the film, in stored pixels; the next three likewise."""
    film_box_y: float = 0.0
    film_box_w: float = 0.0
    film_box_h: float = 0.0

    @property
    def lesion(self) -> str:
        """Names the mass: its pair where it has one, else breast and number."""
        return self.pair_id or f"{self.patient_id}_{self.laterality}_{self.abnormality_id}"

    @property
    def box(self) -> Box:
        """The lesion's box in the picture."""
        return Box(self.lesion_x, self.lesion_y, self.lesion_w, self.lesion_h)

    @property
    def film_box(self) -> Box | None:
        """The lesion's box on its film, or None where no film is known."""
        box = Box(self.film_box_x, self.film_box_y, self.film_box_w, self.film_box_h)
        return box if self.film and box.width > 0 and box.height > 0 else None


def read_index(folder: Path) -> list[CropRow]:
    """The usable rows of a folder's ``crops.csv``, in its order.

    Raises
    ------
    InputError
        Naming file, line and column, if the table is missing, lacks a column, holds a value that
        cannot be, names a picture twice, or names one that is not there.
    """
    path = folder / INDEX
    if not path.is_file():
        raise InputError(path, "is missing; the folder must hold crops.csv and its pictures")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            needed = {field.name for field in msgspec.structs.fields(CropRow) if field.required}
            missing = sorted(needed - set(table.fieldnames or ()))
            if missing:
                raise InputError(path, f"has no column {', '.join(missing)}")
            rows = [_convert(path, table.line_num, cells) for cells in table]
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is not text in UTF-8; save the table as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(path, f"is not CSV: {error}") from error

    rows = [row for row in rows if row.usable]
    if not rows:
        raise InputError(path, "holds no usable row")
    seen: set[str] = set()
    for row in rows:
        if row.file in seen:
            raise InputError(path, f"names {row.file} twice; each picture may have one row")
        seen.add(row.file)
        if not (folder / row.file).is_file():
            raise InputError(path, f"names {row.file}, which is not in the folder")
    return rows


def read_crop(folder: Path, row: CropRow) -> View:
    """The picture of a row as a view, which it is: a film seen through a window."""
    from mammopair.io.image_file import read_image

    millimetres = row.mm_per_crop_px
    return replace(
        read_image(folder / row.file),
        laterality=Laterality.LEFT if row.laterality == "LEFT" else Laterality.RIGHT,
        projection=Projection(row.view),
        spacing=Spacing(millimetres, millimetres, SpacingMeaning.FILM) if millimetres else None,
        patient_id=row.patient_id,
        acquisition=Acquisition.FILM,
    )


def _convert(path: Path, line: int, cells: dict[str, str]) -> CropRow:
    """One row of the table, its numbers read as numbers; empty optional cells get defaults."""
    given = {name: cell for name, cell in cells.items() if cell not in ("", None)}
    try:
        row = msgspec.convert(given, CropRow, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}, line {line}", str(error)) from error
    if row.view not in ("CC", "MLO") or row.laterality not in ("LEFT", "RIGHT"):
        raise InputError(
            f"{path}, line {line}",
            f"says {row.laterality} {row.view}; laterality must be LEFT or RIGHT, view CC or MLO",
        )
    return row
