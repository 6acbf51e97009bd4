"""``predictions.csv``: what each predictor said of each crop that it was not trained on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError

Natural = Annotated[int, msgspec.Meta(ge=0)]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One row. The columns up to ``label`` are those of ``crops.csv``."""

    file: Name
    patient_id: Name
    laterality: str
    view: Literal["CC", "MLO"]
    abnormality_id: str
    pair_id: str
    """Shared by the two views of a mass; empty where it has one."""
    label: Annotated[int, msgspec.Meta(ge=0, le=1)]
    """1 for malignant, 0 for benign."""
    repeat: Natural
    """The split of the patients, where there were several."""
    fold: Natural
    """The part of it that the predictor never saw; this patient is in it."""
    seed: Natural
    """Of the predictor."""
    logit: Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
    """Of malignancy, not calibrated."""


COLUMNS = Prediction.__struct_fields__


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write the table; it appears whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in predictions:
            table.writerow([*(getattr(row, name) for name in COLUMNS[:-1]), f"{row.logit:.6f}"])


def read_predictions(path: Path) -> list[Prediction]:
    """Read the table back.

    Raises
    ------
    InputError
        Naming the file, and the line, if it is missing, lacks a column, ends in the middle of a
        line, holds a value that cannot be, predicts a crop twice, or has a patient in two folds.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(path, "is missing; run `mammopair-research crossval` first") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is damaged: it is not text in UTF-8; write it anew") from error
    table = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}")
    if not text.endswith("\n"):
        raise InputError(path, "is damaged: it ends in the middle of a line; write it anew")
    predictions = [_convert(path, table.line_num, cells) for cells in table]
    if not predictions:
        raise InputError(path, "holds no predictions")
    _check_once(path, predictions)
    _check_folds(path, predictions)
    return predictions


def _convert(path: Path, line: int, cells: dict[str, str]) -> Prediction:
    try:
        return msgspec.convert(cells, Prediction, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}, line {line}", f"is damaged: {error}") from error


def _check_once(path: Path, predictions: list[Prediction]) -> None:
    seen = set()
    for row in predictions:
        key = (row.file, row.repeat, row.seed)
        if key in seen:
            raise InputError(
                path,
                f"predicts {row.file} twice with seed {row.seed} in repeat {row.repeat}; "
                "a predictor says one thing of a crop",
            )
        seen.add(key)


def _check_folds(path: Path, predictions: list[Prediction]) -> None:
    fold_of: dict[tuple[int, str], int] = {}
    for row in predictions:
        fold = fold_of.setdefault((row.repeat, row.patient_id), row.fold)
        if fold != row.fold:
            raise InputError(
                path,
                f"has patient {row.patient_id} in folds {fold} and {row.fold}; "
                "a patient is in one fold, else a predictor has seen her",
            )
