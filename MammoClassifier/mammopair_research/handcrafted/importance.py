"""Permutation importance of the features, by fold.

The importance is the decrease of the AUC when a column is shuffled among the out-of-fold rows
(Breiman 2001). Correlated features can replace each other, so the columns of a group are also
shuffled together, with the same permutation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.features.catalogue import FEATURE_NAMES
from mammopair.progress import Progress
from mammopair_research.handcrafted.classifier import FeatureClassifier
from mammopair_research.handcrafted.nested_fit import Baseline, select_rows

SHUFFLES = 5


@dataclass(frozen=True)
class Importance:
    """Importance of a feature or a group."""

    name: str
    features: int
    """Number of columns that were shuffled together."""
    loss: float
    """Decrease of the AUC by view, mean over folds."""
    deviation: float
    """Standard deviation over folds."""


def groups() -> dict[str, list[int]]:
    """Return the columns of each group; the name of a feature begins with its group."""
    found: dict[str, list[int]] = defaultdict(list)
    for column, name in enumerate(FEATURE_NAMES):
        found[name.partition("_")[0]].append(column)
    return dict(found)


def measure_importance(
    baseline: Baseline,
) -> Generator[Progress, None, list[Importance]]:
    """Measure the importance of groups and features.

    Returns
    -------
    list of Importance
        Groups, then features, each in order of importance; as the generator's value.
    """
    tasks = {**groups(), **{name: [column] for column, name in enumerate(FEATURE_NAMES)}}
    folds = range(len(baseline.by_fold))
    out_of_fold = [select_rows(baseline.table, baseline.fold == fold) for fold in folds]
    labels = [np.array([row.label for row in table.rows]) for table in out_of_fold]
    classifiers = [baseline.chosen(fold).classifier for fold in folds]
    found: list[Importance] = []
    for name, columns in tasks.items():
        yield Progress(len(found), len(tasks), f"Importance of {name}")
        losses = [
            _loss(classifiers[fold], out_of_fold[fold].values, labels[fold], columns)
            for fold in folds
        ]
        found.append(Importance(name, len(columns), float(np.mean(losses)), float(np.std(losses))))
    names = groups()
    return sorted(found, key=lambda one: (one.name not in names, -one.loss))


def _loss(
    classifier: FeatureClassifier,
    values: npt.NDArray[np.float64],
    labels: npt.NDArray[np.int64],
    columns: list[int],
) -> float:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    intact = roc_auc_score(labels, classifier.decide(values))
    shuffled = values.copy()
    aucs = []
    for _ in range(SHUFFLES):
        shuffled[:, columns] = values[rng.permutation(len(values))][:, columns]
        aucs.append(roc_auc_score(labels, classifier.decide(shuffled)))
    return float(intact - np.mean(aucs))
