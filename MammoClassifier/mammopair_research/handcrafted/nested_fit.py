"""Nested cross-validation: in each fold every pipeline is tuned, and the best one predicts.

The saved model is chosen and fitted in the same way on all patients, so the out-of-fold metrics
describe the procedure that made it.
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
from mammopair_research.handcrafted.hyperparameter_search import Tuned, best_of, tune_cached
from mammopair_research.handcrafted.search_plan import SearchPlan

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """The fits of all folds and of all patients."""

    plan: SearchPlan
    table: FeatureTable
    fold: npt.NDArray[np.int64]
    """``(rows,)``: the fold of each row's patient."""
    by_fold: Sequence[dict[Kind, Tuned]]
    """Fits without the patients of each fold."""
    whole: dict[Kind, Tuned]
    """Fits on all patients."""

    def chosen(self, fold: int) -> Tuned:
        """Return the pipeline with the highest inner AUC in a fold."""
        return best_of(list(self.by_fold[fold].values()))

    @property
    def model(self) -> Tuned:
        """The saved model."""
        return best_of(list(self.whole.values()))

    def out_of_fold_logits(self, kind: Kind | None = None) -> Floats:
        """Return the logits ``(rows,)`` of the chosen pipelines, or of one kind of pipeline."""
        logits = np.empty(len(self.fold))
        for fold, kinds in enumerate(self.by_fold):
            tuned = kinds[kind] if kind else self.chosen(fold)
            rows = self.fold == fold
            logits[rows] = tuned.classifier.logits(self.table.values[rows])
        return logits


def fit_baseline(
    plan: SearchPlan,
    table: FeatureTable,
    *,
    cache: Path | None = None,
    pool: Executor | None = None,
) -> Generator[Progress, None, Baseline]:
    """Tune every pipeline in every fold and on all patients.

    Parameters
    ----------
    plan
        Folds and hyperparameters.
    table
        The features.
    cache
        Folder where fits are saved and loaded from; None does not save them.
    pool
        Processes that tune in parallel, one thread each; None uses this process.

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
        (kind, select_rows(table, rows), cache / name / kind.replace(" ", "-") if cache else None)
        for name, rows in zip(names, parts, strict=True)
        for kind in plan.grids
    ]
    tuned: list[Tuned] = []
    results = _tune_all(plan, tasks, pool)
    try:
        yield Progress(0, len(tasks), "Tuning pipelines")
        for result in results:
            tuned.append(result)
            kind = result.classifier.description.kind
            yield Progress(len(tuned), len(tasks), f"{kind}: inner AUC {result.inner_auc:.3f}")
    finally:
        results.close()
    kinds = list(plan.grids)
    fits = [
        dict(zip(kinds, tuned[start : start + len(kinds)], strict=True))
        for start in range(0, len(tuned), len(kinds))
    ]
    return Baseline(plan, table, fold, fits[:-1], fits[-1])


def select_rows(table: FeatureTable, wanted: npt.NDArray[np.bool_]) -> FeatureTable:
    """Return a table with some of the rows; ``wanted`` is ``(rows,)``."""
    rows = [row for row, yes in zip(table.rows, wanted, strict=True) if yes]
    return FeatureTable(rows, table.values[wanted])


def _tune_all(
    plan: SearchPlan,
    tasks: Sequence[tuple[Kind, FeatureTable, Path | None]],
    pool: Executor | None,
) -> Generator[Tuned, None, None]:
    kinds, tables, folders = zip(*tasks, strict=True)
    plans = [plan] * len(tasks)
    results: Iterator[Tuned] = (pool.map if pool else map)(
        tune_cached, kinds, plans, tables, folders
    )
    yield from results
