"""A view: the pixels of one mammogram and its header."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.warning import CodedWarning


class Laterality(StrEnum):
    """The breast that the image shows."""

    LEFT = "L"
    RIGHT = "R"


class Projection(StrEnum):
    """The projection. The networks were trained on CC and MLO views only."""

    CC = "CC"
    MLO = "MLO"
    OTHER = "OTHER"


class Intent(StrEnum):
    """Presentation Intent Type (0008,0068): processed for display, or raw detector data."""

    PRESENTATION = "FOR PRESENTATION"
    PROCESSING = "FOR PROCESSING"


class Acquisition(StrEnum):
    """The kind of detector. The networks were trained on digitised film only."""

    FILM = "digitised film"
    DIGITAL = "digital detector"
    UNKNOWN = "unknown"


class SpacingMeaning(StrEnum):
    """The plane in which the pixel spacing is measured (DICOM PS3.3 section 10.7)."""

    DETECTOR = "at the detector plane"
    CORRECTED = "at the breast, corrected for magnification"
    CALIBRATED = "calibrated"
    FILM = "on the digitised film"
    DECLARED = "as the image file declares"


@dataclass(frozen=True)
class Spacing:
    """Distance between the centres of adjacent pixels, in millimetres."""

    row: float
    """Distance between adjacent rows (vertical)."""
    column: float
    """Distance between adjacent columns (horizontal)."""
    meaning: SpacingMeaning


@dataclass(frozen=True, kw_only=True)
class Header:
    """Everything known about a mammogram except its pixels."""

    source: Path
    """The image file."""
    laterality: Laterality | None = None
    projection: Projection | None = None
    spacing: Spacing | None = None
    orientation: tuple[str, str] | None = None
    """Patient Orientation (0020,0020): the anatomical directions of increasing column and row
    index, for example ``("P", "FL")``."""
    shape: tuple[int, int] | None = None
    """Rows and columns that the header states."""
    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    intent: Intent | None = None
    acquisition: Acquisition = Acquisition.UNKNOWN
    manufacturer: str = ""
    acquired: str = ""
    """Date and time of acquisition as ``YYYYMMDDHHMMSS``, which sorts as text; empty if
    unknown."""
    modifiers: tuple[str, ...] = ()
    """Why it is no standard view: ``magnification``, ``spot compression``, ``synthetic``,
    ``secondary capture``, ...; empty for a standard view."""
    warnings: tuple[CodedWarning, ...] = ()

    @property
    def name(self) -> str:
        """Laterality and projection: ``R CC``, ``L MLO``; ``?`` for an unknown part."""
        return f"{self.laterality or '?'} {self.projection or '?'}"


@dataclass(frozen=True)
class View(Header):
    """One mammogram with its pixels.

    The pixels keep the stored orientation: row 0 is the first stored row. Coordinates on a view
    are continuous, in stored pixels, with the origin at the top left **corner** of the first
    pixel: pixel ``(row, column)`` covers ``[column, column + 1) x [row, row + 1)``.
    """

    pixels: npt.NDArray[np.float32]
    """``(rows, columns)``, in [0, 1], bright where dense. 0 and 1 are the smallest and largest
    display values that the bit depth, window or VOI LUT of the file allows."""


@dataclass(frozen=True)
class Box:
    """A rectangle around a mass, in the coordinates of a view (see :class:`View`)."""

    x: float
    """Left edge, in columns."""
    y: float
    """Top edge, in rows."""
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """``(x, y)`` of the centre."""
        return self.x + self.width / 2, self.y + self.height / 2
