"""Runs can be compared only where they are of one collection, divided in one way."""

from __future__ import annotations

from collections.abc import Sequence

from mammopair.errors import InputError
from mammopair_research.crossval.predictions import Prediction
from mammopair_research.crossval.run_description import FILE, PREDICTIONS, CrossValidationOutput


def check_agreement(runs: Sequence[CrossValidationOutput]) -> None:
    """Refuse runs that are not of the same crops, labels and folds.

    Raises
    ------
    InputError
        Naming the run, and what is different from those before it.
    """
    if not runs:
        raise InputError("runs", "are missing; name the folders of one run or more")
    first = runs[0]
    names: set[str] = set()
    crops: dict[str, tuple[str | int, ...]] = {}
    fold_of: dict[tuple[int, str], int] = {}
    for held_out in runs:
        run, table = held_out.run, held_out.folder / PREDICTIONS
        if run.name in names:
            raise InputError(
                held_out.folder / FILE, f"has the name of another run, {run.name}; name each once"
            )
        names.add(run.name)
        for what in ("crops", "patients", "folds"):
            here, there = getattr(run, what), getattr(first.run, what)
            if here != there:
                raise InputError(
                    held_out.folder / FILE,
                    f"counts {here} {what}, but {first.folder / FILE} {there}; "
                    "compare runs on the same data and the same split",
                )
        for row in held_out.predictions:
            if crops.setdefault(row.file, _described(row)) != _described(row):
                raise InputError(
                    table,
                    f"describes {row.file} otherwise than the runs before it; "
                    "compare runs on the same data",
                )
            fold = fold_of.setdefault((row.repeat, row.patient_id), row.fold)
            if fold != row.fold:
                raise InputError(
                    table,
                    f"has patient {row.patient_id} in fold {row.fold}, the runs before it in "
                    f"{fold}; compare runs on the same split",
                )


def _described(row: Prediction) -> tuple[str | int, ...]:
    return row.patient_id, row.laterality, row.view, row.abnormality_id, row.pair_id, row.label
