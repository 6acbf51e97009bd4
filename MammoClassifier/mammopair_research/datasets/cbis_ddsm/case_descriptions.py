"""The case descriptions of CBIS-DDSM's masses: one CSV row per mass and view."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Literal

from mammopair.descriptors import MARGINS, SHAPES
from mammopair.errors import InputError
from mammopair_research.datasets.cbis_ddsm.report import Code, Discrepancy

LABELS = {"BENIGN": 0, "BENIGN_WITHOUT_CALLBACK": 0, "MALIGNANT": 1}
"""Label of each term of the column ``pathology``."""
NOT_DESCRIBED = ("NA", "N/A")
"""Cells of a shape or margin that was not described."""
TERMS = {
    "mass_shape": {
        *SHAPES.values(),
        "LYMPH_NODE",
        "ASYMMETRIC_BREAST_TISSUE",
        "FOCAL_ASYMMETRIC_DENSITY",
    },
    "mass_margins": set(MARGINS.values()),
    "breast_density": set("01234"),
    "assessment": set("012345"),
    "subtlety": set("012345"),
}
"""Terms of each descriptive column; a cell may hold several, joined by hyphens."""


class Split(StrEnum):
    """The official division of the patients."""

    TRAIN = "train"
    TEST = "test"

    @property
    def prefix(self) -> str:
        """What the names of the split's masses begin with."""
        return {Split.TRAIN: "Mass-Training_", Split.TEST: "Mass-Test_"}[self]


@dataclass(frozen=True)
class ListedFile:
    """A DICOM file as the case descriptions name it: ``SUBJECT/STUDY UID/SERIES UID/000001.dcm``.

    The archive delivers other folder and file names. The series UID is in the files' headers, and
    the number is the position of the file within its series.
    """

    series_uid: str
    number: int


@dataclass(frozen=True)
class MassView:
    """One mass in one view."""

    split: Split
    patient_id: str
    laterality: Literal["LEFT", "RIGHT"]
    view: Literal["CC", "MLO"]
    abnormality_id: str
    pathology: str
    """A key of :data:`LABELS`, unless the mass was left out."""
    mass_shape: str
    mass_margins: str
    breast_density: str
    assessment: str
    subtlety: str
    listed_film: ListedFile | None = field(compare=False)
    listed_crop: ListedFile | None = field(compare=False)
    listed_mask: ListedFile | None = field(compare=False)

    @property
    def film_name(self) -> str:
        """Patient ID of the film in the archive: ``Mass-Training_P_00001_LEFT_CC``."""
        return f"{self.split.prefix}{self.patient_id}_{self.laterality}_{self.view}"

    @property
    def name(self) -> str:
        """Patient ID of the mask and the crop: ``Mass-Training_P_00001_LEFT_CC_1``."""
        return f"{self.film_name}_{self.abnormality_id}"

    @property
    def label(self) -> int:
        """1 for malignant, 0 for benign; only of masses with a known pathology."""
        return LABELS[self.pathology]


@dataclass(frozen=True)
class CaseDescriptions:
    """The masses of a split."""

    masses: tuple[MassView, ...]
    """In the file's order, each mass and view once."""
    left_out: tuple[MassView, ...]
    """Masses whose label is unknown or differs between rows."""
    discrepancies: tuple[Discrepancy, ...]
    """Rows that were left out, repeated rows and unknown terms."""


