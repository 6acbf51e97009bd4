"""A row of the table of field cases: an input that real files contain, and the right result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset

from Testing.synthetic_mammograms import film, mammogram, to_bytes

Build = Callable[[Path], Path]
"""Write the input into a folder and return the file to read."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """The file is read as a view."""

    pixels: npt.NDArray[np.floating] | None = None
    """``(rows, columns)`` in [0, 1], bright where dense; None if not compared."""
    tolerance: float = 1e-3
    """Largest difference of a pixel."""
    laterality: str | None = "R"
    projection: str | None = "CC"
    spacing: tuple[float, float] | None = (0.2, 0.2)
    """Between rows, between columns, in millimetres."""
    meaning: str | None = None
    """The name of the :class:`~mammopair.view.SpacingMeaning`; None if not compared."""
    warnings: tuple[str, ...] = ()
    """All warning codes of the view except :data:`COMMON_WARNINGS`, in any order."""


@dataclass(frozen=True)
class Refused:
    """The file is refused with an :class:`~mammopair.errors.InputError`."""

    message: str
    """A regular expression that the message contains."""


@dataclass(frozen=True, kw_only=True)
class Marked:
    """The file is read; a box on it is accepted, causes warnings, or is refused."""

    box: tuple[float, float, float, float]
    """x, y, width, height in stored pixels."""
    warnings: tuple[str, ...] = ()
    """All warning codes of the box."""
    message: str = ""
    """A regular expression that the warning, or the message of the refusal, contains."""
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """The file is a lesion table and is read, or refused."""

    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """The boxes of its first lesion."""
    message: str = ""
    """A regular expression that the message of the refusal contains; empty if it is read."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The file is a folder of one exam, of which these files are selected for the right breast."""

    cc: str | None = None
    """Name of the file; None if no CC view is selected."""
    mlo: str | None = None


COMMON_WARNINGS = frozenset(
    {
        "digital-detector",
        "unknown-detector",
        "unknown-laterality",
        "unknown-projection",
        "no-spacing",
        "lossy-compression",
    }
)
"""Warnings that follow from what the file does not state, not from the trouble of the case."""


@dataclass(frozen=True)
class FieldCase:
    """One row: an input that writes itself, and the right result.

    Other outcomes than :class:`Read` and :class:`Refused` are added next to these where a case
    is not a single image, for example a lesion table, a box or an exam.
    """

    kind: str
    """The kind of trouble, which is the module of the row: ``polarity``, ``spacing``, ..."""
    name: str
    source: str
    """Where it was met: an issue as ``owner/name#number``, a URL, a part of the standard, or
    ``sibling`` for a variation of the case before it that the project added."""
    build: Build
    expected: Read | Refused | Marked | Table | Selected

    @property
    def title(self) -> str:
        """``kind: name``, unique in the table."""
        return f"{self.kind}: {self.name}"


STORED = film(bits=12)
"""The 12-bit stored values, bright where dense, from which most cases start."""
DARK = (4095 - STORED).astype(np.uint16)
"""The same film with small values where dense."""
TRUTH = STORED / 4095
"""The display values of :data:`STORED`, and of :data:`DARK` inverted."""


def dicom(
    stored: npt.NDArray[np.generic] = STORED,
    *,
    edit: Callable[[Dataset], None] | None = None,
    **attributes: object,
) -> Build:
    """Return a builder of one DICOM file.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of integers.
    edit
        Changes the data set before it is written, where attributes do not suffice.
    attributes
        As for :func:`~Testing.synthetic_mammograms.mammogram`; None removes one. The defaults
        state a right CC view for presentation of 12 bits with a detector pitch of 0.2 mm.
    """

    def build(folder: Path) -> Path:
        dataset = mammogram(stored, **{"ImagerPixelSpacing": [0.2, 0.2], **attributes})
        if edit is not None:
            edit(dataset)
        path = folder / "view.dcm"
        path.write_bytes(to_bytes(dataset))
        return path

    return build


def exam(**files: dict[str, object]) -> Build:
    """Return a builder of the files of one exam, in a folder ``exam``.

    Parameters
    ----------
    files
        By name, what differs from the default of :func:`dicom`; ``stored`` is the pixels. All
        have one study.
    """

    def build(folder: Path) -> Path:
        place = folder / "exam"
        place.mkdir(exist_ok=True)
        for name, attributes in files.items():
            stored = attributes.get("stored", STORED)
            others = {key: value for key, value in attributes.items() if key != "stored"}
            shared = {"ImagerPixelSpacing": [0.2, 0.2], "StudyInstanceUID": "1.2.3"}
            dataset = mammogram(stored, **{**shared, **others})
            (place / f"{name}.dcm").write_bytes(to_bytes(dataset))
        return place

    return build


def picture(
    pixels: npt.NDArray[np.generic], name: str = "R_CC.png", *, mode: str | None = None, **options
) -> Build:
    """Return a builder of one PNG, TIFF or JPEG file, written by Pillow with ``options``."""

    def build(folder: Path) -> Path:
        path = folder / name
        image = Image.fromarray(pixels)
        (image.convert(mode) if mode else image).save(path, **options)
        return path

    return build
