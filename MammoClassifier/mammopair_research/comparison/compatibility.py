"""Check that runs can be compared: the same data, divided into the same folds."""

from __future__ import annotations

from collections.abc import Sequence

from mammopair.errors import InputError
from mammopair_research.crossval.predictions import Prediction
from mammopair_research.crossval.run_description import FILE, PREDICTIONS, CrossValidationOutput


def check_compatible(runs: Sequence[CrossValidationOutput]) -> None:
    """Raise if runs differ in crops, labels or folds, or two have the same name.

    Raises
    ------
    InputError
        Naming the file of the run and the difference.
    """
    if not runs:
        raise InputError("runs", "are missing; give the folders of one or more runs")
    first = runs[0]
    names: set[str] = set()
    crops: dict[str, tuple[str | int, ...]] = {}
    fold_of: dict[str, int] = {}
    for output in runs:
        run, table = output.run, output.folder / PREDICTIONS
        if run.name in names:
            raise InputError(
                output.folder / FILE, f"has the name of another run, {run.name}; give each run once"
            )
        names.add(run.name)
        for field in ("crops", "patients", "folds"):
            value, expected = getattr(run, field), getattr(first.run, field)
            if value != expected:
                raise InputError(
                    output.folder / FILE,
                    f"has {field} {value}, but {first.folder / FILE} has {expected}; "
                    "compare runs on the same data and the same folds",
                )
        for row in output.predictions:
            if crops.setdefault(row.file, _description(row)) != _description(row):
                raise InputError(
                    table,
                    f"describes {row.file} differently from an earlier run; "
                    "compare runs on the same data",
                )
            fold = fold_of.setdefault(row.patient_id, row.fold)
            if fold != row.fold:
                raise InputError(
                    table,
                    f"has patient {row.patient_id} in fold {row.fold}, but an earlier run in fold "
                    f"{fold}; compare runs on the same folds",
                )


def _description(row: Prediction) -> tuple[str | int, ...]:
    return row.patient_id, row.laterality, row.view, row.abnormality_id, row.pair_id, row.label
