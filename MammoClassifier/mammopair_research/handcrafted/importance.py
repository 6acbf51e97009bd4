"""Which features the held-out predictions rest on: permutation importance, fold by fold.

A column is shuffled among the held-out rows, and the loss of AUC counts (Breiman 2001). Features
that tell the same stand in for each other, so groups are shuffled whole, too: all of a group's
columns, with one and the same shuffling.
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
from mammopair_research.handcrafted.nested_fit import Baseline, part

SHUFFLES = 5


@dataclass(frozen=True)
class Importance:
    """Of a feature, or of a group."""

    name: str
    features: int
    """How many columns were shuffled together."""
    loss: float
    """Of AUC by view, mean over folds."""
    deviation: float
    """Standard deviation over folds."""


def groups() -> dict[str, list[int]]:
    """The columns of each group; a feature's name begins with its group's."""
    found: dict[str, list[int]] = defaultdict(list)
    for column, name in enumerate(FEATURE_NAMES):
        found[name.partition("_")[0]].append(column)
    return dict(found)


def measure_importance(
    baseline: Baseline, seed: int = 0
) -> Generator[Progress, None, list[Importance]]:
    """Groups first, then features, each in order of importance."""
    tasks = {**groups(), **{name: [column] for column, name in enumerate(FEATURE_NAMES)}}
    folds = range(len(baseline.by_fold))
    held_out = [part(baseline.table, baseline.fold == fold) for fold in folds]
    labels = [np.array([row.label for row in table.rows]) for table in held_out]
    classifiers = [baseline.chosen(fold).classifier for fold in folds]
    found: list[Importance] = []
    for name, columns in tasks.items():
        yield Progress(len(found), len(tasks), f"Importance of {name}")
        losses = [
            _loss(classifiers[fold], held_out[fold].values, labels[fold], columns, seed)
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
    seed: int,
) -> float:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(seed)
    whole = roc_auc_score(labels, classifier.decide(values))
    shuffled = values.copy()
    aucs = []
    for _ in range(SHUFFLES):
        shuffled[:, columns] = values[rng.permutation(len(values))][:, columns]
        aucs.append(roc_auc_score(labels, classifier.decide(shuffled)))
    return float(whole - np.mean(aucs))
