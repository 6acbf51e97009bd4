"""Measure every row of the comparison table, and test it against the reference."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mammopair.errors import InputError
from mammopair.lesion_groups import group_lesions, is_pair
from mammopair.progress import Progress
from mammopair.stats.bootstrap import RESAMPLES, bootstrap_difference, bootstrap_intervals
from mammopair.stats.metrics import NAMES, measure
from mammopair_research.comparison.calibrated_scores import (
    Score,
    cross_fit_scores,
    out_of_fold_lesions,
)
from mammopair_research.comparison.comparison_schema import (
    Comparison,
    Difference,
    Figure,
    Level,
    Row,
)
from mammopair_research.comparison.compatibility import check_compatible
from mammopair_research.comparison.published import published_figures
from mammopair_research.comparison.table_rows import ComparedMethod, compared_methods
from mammopair_research.crossval.run_description import CrossValidationOutput, CrossValidationRun

TESTED = ("auc", "accuracy")
"""Metrics that are tested against the reference."""


@dataclass(frozen=True)
class ScoredMethod:
    """A method with its calibrated probabilities."""

    method: ComparedMethod
    lesions: dict[str, Score]
    """By lesion name."""
    views: list[Score]

    def scores_of(self, names: Iterable[str]) -> list[Score]:
        """Return the scores of some lesions."""
        return [self.lesions[name] for name in names]


def compare_runs(
    runs: Sequence[CrossValidationOutput], reference: str | None = None, resamples: int = RESAMPLES
) -> Generator[Progress, None, Comparison]:
    """Build the comparison table of runs.

    The main level is pairs: lesions with both views that every row has scored, so that all rows
    are measured on the same lesions and differences can be tested. A row that reads one view
    scores that view of the pair.

    Parameters
    ----------
    runs
        Runs on the same data and the same folds.
    reference
        Name of the row that the others are tested against; by default the method of the paper,
        two GoogLeNets for CC and MLO, averaged. If there is none, nothing is tested.
    resamples
        Number of resamples of the bootstrap over patients.

    Returns
    -------
    Comparison
        As the generator's value.

    Raises
    ------
    InputError
        If the runs are not compatible, one is incomplete or has one fold only, or there is no
        such reference.
    """
    check_compatible(runs)
    methods = compared_methods(runs)
    standard = _find_reference(methods, reference)
    total = 2 * len(methods)
    scored = []
    for number, method in enumerate(methods):
        yield Progress(number, total, f"Calibrating {method.name}")
        by_lesion, by_view = cross_fit_scores(out_of_fold_lesions(method.predictions))
        scored.append(ScoredMethod(method, {score.name: score for score in by_lesion}, by_view))
    pairs = common_pairs(scored, runs)
    against = next((one.scores_of(pairs) for one in scored if one.method is standard), None)
    rows = []
    for number, one in enumerate(scored):
        yield Progress(len(methods) + number, total, f"Measuring {one.method.name}")
        tested = None if one.method is standard else against
        rows.append(_row(one, pairs, tested, resamples))
    first = runs[0].run
    return Comparison(
        data=first.data,
        patients=first.patients,
        folds=first.folds,
        rows=rows,
        reference=standard.name if standard else None,
        published=published_figures(),
        resamples=resamples,
        notes=_notes(runs, standard),
        machines=sorted({output.run.machine for output in runs if output.run.machine}),
    )


def common_pairs(
    scored: Sequence[ScoredMethod], runs: Sequence[CrossValidationOutput]
) -> list[str]:
    """Return the names of the pairs that every method has scored.

    Raises
    ------
    InputError
        If there are none, as for runs with different folds.
    """
    crops = list({row.file: row for output in runs for row in output.predictions}.values())
    pairs = sorted(
        name
        for name, indices in group_lesions(crops).items()
        if is_pair([crops[index] for index in indices])
        and all(name in one.lesions for one in scored)
    )
    if not pairs:
        raise InputError(
            "runs", "have no pair of views in common; compare runs that predict the same folds"
        )
    return pairs


def _find_reference(
    methods: Sequence[ComparedMethod], reference: str | None
) -> ComparedMethod | None:
    if reference is None:
        return next((one for one in methods if one.is_paper_method), None)
    for one in methods:
        if one.name == reference:
            return one
    names = ", ".join(one.name for one in methods)
    raise InputError("--reference", f"{reference!r} is not a row of the table; use one of {names}")


def _row(one: ScoredMethod, pairs: list[str], against: list[Score] | None, resamples: int) -> Row:
    method, scores = one.method, one.scores_of(pairs)
    return Row(
        name=method.name,
        title=method.title,
        method=method.method,
        networks=method.networks,
        parameters=method.parameters,
        seconds_per_case=method.seconds_per_case,
        levels={
            "pairs": _level(scores, resamples),
            "views": _level(one.views, resamples),
            "lesions": _level(list(one.lesions.values()), resamples),
        },
        against_reference=_differences(scores, against, resamples) if against else {},
    )


def _level(scores: Sequence[Score], resamples: int) -> Level:
    probabilities = [score.probability for score in scores]
    labels = [score.label for score in scores]
    patients = [score.patient_id for score in scores]
    values = measure(probabilities, labels)
    limits = bootstrap_intervals(probabilities, labels, patients, resamples=resamples).ranges
    figures = {}
    for name in NAMES:
        low, high = limits[name] or (None, None)
        figures[name] = Figure(value=getattr(values, name), low=low, high=high)
    return Level(n=len(scores), malignant=sum(labels), patients=len(set(patients)), figures=figures)


def _differences(
    scores: Sequence[Score], against: Sequence[Score], resamples: int
) -> dict[str, Difference]:
    differences = {}
    for metric in TESTED:
        found = bootstrap_difference(
            [score.probability for score in scores],
            [score.probability for score in against],
            [score.label for score in scores],
            [score.patient_id for score in scores],
            metric=metric,
            resamples=resamples,
        )
        if found:
            differences[metric] = Difference(
                difference=found.difference, low=found.low, high=found.high, p_value=found.p_value
            )
    return differences


def _names_by(
    property_: Callable[[CrossValidationRun], str | None], runs: Sequence[CrossValidationOutput]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each value of a property that is not empty, with the names of the runs that have it."""
    names: dict[str, list[str]] = {}
    for output in runs:
        if value := property_(output.run):
            names.setdefault(value, []).append(output.run.name)
    yield from names.items()


def _notes(runs: Sequence[CrossValidationOutput], standard: ComparedMethod | None) -> list[str]:
    notes = [
        f"Reduced cross-validation: {', '.join(names)} predicted {reduced}."
        for reduced, names in _names_by(lambda run: run.reduced, runs)
    ]
    notes += [
        f"Incomplete: {output.run.name} has {len(output.run.predictors)} of "
        f"{len(output.run.planned)} networks."
        for output in runs
        if not output.run.finished
    ]
    notes += [
        f"Chosen before the run of {', '.join(names)}: {choices}"
        for choices, names in _names_by(lambda run: run.recipe.get("choices"), runs)
    ]
    if standard is None:
        notes.append(
            "No differences were tested: no row is the paper's method; name one with --reference."
        )
    return notes