def find_case_file(folder: Path, split: Split) -> Path:
    """Locate a split's case descriptions anywhere in a folder.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    name = f"mass_case_description_{split}_set"
    found = sorted(folder.rglob(f"{name}*.csv"))
    if not found:
        raise InputError(
            folder,
            f"contains no {name}.csv; download it from the collection's page at "
            "The Cancer Imaging Archive into this folder",
        )
    if len(found) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found)
        raise InputError(folder, f"contains {names}; keep one of them")
    return found[0]


def read_case_descriptions(path: Path, split: Split) -> CaseDescriptions:
    """Read the masses of a split.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    """
    masses: dict[str, MassView] = {}
    unusable: set[str] = set()
    discrepancies: list[Discrepancy] = []

    def add(lesion: str, code: Code, line: int, message: str, *, left_out: bool) -> None:
        file = f"{path.name}, line {line}"
        discrepancies.append(
            Discrepancy(lesion=lesion, code=code, left_out=left_out, message=message, file=file)
        )

    for line, cells in _read_rows(path):
        mass = _parse_row(cells, split)
        if isinstance(mass, str):
            add("", Code.INVALID_ROW, line, mass, left_out=True)
            continue
        if mass.name not in masses:
            masses[mass.name] = mass
        elif masses[mass.name] == mass:
            message = "The row repeats an earlier row and was ignored."
            add(mass.name, Code.DUPLICATE_ROW, line, message, left_out=False)
            continue
        else:
            unusable.add(mass.name)
            message = "An earlier row describes the same mass and view differently."
            add(mass.name, Code.CONFLICTING_ROWS, line, message, left_out=True)
            continue
        if mass.pathology not in LABELS:
            unusable.add(mass.name)
            terms = ", ".join(LABELS)
            message = f"The pathology is {mass.pathology!r}; one of {terms} is needed for a label."
            add(mass.name, Code.UNKNOWN_TERM, line, message, left_out=True)
            continue
        for column, cell, unknown in _unknown_terms(mass):
            message = f"The column {column} contains {cell!r}, of which {unknown} is unknown."
            add(mass.name, Code.UNKNOWN_TERM, line, message, left_out=False)
    return CaseDescriptions(
        tuple(mass for name, mass in masses.items() if name not in unusable),
        tuple(mass for name, mass in masses.items() if name in unusable),
        tuple(discrepancies),
    )


def _read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each row; column names in lower case with single underscores."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            columns = [
                re.sub(r"[\s_]+", "_", name.strip().lower()) for name in table.fieldnames or ()
            ]
            missing = sorted(set(_COLUMNS) - set(columns))
            if missing:
                raise InputError(
                    path,
                    f"has no column {', '.join(missing)}; download the file again from "
                    "The Cancer Imaging Archive",
                )
            table.fieldnames = columns
            for cells in table:
                yield table.line_num, {name: (cells[name] or "").strip() for name in _COLUMNS}
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"is not CSV in UTF-8: {error}") from error


_IDENTIFIERS = {
    "patient_id": re.compile(r"P_\d+"),
    "left_or_right_breast": re.compile("LEFT|RIGHT"),
    "image_view": re.compile("CC|MLO"),
    "abnormality_id": re.compile(r"\d+"),
    "abnormality_type": re.compile("mass"),
}
"""Columns that identify a mass in a view, and what each may hold."""
_COLUMNS = (
    *_IDENTIFIERS,
    *TERMS,
    "pathology",
    "image_file_path",
    "cropped_image_file_path",
    "roi_mask_file_path",
)


def _parse_row(cells: Mapping[str, str], split: Split) -> MassView | str:
    """A row as a mass in a view, or one sentence on what is wrong with it."""
    for column, pattern in _IDENTIFIERS.items():
        if not pattern.fullmatch(cells[column]):
            return f"The column {column} contains {cells[column]!r}; {pattern.pattern} is expected."
    return MassView(
        split=split,
        patient_id=cells["patient_id"],
        laterality=cells["left_or_right_breast"],  # type: ignore[arg-type]  # matched above
        view=cells["image_view"],  # type: ignore[arg-type]  # matched above
        abnormality_id=cells["abnormality_id"],
        pathology=cells["pathology"].upper(),
        mass_shape=_described(cells["mass_shape"]),
        mass_margins=_described(cells["mass_margins"]),
        breast_density=cells["breast_density"],
        assessment=cells["assessment"],
        subtlety=cells["subtlety"],
        listed_film=_parse_path(cells["image_file_path"]),
        listed_crop=_parse_path(cells["cropped_image_file_path"]),
        listed_mask=_parse_path(cells["roi_mask_file_path"]),
    )


def _described(cell: str) -> str:
    """A shape or margin; empty where it was not described."""
    return "" if cell.upper() in NOT_DESCRIBED else cell.upper()


def _parse_path(text: str) -> ListedFile | None:
    path = PurePosixPath(text)
    if not path.stem.isdecimal():
        return None
    return ListedFile(series_uid=path.parent.name, number=int(path.stem))


def _unknown_terms(mass: MassView) -> Iterator[tuple[str, str, str]]:
    """Column, cell and the unknown terms in it."""
    for column, known in TERMS.items():
        cell: str = getattr(mass, column)
        unknown = [term for term in cell.split("-") if cell and term not in known]
        if unknown:
            yield column, cell, ", ".join(unknown)
