"""The features of a folder of crops as a table that is kept, so that a second run costs nothing.

One row a crop: who it is, the pathology, a table_fingerprint of what was measured, then one column a
feature; an empty cell where a feature is not known. A crop is measured anew where its picture, its
box or its spacing has changed, or the definition of the features.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES_VERSION, compute_features
from mammopair.io.crop_folder import CropRow, read_crop
from mammopair.progress import Progress

ABOUT = ("file", "patient_id", "laterality", "view", "abnormality_id", "pair_id", "label")
FINGERPRINT = "fingerprint"
COLUMNS = (*ABOUT, FINGERPRINT, *FEATURE_NAMES)
KEEP_EVERY = 100
"""Crops between two writings of the table, so that stopping loses little."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FeatureTable:
    """Crops and their features."""

    rows: Sequence[CropRow]
    values: Values
    """``(rows, features)``, columns as :data:`~mammopair.features.catalogue.FEATURE_NAMES`; NaN where
    a feature is not known."""

    def column(self, name: str) -> Values:
        """``(rows,)``: one feature."""
        return self.values[:, FEATURE_NAMES.index(name)]


def measure_folder(
    folder: Path, rows: Sequence[CropRow], path: Path, *, pool: Executor | None = None
) -> Generator[Progress, None, FeatureTable]:
    """The features of crops, those that ``path`` has already from there, the others measured.

    Parameters
    ----------
    folder, rows
        As :func:`mammopair.io.crop_folder.read_index` gives them.
    path
        The CSV; it is written every hundred crops, at the end, and when this is stopped.
    pool
        Processes that measure side by side; without, this one does.

    Returns
    -------
    FeatureTable
        As the generator's value.

    Raises
    ------
    InputError
        If a picture cannot be read, or ``path`` holds something else than such a table.
    """
    kept = read_kept(path)
    prints = [table_fingerprint(folder, row) for row in rows]
    found = {
        row.file: kept[row.file][1]
        for row, mark in zip(rows, prints, strict=True)
        if row.file in kept and kept[row.file][0] == mark
    }
    missing = [row for row in rows if row.file not in found]
    marks = {row.file: mark for row, mark in zip(rows, prints, strict=True)}
    measured = _measured(folder, missing, pool)
    try:
        for count, (row, values) in enumerate(zip(missing, measured, strict=True), 1):
            found[row.file] = values
            yield Progress(len(found), len(rows), "Measuring features")
            if count % KEEP_EVERY == 0:
                _write(path, rows, marks, found)
    finally:
        measured.close()
        if missing or not path.exists():
            _write(path, rows, marks, found)
    return FeatureTable(rows, np.array([found[row.file] for row in rows]))


def table_fingerprint(folder: Path, row: CropRow) -> str:
    """Names what a row's features are measured on: picture, box, spacing, definition."""
    try:
        picture = (folder / row.file).read_bytes()
    except OSError as error:
        raise InputError(folder / row.file, f"cannot be read: {error.strerror}") from error
    box = row.box
    told = f"{FEATURES_VERSION} {box.x} {box.y} {box.width} {box.height} {row.mm_per_crop_px}"
    return hashlib.sha256(told.encode() + picture).hexdigest()[:16]


def read_kept(path: Path) -> dict[str, tuple[str, Values]]:
    """Fingerprint and features of each file of a table; nothing where there is none, or an old one.

    Raises
    ------
    InputError
        If the file is something else than such a table, which must not be written over.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text("utf-8")
        table = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))
        columns = tuple(table.fieldnames or ())
        if columns[: len(ABOUT) + 1] != COLUMNS[: len(ABOUT) + 1]:
            raise InputError(path, "is no table of features; choose another file, or remove it")
        return dict(_kept(table)) if columns == COLUMNS else {}
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, "is no table of features; choose another file") from error


def _kept(table: csv.DictReader[str]) -> Iterator[tuple[str, tuple[str, Values]]]:
    """The rows that are whole; another is measured anew."""
    for cells in table:
        if None in cells.values():
            continue
        try:
            values = np.array([float(cells[name] or "nan") for name in FEATURE_NAMES])
        except ValueError:
            continue
        yield cells["file"], (cells[FINGERPRINT], values)


def _measured(
    folder: Path, rows: Sequence[CropRow], pool: Executor | None
) -> Generator[Values, None, None]:
    folders = [folder] * len(rows)
    results: Iterator[Values] = (pool.map if pool else map)(_measure, folders, rows)
    yield from results


def _measure(folder: Path, row: CropRow) -> Values:
    values = compute_features(read_crop(folder, row), row.box)
    return np.array([values[name] for name in FEATURE_NAMES])


def _write(
    path: Path, rows: Sequence[CropRow], marks: dict[str, str], found: dict[str, Values]
) -> None:
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in rows:
            if row.file in found:
                about = [getattr(row, name) for name in ABOUT]
                cells = ["" if np.isnan(value) else repr(float(value)) for value in found[row.file]]
                table.writerow([*about, marks[row.file], *cells])
