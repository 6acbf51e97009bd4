"""Conformal prediction: a set of classes that contains the true class with a stated coverage.

**Class-conditional cross-conformal prediction** (Vovk 2015, Ann. Math. Artif. Intell. 74:9; by
class after Mondrian, Vovk, Gammerman & Shafer 2005). For every fold of training patients there are
members that were not trained on it. Their score of a new lesion is ranked among their scores of
the lesions of that fold, for each class::

    p(class) = (1 + sum over folds of lesions of the class at least as extreme) / (1 + lesions)

"Extreme" is a high score for the class benign and a low score for the class malignant. A class is
in the set if its p-value exceeds ``1 - coverage``. The score is the mean over views of the mean
over members of the logits before calibration, so the coverage does not depend on the calibration.

With one fold, each class would be covered at least as often as stated, for any network, if lesions
come from the distribution of the training data (not for other detectors or populations). With
several folds the guarantee is ``1 - 2 (1 - coverage)`` (Barber et al. 2021, Ann. Stat. 49:486); in
practice the coverage is about the stated one. The model card has the measured coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

COVERAGE = 0.9
"""Default nominal coverage."""

Floats = npt.NDArray[np.float64]
Label = Literal["benign", "malignant"]


@dataclass(frozen=True)
class OutOfFoldScores:
    """Scores of the lesions of one fold, by members that were not trained on its patients."""

    benign: Floats
    """``(n,)``, in logits, in any order."""
    malignant: Floats


FoldScores = Mapping[int, OutOfFoldScores]
"""Scores by the fold that the scoring members were not trained on."""


@dataclass(frozen=True)
class PValues:
    """Conformal p-values of both classes, each in (0, 1]."""

    benign: float
    malignant: float


def lesion_score(logits: Floats) -> float:
    """Compute the mean over views of the mean over members.

    Parameters
    ----------
    logits
        ``(views, members)``, NaN where a member does not support a view.

    Returns
    -------
    float
        NaN if all logits are NaN.
    """
    known = ~np.isnan(logits)
    views = [row[mask].mean() for row, mask in zip(logits, known, strict=True) if mask.any()]
    return float(np.mean(views)) if views else float("nan")


def p_values(logits: Floats, folds: Sequence[int], scores: FoldScores) -> PValues | None:
    """Rank a lesion among the out-of-fold lesions of each class.

    Parameters
    ----------
    logits
        ``(views, members)``: uncalibrated, NaN where a member does not support a view.
    folds
        ``(members,)``: the fold that each member was not trained on.
    scores
        Scores of the lesions of these folds.

    Returns
    -------
    PValues or None
        None if no member with a logit has a fold with scores.
    """
    above, below, benign, malignant = 0, 0, 0, 0
    for fold, of_fold in scores.items():
        score = lesion_score(logits[:, np.asarray(folds) == fold])
        if np.isnan(score):
            continue
        above += int((of_fold.benign >= score).sum())
        below += int((of_fold.malignant <= score).sum())
        benign += len(of_fold.benign)
        malignant += len(of_fold.malignant)
    if not benign or not malignant:
        return None
    return PValues((above + 1) / (benign + 1), (below + 1) / (malignant + 1))


def classes_in_set(p: PValues, coverage: float) -> list[Label]:
    """Return the conformal set: ``benign``, ``malignant``, or both.

    If neither p-value exceeds ``1 - coverage``, the score is between the two classes and typical
    of neither. Both are returned instead of an empty set, which can only raise the coverage.
    """
    classes: list[Label] = []
    if p.benign > 1 - coverage:
        classes.append("benign")
    if p.malignant > 1 - coverage:
        classes.append("malignant")
    return classes or ["benign", "malignant"]


def scores_of_other_folds(scores: FoldScores, fold: int) -> FoldScores:
    """Return the scores that rank the training lesions of a fold: those of all **other** folds.

    The scores of the fold itself contain those of the lesions to rank. The scores of the other
    folds, by other members, are used in their place.

    Returns
    -------
    FoldScores
        One entry, of ``fold``; empty if there is no other fold.
    """
    others = [of_fold for other, of_fold in scores.items() if other != fold]
    if not others:
        return {}
    return {
        fold: OutOfFoldScores(
            np.concatenate([of_fold.benign for of_fold in others]),
            np.concatenate([of_fold.malignant for of_fold in others]),
        )
    }
