"""A view: the pixels of one mammogram, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.warning import CodedWarning


class Laterality(StrEnum):
    """The breast that is shown."""

    LEFT = "L"
    RIGHT = "R"


class Projection(StrEnum):
    """The two standard projections, and everything else, which no network here has seen."""

    CC = "CC"
    MLO = "MLO"
    OTHER = "OTHER"


class Intent(StrEnum):
    """PresentationIntentType (0008,0068): whether the detector's raw signal has been processed."""

    PRESENTATION = "FOR PRESENTATION"
    PROCESSING = "FOR PROCESSING"


class Acquisition(StrEnum):
    """What took the picture. The networks have seen film only."""

    FILM = "digitised film"
    DIGITAL = "digital detector"
    UNKNOWN = "unknown"


class SpacingMeaning(StrEnum):
    """Where a millimetre of the pixel spacing is measured (DICOM PS3.3 section 10.7)."""

    DETECTOR = "at the detector plane"
    CORRECTED = "at the breast, corrected for magnification"
    CALIBRATED = "calibrated"
    FILM = "on the digitised film"
    DECLARED = "as the image file declares"


@dataclass(frozen=True)
class Spacing:
    """Distance between the centres of neighbouring pixels, in millimetres."""

    row: float
    """Between rows, that is downwards."""
    column: float
    """Between columns, that is to the right."""
    meaning: SpacingMeaning


@dataclass(frozen=True)
class View:
    """One mammogram, ready to be looked at, and what is known of it.

    The pixels keep the stored orientation: row 0 is the first stored row. Coordinates on a view
    are continuous and in stored pixels, origin at the top left **corner** of the first pixel,
    so that pixel ``(row, column)`` covers ``[column, column + 1) x [row, row + 1)``.
    """

    pixels: npt.NDArray[np.float32]
    """``(rows, columns)``; bright where dense; 0 is the darkest and 1 the brightest value that
    the file's bit depth, window or VOI LUT can give."""
    source: Path
    """The file."""
    laterality: Laterality | None = None
    projection: Projection | None = None
    spacing: Spacing | None = None
    orientation: tuple[str, str] | None = None
    """PatientOrientation (0020,0020): where the rows and the columns lead, as ``("P", "FL")``."""
    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    intent: Intent | None = None
    acquisition: Acquisition = Acquisition.UNKNOWN
    manufacturer: str = ""
    acquired: str = ""
    """When, as far as is known, as ``YYYYMMDDHHMMSS``; it sorts as text."""
    modifiers: tuple[str, ...] = ()
    """What makes it more than a plain view: ``magnification``, ``spot compression``, ..."""
    warnings: tuple[CodedWarning, ...] = ()

    @property
    def name(self) -> str:
        """What a radiologist calls it: ``R CC``, ``L MLO``; ``?`` stands for what is unknown."""
        return f"{self.laterality or '?'} {self.projection or '?'}"


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
