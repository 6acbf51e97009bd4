"""The features of a crop folder, cached as a CSV table.

One row per crop: its description, a hash of what was measured, then one column per feature; an
empty cell means unknown. A crop is measured again if its image, box or spacing, or the version of
the features, has changed.
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

DESCRIPTION = ("file", "patient_id", "laterality", "view", "abnormality_id", "pair_id", "label")
FINGERPRINT = "fingerprint"
COLUMNS = (*DESCRIPTION, FINGERPRINT, *FEATURE_NAMES)
WRITE_EVERY = 100
"""Crops after which the table is written, so that an interruption loses little."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FeatureTable:
    """Crops and their features."""

    rows: Sequence[CropRow]
    values: Values
    """``(rows, features)``, columns as :data:`~mammopair.features.catalogue.FEATURE_NAMES`; NaN if
    unknown."""

    def column(self, name: str) -> Values:
        """Return the values of one feature, ``(rows,)``."""
        return self.values[:, FEATURE_NAMES.index(name)]


def measure_folder(
    folder: Path, rows: Sequence[CropRow], path: Path, *, pool: Executor | None = None
) -> Generator[Progress, None, FeatureTable]:
    """Measure the features of crops, except those cached in a table, and update the table.

    Parameters
    ----------
    folder, rows
        A crop folder and its rows.
    path
        The table; it is written every hundred crops, at the end and on interruption.
    pool
        Processes that measure in parallel; None uses this process.

    Returns
    -------
    FeatureTable
        As the generator's value.

    Raises
    ------
    InputError
        If an image cannot be read, or ``path`` is another file.
    """
    cached = read_cache(path)
    fingerprints = {row.file: crop_fingerprint(folder, row) for row in rows}
    found = {
        row.file: cached[row.file][1]
        for row in rows
        if row.file in cached and cached[row.file][0] == fingerprints[row.file]
    }
    missing = [row for row in rows if row.file not in found]
    measured = _measured(folder, missing, pool)
    try:
        for count, (row, values) in enumerate(zip(missing, measured, strict=True), 1):
            found[row.file] = values
            yield Progress(len(found), len(rows), "Measuring features")
            if count % WRITE_EVERY == 0:
                _write(path, rows, fingerprints, found)
    finally:
        measured.close()
        if missing or not path.exists():
            _write(path, rows, fingerprints, found)
    return FeatureTable(rows, np.array([found[row.file] for row in rows]))


def crop_fingerprint(folder: Path, row: CropRow) -> str:
    """Hash what the features of a crop depend on: image, box, spacing and version."""
    try:
        image = (folder / row.file).read_bytes()
    except OSError as error:
        raise InputError(folder / row.file, f"cannot be read: {error.strerror}") from error
    box = row.box
    described = f"{FEATURES_VERSION} {box.x} {box.y} {box.width} {box.height} {row.mm_per_crop_px}"
    return hashlib.sha256(described.encode() + image).hexdigest()[:16]


def read_cache(path: Path) -> dict[str, tuple[str, Values]]:
    """Return the fingerprint and features of each file of a table.

    Empty if there is no table, or one of other features.

    Raises
    ------
    InputError
        If the file is not such a table and must not be overwritten.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text("utf-8")
        table = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))
        columns = tuple(table.fieldnames or ())
        if columns[: len(DESCRIPTION) + 1] != COLUMNS[: len(DESCRIPTION) + 1]:
            raise InputError(path, "is not a table of features; choose another file or remove it")
        return dict(_complete_rows(table)) if columns == COLUMNS else {}
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, "is not a table of features; choose another file") from error


def _complete_rows(table: csv.DictReader[str]) -> Iterator[tuple[str, tuple[str, Values]]]:
    """Yield the complete rows; crops of other rows are measured again."""
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
    path: Path, rows: Sequence[CropRow], fingerprints: dict[str, str], found: dict[str, Values]
) -> None:
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in rows:
            if row.file in found:
                described = [getattr(row, name) for name in DESCRIPTION]
                cells = ["" if np.isnan(value) else repr(float(value)) for value in found[row.file]]
                table.writerow([*described, fingerprints[row.file], *cells])
