"""A folder of lesion crops: ``crops.csv`` and the images that it names.

The layout is that of the prepared CBIS-DDSM masses, one row for each view of a mass. Training and
``mammopair evaluate`` read it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.errors import InputError
from mammopair.io.csv_table import parse_row, read_cells
from mammopair.io.image_file import read_image
from mammopair.lesion_groups import group_lesions
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
EXPECTED = {
    "laterality": "LEFT or RIGHT",
    "view": "CC or MLO",
    "label": "1 (malignant) or 0 (benign)",
    "lesion_w": "a number above 0",
    "lesion_h": "a number above 0",
    "mm_per_crop_px": "a number above 0 or empty",
    "usable": "1 or 0",
}
"""The valid values of the fields, for error messages."""

Positive = Annotated[float, msgspec.Meta(gt=0)]
Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]


class CropRow(msgspec.Struct, frozen=True, kw_only=True):
    """One mass in one view: a row of ``crops.csv``. Other columns are ignored."""

    patient_id: str
    laterality: Literal["LEFT", "RIGHT"]
    view: Literal["CC", "MLO"]
    abnormality_id: str
    label: Flag
    """1 for malignant, 0 for benign."""
    file: str
    """The image, relative to the folder."""
    lesion_x: float
    """Left edge of the lesion's box, in pixels of the image; the next three likewise."""
    lesion_y: float
    lesion_w: Positive
    lesion_h: Positive
    mm_per_crop_px: Positive | None = None
    """Pixel spacing of the image, in millimetres on the film; None if unknown."""
    pair_id: str = ""
    """Common to the CC and the MLO row of one mass; empty if the mass has one view."""
    usable: Flag = 1
    """0 excludes the row."""
    mass_shape: str = ""
    mass_margins: str = ""
    breast_density: str = ""
    assessment: str = ""
    subtlety: str = ""
    scanner: str = ""
    film: str = ""
    """The film that contains the crop, as named in ``films.csv``; empty if unknown."""
    film_box_x: float = 0.0
    """Left edge of the lesion's box on the film, in stored pixels; the next three likewise."""
    film_box_y: float = 0.0
    film_box_w: float = 0.0
    film_box_h: float = 0.0

    @property
    def box(self) -> Box:
        """The lesion's box, in pixels of the image."""
        return Box(self.lesion_x, self.lesion_y, self.lesion_w, self.lesion_h)

    @property
    def film_box(self) -> Box | None:
        """The lesion's box on its film; None if the film is unknown."""
        box = Box(self.film_box_x, self.film_box_y, self.film_box_w, self.film_box_h)
        return box if self.film and box.width > 0 and box.height > 0 else None


def read_index(folder: Path) -> list[CropRow]:
    """Read the usable rows of ``crops.csv``, in its order.

    Parameters
    ----------
    folder
        The folder that contains ``crops.csv``.

    Raises
    ------
    InputError
        If the table is missing, lacks a column, has an invalid value, has no usable row, names an
        image twice, names an image that does not exist, or has rows of one lesion that disagree
        (:mod:`mammopair.lesion_groups`).
    """
    path = folder / INDEX
    if not path.is_file():
        raise InputError(path, f"is missing; the folder must contain {INDEX} and its images")
    parsed = [
        parse_row(f"{path}, line {line}", cells, CropRow, EXPECTED)
        for line, cells in read_cells(path, CropRow)
    ]
    rows = [row for row in parsed if row.usable]
    if not rows:
        raise InputError(path, "contains no usable row; add a row whose usable is 1 or empty")
    seen: set[str] = set()
    for row in rows:
        if row.file in seen:
            raise InputError(path, f"names {row.file} twice; keep one row for each image")
        seen.add(row.file)
        if not (folder / row.file).is_file():
            raise InputError(path, f"names {row.file}, which is not in the folder; add the image")
    group_lesions(rows, path)  # raises if rows of one lesion disagree
    return rows


def read_crop(folder: Path, row: CropRow) -> View:
    """Read the image of a row as a view of a digitised film.

    Raises
    ------
    InputError
        If the image cannot be read.
    """
    millimetres = row.mm_per_crop_px
    return replace(
        read_image(folder / row.file),
        laterality=Laterality.LEFT if row.laterality == "LEFT" else Laterality.RIGHT,
        projection=Projection(row.view),
        spacing=Spacing(millimetres, millimetres, SpacingMeaning.FILM) if millimetres else None,
        patient_id=row.patient_id,
        acquisition=Acquisition.FILM,
    )
