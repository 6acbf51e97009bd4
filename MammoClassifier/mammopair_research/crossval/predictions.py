"""``predictions.csv``: the logit of each predictor for each out-of-fold crop."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow

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
    """Shared by the two views of a mass; empty if it has one."""
    label: Annotated[int, msgspec.Meta(ge=0, le=1)]
    """1 for malignant, 0 for benign."""
    fold: Natural
    """The patient's fold, which the predictor was not trained on."""
    seed: Natural
    """Random seed of the predictor."""
    logit: Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
    """Of malignancy, uncalibrated."""


COLUMNS = Prediction.__struct_fields__


def make_prediction(row: CropRow, *, fold: int, seed: int, logit: float) -> Prediction:
    """Return the prediction for a crop."""
    return Prediction(
        file=row.file,
        patient_id=row.patient_id,
        laterality=row.laterality,
        view=row.view,
        abnormality_id=row.abnormality_id,
        pair_id=row.pair_id,
        label=row.label,
        fold=fold,
        seed=seed,
        logit=logit,
    )


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write the table; logits have six decimals.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in predictions:
            table.writerow([*(getattr(row, name) for name in COLUMNS[:-1]), f"{row.logit:.6f}"])


def read_predictions(path: Path) -> list[Prediction]:
    """Read and validate the table.

    Raises
    ------
    InputError
        Naming the file, and the line, if it is missing, lacks a column, is truncated, has an
        invalid value, two predictions of one crop by one predictor, or a patient in two folds.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(path, "is missing; run `mammopair-research crossval` first") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            path, "is damaged: it is not UTF-8 text; run the cross-validation again"
        ) from error
    table = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise InputError(path, f"lacks the columns {', '.join(missing)}")
    if not text.endswith("\n"):
        raise InputError(path, "is truncated in the last line; run the cross-validation again")
    predictions = [_convert(path, table.line_num, cells) for cells in table]
    if not predictions:
        raise InputError(path, "has no predictions; run the cross-validation again")
    _check_unique(path, predictions)
    _check_folds(path, predictions)
    return predictions


def _convert(path: Path, line: int, cells: dict[str, str]) -> Prediction:
    try:
        return msgspec.convert(cells, Prediction, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}, line {line}", f"is damaged: {error}") from error


def _check_unique(path: Path, predictions: list[Prediction]) -> None:
    seen = set()
    for row in predictions:
        if (row.file, row.seed) in seen:
            raise InputError(
                path,
                f"has two predictions of {row.file} with seed {row.seed}; "
                "run the cross-validation again",
            )
        seen.add((row.file, row.seed))


def _check_folds(path: Path, predictions: list[Prediction]) -> None:
    fold_of: dict[str, int] = {}
    for row in predictions:
        fold = fold_of.setdefault(row.patient_id, row.fold)
        if fold != row.fold:
            raise InputError(
                path,
                f"has patient {row.patient_id} in folds {fold} and {row.fold}, so a predictor may "
                "have been trained on the patient; run the cross-validation again",
            )
