"""From runs to the rows of the comparison table: which networks are averaged.

The rows follow from the runs' ``run.json``, by the same rules for all: a run has a row for one
network, and one for each ensemble size of :data:`SIZES` up to its number of seeds; two runs that
differ only in their view, one CC and one MLO, have additional rows with their average, the method
of the paper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mammopair.errors import InputError
from mammopair_research.crossval.predictions import Prediction
from mammopair_research.crossval.run_description import (
    HANDCRAFTED,
    PREDICTIONS,
    CrossValidationOutput,
    CrossValidationRun,
)

SIZES = (1, 3, 5, 10)
"""Numbers of networks in an ensemble."""
PAPER_ARCHITECTURE = "googlenet"
"""Architecture of the paper's best ensemble (Yi et al. 2017)."""


@dataclass(frozen=True)
class CropPrediction:
    """One crop and the logits of the out-of-fold predictors."""

    crop: Prediction
    """The crop; its seed and logit are those of the first predictor."""
    logits: tuple[float, ...]
    """One per averaged predictor, uncalibrated."""


@dataclass(frozen=True)
class ComparedMethod:
    """One row of the table before it is measured."""

    name: str
    title: str
    method: str
    """The network's architecture, or ``handcrafted``."""
    predictions: list[CropPrediction]
    networks: int
    """Number of networks averaged over a lesion with both views."""
    parameters: int | None
    """Parameters of all networks."""
    seconds_per_case: float | None
    """Time of all networks; see
    :class:`mammopair_research.crossval.run_description.CrossValidationRun`."""
    is_paper_method: bool = False
    """Whether it averages two GoogLeNets, one for CC and one for MLO."""


def compared_methods(runs: Sequence[CrossValidationOutput]) -> list[ComparedMethod]:
    """Return the rows of the table in the order of the runs; averages of two runs last.

    Raises
    ------
    InputError
        If a run has no predictor yet in some fold.
    """
    methods = [_single(run, size) for run in runs for size in SIZES if size <= count_seeds(run)]
    for cc in runs:
        for mlo in runs:
            if cc.run.views == ["CC"] and mlo.run.views == ["MLO"] and are_alike(cc.run, mlo.run):
                most = min(count_seeds(cc), count_seeds(mlo))
                methods += [_average(cc, mlo, size) for size in SIZES if size <= most]
    return methods


def count_seeds(output: CrossValidationOutput) -> int:
    """Return the least number of predictors of a fold.

    Raises
    ------
    InputError
        If a fold has none.
    """
    run = output.run
    folds = {one.fold for one in run.planned}
    count = min(sum(one.fold == fold for one in run.predictors) for fold in folds)
    if not count:
        raise InputError(
            output.folder / PREDICTIONS,
            f"is of an incomplete run with {len(run.predictors)} of {len(run.planned)} networks, "
            "and a fold has none; run `mammopair-research crossval` again to continue it",
        )
    return count


def are_alike(one: CrossValidationRun, other: CrossValidationRun) -> bool:
    """Return whether two runs differ only in the views that they were trained on."""
    return _network_settings(one.recipe) == _network_settings(other.recipe)


def _network_settings(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that determine a network, without views, fold and seed."""
    excluded = ("name", "version", "description", "choices", "title", "members", "crossval")
    settings = {key: value for key, value in recipe.items() if key not in excluded}
    optimisation = settings.get("optimisation", {})
    return settings | {"optimisation": {k: v for k, v in optimisation.items() if k != "views"}}


def _single(output: CrossValidationOutput, size: int) -> ComparedMethod:
    run = output.run
    return ComparedMethod(
        name=run.name if size == 1 else f"{run.name} x {size}",
        title=_title(run, size),
        method=run.method,
        predictions=list(_first_predictors(output, size)),
        networks=size,
        parameters=run.parameters and run.parameters * size,
        seconds_per_case=run.seconds_per_case and run.seconds_per_case * size,
    )


def _average(cc: CrossValidationOutput, mlo: CrossValidationOutput, size: int) -> ComparedMethod:
    one, other = cc.run, mlo.run
    networks = "two networks averaged" if size == 1 else f"{size} and {size} networks averaged"
    is_paper_method = one.method == PAPER_ARCHITECTURE and size == 1
    return ComparedMethod(
        name=f"{one.name} + {other.name}" + ("" if size == 1 else f" x {size}"),
        title=f"{one.title}, {networks}, CC and MLO" + " (the paper's method)" * is_paper_method,
        method=one.method,
        predictions=[*_first_predictors(cc, size), *_first_predictors(mlo, size)],
        networks=2 * size,
        parameters=_sum(one.parameters, other.parameters, size),
        seconds_per_case=_sum(one.seconds_per_case, other.seconds_per_case, size),
        is_paper_method=is_paper_method,
    )


def _title(run: CrossValidationRun, size: int) -> str:
    if run.method == HANDCRAFTED:
        return run.title
    if len(run.views) == 1:
        return f"{run.title}, {run.views[0]} only" + (f", ensemble of {size}" if size > 1 else "")
    return f"{run.title}, ensemble of {size}" if size > 1 else f"{run.title}, one for both views"


def _sum(one: float | None, other: float | None, size: int) -> Any:  # noqa: ANN401  int or float
    return None if one is None or other is None else size * (one + other)


def _first_predictors(output: CrossValidationOutput, size: int) -> Iterable[CropPrediction]:
    """Yield each crop with the logits of the first predictors of its fold, in training order."""
    chosen: dict[int, list[int]] = defaultdict(list)
    complete = {(one.fold, one.seed) for one in output.run.predictors}
    for one in output.run.planned:
        if (one.fold, one.seed) in complete and len(chosen[one.fold]) < size:
            chosen[one.fold].append(one.seed)
    by_file: dict[str, dict[int, Prediction]] = defaultdict(dict)
    for row in output.predictions:
        if row.seed in chosen[row.fold]:
            by_file[row.file][row.seed] = row
    for file, by_seed in by_file.items():
        rows = [by_seed[seed] for seed in sorted(by_seed)]
        if len(rows) < size:
            raise InputError(
                output.folder / PREDICTIONS,
                f"is damaged: {file} has {len(rows)} predictions, but its fold has {size} "
                "predictors; run `mammopair-research crossval` again",
            )
        yield CropPrediction(rows[0], tuple(row.logit for row in rows))
