"""Which DICOM files of a downloaded collection belong to which film or region of interest."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mammopair.errors import InputError
from mammopair.io.dicom import open_dataset
from mammopair.io.dicom_attributes import get_text
from mammopair_research.datasets.cbis_ddsm.case_descriptions import ListedFile, Split
from mammopair_research.datasets.cbis_ddsm.report import Code, Discrepancy

_SUBJECT = re.compile(r"(?:Mass|Calc)-(?:Training|Test)_P_\d+_(?:LEFT|RIGHT)_(?:CC|MLO)(?:_\d+)?")
"""Patient ID (0010,0020) of a film, or with a number at its end of a region of interest."""


@dataclass(frozen=True)
class SeriesIndex:
    """The files of one split's masses, by the Patient ID in their headers."""

    files: dict[str, tuple[Path, ...]]
    """Sorted by path, so that the files of a series are in the order of their numbers."""
    discrepancies: tuple[Discrepancy, ...]
    """Files that belong to no known film or region of interest."""


def index_series(folder: Path, split: Split) -> SeriesIndex:
    """List the DICOM files of one split's masses.

    A file's Patient ID is taken from the folders above it, which every way to download the
    collection names after it, and from the header only where none is. Files of the other
    split and of calcifications are not opened.

    Raises
    ------
    InputError
        If there is no DICOM file in the folder.
    """
    files: dict[str, list[Path]] = defaultdict(list)
    discrepancies = []
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".dcm")
    if not paths:
        raise InputError(
            folder, "contains no .dcm file; give the folder into which CBIS-DDSM was downloaded"
        )
    for path in paths:
        subject = _subject_in_path(path.relative_to(folder))
        if subject is None:
            try:
                subject = get_text(open_dataset(path, pixels=False), "PatientID")
            except InputError as error:
                discrepancies.append(
                    Discrepancy(
                        lesion="",
                        code=Code.UNREADABLE_FILE,
                        left_out=False,
                        message=f"The file {error.problem}.",
                        file=path.relative_to(folder).as_posix(),
                    )
                )
                continue
        if subject.startswith(split.prefix):
            files[subject].append(path)
    return SeriesIndex(
        {subject: tuple(mine) for subject, mine in files.items()}, tuple(discrepancies)
    )


def is_listed_file(
    path: Path, series_uid: str, listed: ListedFile | None, series: Sequence[Path]
) -> bool:
    """Whether a file is the one that the case descriptions name.

    Parameters
    ----------
    path
        The file.
    series_uid
        Its Series Instance UID.
    listed
        The file that the case descriptions name, if they name one.
    series
        All files of the same folder, sorted.
    """
    if listed is None or listed.series_uid != series_uid:
        return False
    return _number(path, series) == listed.number


def _number(path: Path, series: Sequence[Path]) -> int:
    """Number of a file within its series, from 0: ``000001.dcm`` and ``1-2.dcm`` are both 1."""
    if path.stem.isdecimal():
        return int(path.stem)
    numbered = re.fullmatch(r"\d+-(\d+)", path.stem)
    return int(numbered[1]) - 1 if numbered else list(series).index(path)


def _subject_in_path(path: Path) -> str | None:
    """The deepest folder that is named after a film or a region of interest."""
    return next((part for part in reversed(path.parent.parts) if _SUBJECT.fullmatch(part)), None)
