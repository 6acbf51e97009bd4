"""All folds of the baseline: in each, every kind of pipeline is tuned, and the best one predicts.

The model that is saved is chosen and fitted the same way on all patients, so the held-out figures
are those of the procedure that made it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.progress import Progress
from mammopair_research.datasets.folds import split_patients
from mammopair_research.handcrafted.classifier import Kind
from mammopair_research.handcrafted.feature_table import FeatureTable
from mammopair_research.handcrafted.hyperparameter_search import Tuned, best_of, tune_once
from mammopair_research.handcrafted.search_plan import SearchPlan

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """What was fitted, and on what."""

    plan: SearchPlan
    table: FeatureTable
    fold: npt.NDArray[np.int64]
    """``(rows,)``: that of each row's patient."""
    by_fold: Sequence[dict[Kind, Tuned]]
    """Fitted without the patients of the fold."""
    whole: dict[Kind, Tuned]
    """Fitted on all patients."""

    def chosen(self, fold: int) -> Tuned:
        """The pipeline that did best among the training patients of a fold."""
        return best_of(list(self.by_fold[fold].values()))

    @property
    def model(self) -> Tuned:
        """What is saved."""
        return best_of(list(self.whole.values()))

    def held_out_logits(self, kind: Kind | None = None) -> Floats:
        """``(rows,)``: by the fit, the chosen or that of a kind, that did not see the patient."""
        logits = np.empty(len(self.fold))
        for fold, kinds in enumerate(self.by_fold):
            tuned = kinds[kind] if kind else self.chosen(fold)
            here = self.fold == fold
            logits[here] = tuned.classifier.logits(self.table.values[here])
        return logits


def fit_baseline(
    plan: SearchPlan, table: FeatureTable, *, keep: Path | None = None, pool: Executor | None = None
) -> Generator[Progress, None, Baseline]:
    """Tune every kind of pipeline in every fold, and on all patients.

    Parameters
    ----------
    keep
        A folder for each fit as soon as it is done; those that it has already cost nothing.
    pool
        Processes that tune side by side, one thread each; without, this one does.

    Returns
    -------
    Baseline
        As the generator's value.

    Raises
    ------
    InputError
        If the patients cannot be divided into the folds.
    """
    fold_of = split_patients(table.rows, plan.folds)
    fold = np.array([fold_of[row.patient_id] for row in table.rows])
    parts = [*(fold != number for number in range(plan.folds.count)), np.full(len(fold), True)]
    names = [*(f"without-fold-{number}" for number in range(plan.folds.count)), "all"]
    tasks = [
        (kind, part(table, rows), keep / name / kind.replace(" ", "-") if keep else None)
        for name, rows in zip(names, parts, strict=True)
        for kind in plan.grids
    ]
    tuned: list[Tuned] = []
    results = _tuned(plan, tasks, pool)
    try:
        yield Progress(0, len(tasks), "Tuning pipelines")
        for result in results:
            tuned.append(result)
            told = result.classifier.description
            yield Progress(len(tuned), len(tasks), f"{told.kind}: inner AUC {result.inner_auc:.3f}")
    finally:
        results.close()
    kinds = list(plan.grids)
    fits = [
        dict(zip(kinds, tuned[start : start + len(kinds)], strict=True))
        for start in range(0, len(tuned), len(kinds))
    ]
    return Baseline(plan, table, fold, fits[:-1], fits[-1])


def part(table: FeatureTable, wanted: npt.NDArray[np.bool_]) -> FeatureTable:
    """Some rows of a table."""
    rows = [row for row, yes in zip(table.rows, wanted, strict=True) if yes]
    return FeatureTable(rows, table.values[wanted])


def _tuned(
    plan: SearchPlan,
    tasks: Sequence[tuple[Kind, FeatureTable, Path | None]],
    pool: Executor | None,
) -> Generator[Tuned, None, None]:
    kinds, tables, folders = zip(*tasks, strict=True)
    plans = [plan] * len(tasks)
    results: Iterator[Tuned] = (pool.map if pool else map)(tune_once, kinds, plans, tables, folders)
    yield from results
