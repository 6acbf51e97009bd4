"""Measure every row of the table, and test each against the reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mammopair.errors import InputError
from mammopair.progress import Progress
from mammopair.stats.bootstrap import RESAMPLES, bootstrap_difference, bootstrap_intervals
from mammopair.stats.metrics import NAMES, measure
from mammopair_research.comparison.calibrated_scores import Score, cross_fitted, lesions_of
from mammopair_research.comparison.comparison_schema import (
    Comparison,
    Difference,
    Figure,
    Level,
    Row,
)
from mammopair_research.comparison.compatibility import check_agreement
from mammopair_research.comparison.published import published_figures
from mammopair_research.comparison.table_rows import ComparedMethod, compared_methods
from mammopair_research.crossval.run_description import CrossValidationOutput, CrossValidationRun

TESTED = ("auc", "accuracy")
"""Metrics that are tested against the reference."""

Key = tuple[int, str]
"""Repeat, and the name of a lesion."""


@dataclass(frozen=True)
class Scored:
    """An entrant's probabilities."""

    entrant: ComparedMethod
    lesions: dict[Key, Score]
    views: list[Score]

    def at(self, keys: Iterable[Key]) -> list[Score]:
        """Those of some lesions, in their order."""
        return [self.lesions[key] for key in keys]


def compare_runs(
    runs: Sequence[CrossValidationOutput], reference: str | None = None, resamples: int = RESAMPLES
) -> Generator[Progress, None, Comparison]:
    """The table of runs.

    Pairs are compared first: masses that both views show and that every row has scored, so that
    all rows are measured on the same lesions and differences can be tested. A row that reads one
    view scores that view of the pair.

    Parameters
    ----------
    runs
        Of one collection and one split.
    reference
        The name of the row that the others are tested against; by default the paper's: two
        GoogLeNets, CC's and MLO's, averaged. Where there is none, nothing is tested.
    resamples
        Of the bootstrap over patients.

    Returns
    -------
    Comparison
        As the generator's value.

    Raises
    ------
    InputError
        If the runs do not go together, one is unfinished, has one fold only, or there is no such
        reference.
    """
    check_agreement(runs)
    found = compared_methods(runs)
    standard = _reference(found, reference)
    total = 2 * len(found)
    scored = []
    for number, entrant in enumerate(found):
        yield Progress(number, total, f"Calibrating {entrant.name}")
        by_lesion, by_view = cross_fitted(lesions_of(entrant.predictions))
        by_key = {(score.repeat, score.name): score for score in by_lesion}
        scored.append(Scored(entrant, by_key, by_view))
    pairs = common_pairs(scored, runs)
    against = next((one.at(pairs) for one in scored if one.entrant is standard), None)
    rows = []
    for number, one in enumerate(scored):
        yield Progress(len(found) + number, total, f"Measuring {one.entrant.name}")
        tested = None if one.entrant is standard else against
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
        machines=sorted({held_out.run.machine for held_out in runs if held_out.run.machine}),
    )


def common_pairs(scored: Sequence[Scored], runs: Sequence[CrossValidationOutput]) -> list[Key]:
    """The pairs that every row has scored.

    Raises
    ------
    InputError
        If there are none, as where runs held out different folds.
    """
    views: dict[Key, set[str]] = defaultdict(set)
    for held_out in runs:
        for row in held_out.predictions:
            if row.pair_id:
                views[row.repeat, row.pair_id].add(row.view)
    whole = [key for key, found in views.items() if len(found) == 2]
    pairs = sorted(key for key in whole if all(key in one.lesions for one in scored))
    if not pairs:
        raise InputError(
            "runs", "have no pair of views in common; compare runs that held out the same folds"
        )
    return pairs


def _reference(found: Sequence[ComparedMethod], wanted: str | None) -> ComparedMethod | None:
    if wanted is None:
        return next((one for one in found if one.is_the_papers), None)
    for one in found:
        if one.name == wanted:
            return one
    names = ", ".join(one.name for one in found)
    raise InputError("--reference", f"{wanted!r} is no row of the table; there are {names}")


def _row(one: Scored, pairs: list[Key], against: list[Score] | None, resamples: int) -> Row:
    entrant, here = one.entrant, one.at(pairs)
    return Row(
        name=entrant.name,
        title=entrant.title,
        method=entrant.method,
        networks=entrant.networks,
        parameters=entrant.parameters,
        seconds_a_case=entrant.seconds_a_case,
        levels={
            "pairs": _level(here, resamples),
            "views": _level(one.views, resamples),
            "lesions": _level(list(one.lesions.values()), resamples),
        },
        against_reference=_differences(here, against, resamples) if against else {},
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
    here: Sequence[Score], against: Sequence[Score], resamples: int
) -> dict[str, Difference]:
    differences = {}
    for metric in TESTED:
        found = bootstrap_difference(
            [score.probability for score in here],
            [score.probability for score in against],
            [score.label for score in here],
            [score.patient_id for score in here],
            metric=metric,
            resamples=resamples,
        )
        if found:
            differences[metric] = Difference(
                difference=found.difference, low=found.low, high=found.high, p_value=found.p_value
            )
    return differences


def _by(
    what: Callable[[CrossValidationRun], str | None], runs: Sequence[CrossValidationOutput]
) -> Iterator[tuple[str, list[str]]]:
    """Each thing that is said of a run, and the names of all that it is said of."""
    names: dict[str, list[str]] = {}
    for held_out in runs:
        if said := what(held_out.run):
            names.setdefault(said, []).append(held_out.run.name)
    yield from names.items()


def _notes(runs: Sequence[CrossValidationOutput], standard: ComparedMethod | None) -> list[str]:
    notes = [
        f"Reduced: {', '.join(names)} held out {reduced}."
        for reduced, names in _by(lambda run: run.reduced, runs)
    ]
    notes += [
        f"Unfinished: {held_out.run.name} has {len(held_out.run.predictors)} of "
        f"{len(held_out.run.planned)} networks."
        for held_out in runs
        if not held_out.run.finished
    ]
    notes += [
        f"Chosen before {', '.join(names)} {'was' if len(names) == 1 else 'were'} run: {choices}"
        for choices, names in _by(lambda run: run.recipe.get("choices"), runs)
    ]
    if standard is None:
        notes.append(
            "Nothing was tested: no row is the paper's recipe, and no reference was named."
        )
    return notes
