"""``run.json``: what made the predictions beside it, and from what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError
from mammopair_research.crossval.predictions import Natural, Prediction, read_predictions

FILE, PREDICTIONS = "run.json", "predictions.csv"
HANDCRAFTED = "handcrafted"
"""The method of a run that is no network."""


class Predictor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network, or one fitted classifier, of a run."""

    repeat: Natural = 0
    fold: Natural
    seed: Natural


class CrossValidationRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    schema: Literal[1] = 1
    name: str
    """Names the run, and its folder."""
    title: str
    """What stands in a table, such as ``GoogLeNet`` or ``Hand-crafted features, SVM``; not the
    views and the number of networks, which the table adds."""
    method: str
    """The network's architecture, or :data:`HANDCRAFTED`."""
    views: Annotated[list[Literal["CC", "MLO"]], msgspec.Meta(min_length=1)]
    """The views that its predictors were trained on, and read."""
    data: str
    """The collection, its reference and its licence."""
    crops: Natural
    """Usable crops in it, whether predicted or not."""
    patients: Natural
    folds: Annotated[int, msgspec.Meta(ge=2)]
    """Parts that the patients were divided into."""
    predictors: list[Predictor]
    """Those whose predictions are there."""
    planned: Annotated[list[Predictor], msgspec.Meta(min_length=1)]
    """Those that are there when the run is finished, in the order of training."""
    reduced: str = ""
    """What of a full cross-validation was left out, in words; empty where nothing was."""
    parameters: int | None = None
    """Of one predictor, in use."""
    multiply_adds: int | None = None
    """Of one view read once by one network."""
    seconds_a_case: float | None = None
    """One predictor, the views that it reads of one mass, one thread of the machine below."""
    machine: str = ""
    """The processor on which the time was taken."""
    recipe: dict[str, Any]
    """What the run was made by, whole."""
    software: str

    @property
    def finished(self) -> bool:
        """Whether no predictor is still to come."""
        return len(self.predictors) == len(self.planned)


@dataclass(frozen=True)
class CrossValidationOutput:
    """A run and its predictions."""

    folder: Path
    run: CrossValidationRun
    predictions: list[Prediction]


def read_cross_validation(folder: Path) -> CrossValidationOutput:
    """Read a run's folder.

    Raises
    ------
    InputError
        Naming the file and the field, if either file is missing or damaged, or they do not
        belong together.
    """
    run = read_cross_validation_run(folder)
    predictions = read_predictions(folder / PREDICTIONS)
    told = {(p.repeat, p.fold, p.seed) for p in run.predictors}
    found = {(row.repeat, row.fold, row.seed) for row in predictions}
    if told != found or {row.view for row in predictions} - set(run.views):
        raise InputError(
            folder / PREDICTIONS,
            f"does not belong to the {FILE} beside it, which names other predictors or views; "
            "run the cross-validation again",
        )
    return CrossValidationOutput(folder, run, predictions)


def read_cross_validation_run(folder: Path) -> CrossValidationRun:
    """Read ``run.json`` alone.

    Raises
    ------
    InputError
        Naming the file and the field, if it is missing or damaged.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=CrossValidationRun)
    except FileNotFoundError as error:
        raise InputError(
            path, "is missing; a run is a folder that `mammopair-research crossval` wrote"
        ) from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(path, f"does not describe a run: {error}") from error


def write_cross_validation_run(run: CrossValidationRun, folder: Path) -> None:
    """Write ``run.json`` for people as well as for machines, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(run), indent=2).decode()
    with atomic_write(folder / FILE) as stream:
        stream.write(text + "\n")
