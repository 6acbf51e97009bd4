"""A lesion that is marked by options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mammopair.io.lesion_table import LesionTableRow, TableLesion

Corners = tuple[float, float, float, float]
"""x, y, width and height of a box, in stored pixels from the top left corner."""
ProjectionName = Literal["CC", "MLO"]


@dataclass(frozen=True)
class MarkedFile:
    """An image file and the box around the mass on it."""

    file: Path
    box: Corners
    laterality: Literal["L", "R"]
    """The breast that the image shows."""


def make_lesion(case_id: str, marked: Mapping[ProjectionName, MarkedFile]) -> TableLesion:
    """Make the same lesion that a lesion table with these values contains.

    Parameters
    ----------
    case_id
        Identifier of the case; the lesion has the identifier ``1``.
    marked
        By projection.
    """
    return TableLesion(
        tuple(
            LesionTableRow(
                case_id=case_id,
                lesion_id="1",
                laterality=one.laterality,
                view=projection,
                file=str(one.file.absolute()),
                box_x=one.box[0],
                box_y=one.box[1],
                box_w=one.box[2],
                box_h=one.box[3],
            )
            for projection, one in marked.items()
        )
    )
