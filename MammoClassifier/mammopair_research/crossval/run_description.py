"""``run.json``: the description of a cross-validation run beside its predictions."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mammopair.errors import InputError
from mammopair.io.json_file import read_json, write_json
from mammopair_research.crossval.predictions import Natural, Prediction, read_predictions

FILE, PREDICTIONS = "run.json", "predictions.csv"
HANDCRAFTED = "handcrafted"
"""The method of a run without networks."""


class Predictor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network, or one fitted classifier, of a run."""

    fold: Natural
    """The fold that it was not trained on."""
    seed: Natural


class CrossValidationRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contents of ``run.json``."""

    schema: Literal[2] = 2
    name: str
    """Name of the run and of its folder."""
    title: str
    """Title in the comparison table, such as ``GoogLeNet``, which appends views and number of
    networks."""
    method: str
    """The network's architecture, or :data:`HANDCRAFTED`."""
    views: Annotated[list[Literal["CC", "MLO"]], msgspec.Meta(min_length=1)]
    """Views that the predictors were trained on."""
    data: str
    """The data set with reference and licence."""
    crops: Natural
    """Usable crops in the data, predicted or not."""
    patients: Natural
    """Patients in the data."""
    folds: Annotated[int, msgspec.Meta(ge=2)]
    """Number of folds."""
    predictors: list[Predictor]
    """Predictors whose predictions are complete."""
    planned: Annotated[list[Predictor], msgspec.Meta(min_length=1)]
    """Predictors of the complete run, in the order of training."""
    reduced: str = ""
    """The folds, if not all are predicted; else empty."""
    parameters: int | None = None
    """Parameters of one predictor."""
    multiply_adds: int | None = None
    """Multiply-adds of one network for one view, without mirrored copies."""
    seconds_per_case: float | None = None
    """Time of one predictor for the views that it reads of one lesion, on one thread."""
    machine: str = ""
    """The processor that the time was measured on."""
    recipe: dict[str, Any]
    """All settings of the run."""
    software: str
    """Name and version of the software."""

    @property
    def finished(self) -> bool:
        """Whether all planned predictors are complete."""
        return len(self.predictors) == len(self.planned)


@dataclass(frozen=True)
class CrossValidationOutput:
    """A run and its predictions."""

    folder: Path
    run: CrossValidationRun
    predictions: list[Prediction]


def read_cross_validation(folder: Path) -> CrossValidationOutput:
    """Read the folder of a run.

    Raises
    ------
    InputError
        Naming file and field, if a file is missing or damaged, or the two files do not match.
    """
    run = read_cross_validation_run(folder)
    predictions = read_predictions(folder / PREDICTIONS)
    described = {(one.fold, one.seed) for one in run.predictors}
    found = {(row.fold, row.seed) for row in predictions}
    if described != found or {row.view for row in predictions} - set(run.views):
        raise InputError(
            folder / PREDICTIONS,
            f"has other predictors or views than the {FILE} beside it; "
            "run the cross-validation again",
        )
    return CrossValidationOutput(folder, run, predictions)


def read_cross_validation_run(folder: Path) -> CrossValidationRun:
    """Read ``run.json``.

    Raises
    ------
    InputError
        Naming file and field, if it is missing or invalid.
    """
    path = folder / FILE
    run = read_json(path, CrossValidationRun, "run the cross-validation again")
    if run is None:
        raise InputError(path, "is missing; give a folder that `mammopair-research crossval` wrote")
    return run


def write_cross_validation_run(run: CrossValidationRun, folder: Path) -> None:
    """Write ``run.json``, indented.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_json(folder / FILE, run)


def processor_name() -> str:
    """Return the model name of the processor, as far as the system states it."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
