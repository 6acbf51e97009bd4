"""From runs to the rows of the table: what is averaged to one answer, by the same rules for all.

The rows follow from the runs' own ``run.json``: a run is there with one network, and with as many
of :data:`SIZES` as it has seeds; two runs that are alike but for their view, one CC and one MLO,
are there a third time, averaged, as the paper has it.
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
"""Networks in an ensemble."""
THE_PAPERS = "googlenet"
"""The architecture of the paper's best ensemble (Yi et al. 2017)."""


@dataclass(frozen=True)
class CropPrediction:
    """One crop, and what the predictors that never saw its patient said of it."""

    crop: Prediction
    """The crop; its seed and logit are the first predictor's."""
    logits: tuple[float, ...]
    """One of each predictor that is averaged."""


@dataclass(frozen=True)
class ComparedMethod:
    """One row of the table."""

    name: str
    title: str
    method: str
    predictions: list[CropPrediction]
    networks: int
    """Whose probabilities are averaged over a lesion with both views."""
    parameters: int | None
    """Of all of them."""
    seconds_a_case: float | None
    """All of them, one after another; see :class:`mammopair_research.crossval.run_description.CrossValidationRun`."""
    is_the_papers: bool = False
    """Two GoogLeNets, CC's and MLO's, averaged."""


def compared_methods(runs: Sequence[CrossValidationOutput]) -> list[ComparedMethod]:
    """The rows of the table, in the order of the runs; averaged pairs of runs last.

    Raises
    ------
    InputError
        If a run is so unfinished that not one network a fold is there.
    """
    found = [
        _single(held_out, size) for held_out in runs for size in SIZES if size <= seeds_of(held_out)
    ]
    for cc in runs:
        for mlo in runs:
            if cc.run.views == ["CC"] and mlo.run.views == ["MLO"] and are_alike(cc.run, mlo.run):
                most = min(seeds_of(cc), seeds_of(mlo))
                found += [_averaged(cc, mlo, size) for size in SIZES if size <= most]
    return found


def seeds_of(held_out: CrossValidationOutput) -> int:
    """How many predictors each fold has at least.

    Raises
    ------
    InputError
        If a fold has none yet.
    """
    run = held_out.run
    folds = {(one.repeat, one.fold) for one in run.planned}
    count = min(sum((one.repeat, one.fold) == fold for one in run.predictors) for fold in folds)
    if not count:
        raise InputError(
            held_out.folder / PREDICTIONS,
            f"is of an unfinished run: {len(run.predictors)} of {len(run.planned)} networks are "
            "there, and a fold has none; run `mammopair-research crossval` again, it goes on",
        )
    return count


def are_alike(one: CrossValidationRun, other: CrossValidationRun) -> bool:
    """Whether two runs differ in the views that they were trained on, and in nothing else."""
    return _deciding(one.recipe) == _deciding(other.recipe)


def _deciding(recipe: dict[str, Any]) -> dict[str, Any]:
    """What of a recipe decides a network, but for views, fold and seed."""
    words = ("name", "version", "description", "choices", "title", "members", "crossval")
    kept = {key: value for key, value in recipe.items() if key not in words}
    optimisation = kept.get("optimisation", {})
    return kept | {"optimisation": {k: v for k, v in optimisation.items() if k != "views"}}


def _single(held_out: CrossValidationOutput, size: int) -> ComparedMethod:
    run = held_out.run
    return ComparedMethod(
        name=run.name if size == 1 else f"{run.name} x {size}",
        title=_title(run, size),
        method=run.method,
        predictions=list(_first(held_out, size)),
        networks=size,
        parameters=run.parameters and run.parameters * size,
        seconds_a_case=run.seconds_a_case and run.seconds_a_case * size,
    )


def _averaged(cc: CrossValidationOutput, mlo: CrossValidationOutput, size: int) -> ComparedMethod:
    one, other = cc.run, mlo.run
    counted = "two networks averaged" if size == 1 else f"{size} and {size} networks averaged"
    is_the_papers = one.method == THE_PAPERS and size == 1
    return ComparedMethod(
        name=f"{one.name} + {other.name}" + ("" if size == 1 else f" x {size}"),
        title=f"{one.title}, {counted}, CC's and MLO's" + " (the paper's)" * is_the_papers,
        method=one.method,
        predictions=[*_first(cc, size), *_first(mlo, size)],
        networks=2 * size,
        parameters=_sum(one.parameters, other.parameters, size),
        seconds_a_case=_sum(one.seconds_a_case, other.seconds_a_case, size),
        is_the_papers=is_the_papers,
    )


def _title(run: CrossValidationRun, size: int) -> str:
    if run.method == HANDCRAFTED:
        return run.title
    if len(run.views) == 1:
        return f"{run.title}, {run.views[0]} only" + (f", ensemble of {size}" if size > 1 else "")
    return f"{run.title}, ensemble of {size}" if size > 1 else f"{run.title}, one for both views"


def _sum(one: float | None, other: float | None, size: int) -> Any:  # noqa: ANN401  int or float
    return None if one is None or other is None else size * (one + other)


def _first(held_out: CrossValidationOutput, size: int) -> Iterable[CropPrediction]:
    """Each crop with the logits of the first predictors of its fold, in the order of training."""
    chosen: dict[tuple[int, int], list[int]] = defaultdict(list)
    there = {(one.repeat, one.fold, one.seed) for one in held_out.run.predictors}
    for one in held_out.run.planned:
        seeds = chosen[one.repeat, one.fold]
        if (one.repeat, one.fold, one.seed) in there and len(seeds) < size:
            seeds.append(one.seed)
    said: dict[tuple[int, str], dict[int, Prediction]] = defaultdict(dict)
    for row in held_out.predictions:
        if row.seed in chosen[row.repeat, row.fold]:
            said[row.repeat, row.file][row.seed] = row
    for (repeat, file), by_seed in said.items():
        rows = [by_seed[seed] for seed in sorted(by_seed)]
        if len(rows) < size:
            raise InputError(
                held_out.folder / PREDICTIONS,
                f"is damaged: {file} has {len(rows)} predictions in repeat {repeat} where its "
                f"fold has {size} predictors; run `mammopair-research crossval` again",
            )
        yield CropPrediction(rows[0], tuple(row.logit for row in rows))
