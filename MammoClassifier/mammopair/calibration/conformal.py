"""A set of classes that holds the true one with a stated coverage, calibrated or not.

**Class-conditional cross-conformal prediction** (Vovk 2015, Ann. Math. Artif. Intell. 74:9; by
class after Mondrian, Vovk, Gammerman & Shafer 2005). Every fold of training patients has members
that never saw it. They score a new lesion, and their score is ranked among those that they gave
to the lesions of their fold, class by class::

    p(class) = (1 + sum over folds of lesions of the class at least as far out) / (1 + lesions)

"Far out" is a high score for the benign and a low one for the malignant class. A class is in the
set where its p exceeds ``1 - coverage``. The score is the mean over views of the members' logits
before calibration, so that the set holds even where the calibration does not.

Were only one fold used, each class would be covered at least as often as stated, whatever the
network, for lesions drawn like those of the training (not for other detectors or populations).
Over several folds the proof gives ``1 - 2 (1 - coverage)`` (Barber et al. 2021, Ann. Stat. 49:486)
and practice about the stated coverage; what was measured stands on the model card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

COVERAGE = 0.9
"""Stated where none is asked for."""

Floats = npt.NDArray[np.float64]
Label = Literal["benign", "malignant"]


@dataclass(frozen=True)
class OutOfFoldScores:
    """Scores of the lesions of one fold, by members that never saw their patients."""

    benign: Floats
    """``(n,)``, any order, in logits."""
    malignant: Floats


FoldScores = Mapping[int, OutOfFoldScores]
"""By the fold that the scoring members never saw."""


@dataclass(frozen=True)
class PValues:
    """How usual a lesion's score is in each class, above 0, at most 1."""

    benign: float
    malignant: float


def lesion_score(logits: Floats) -> float:
    """The mean over views of the mean over members; ``(views, members)``, NaN where none was read.

    NaN where nothing was read.
    """
    read = ~np.isnan(logits)
    views = [row[mask].mean() for row, mask in zip(logits, read, strict=True) if mask.any()]
    return float(np.mean(views)) if views else float("nan")


def p_values(logits: Floats, folds: Sequence[int], held_out: FoldScores) -> PValues | None:
    """Rank a lesion among the held-out lesions of each class; see the head of this file.

    Parameters
    ----------
    logits
        ``(views, members)``, uncalibrated, NaN where a member does not read a view.
    folds
        The fold that each member never saw, ``(members,)``.
    held_out
        What these folds' lesions scored.

    Returns
    -------
    PValues or None
        None where no member that read the lesion has a fold to rank it in.
    """
    above, below, benign, malignant = 0, 0, 0, 0
    for fold, scores in held_out.items():
        score = lesion_score(logits[:, np.asarray(folds) == fold])
        if np.isnan(score):
            continue
        above += int((scores.benign >= score).sum())
        below += int((scores.malignant <= score).sum())
        benign += len(scores.benign)
        malignant += len(scores.malignant)
    if not benign or not malignant:
        return None
    return PValues((above + 1) / (benign + 1), (below + 1) / (malignant + 1))


def classes_in_set(p: PValues, coverage: float) -> list[Label]:
    """The set: ``benign``, ``malignant``, or both.

    Where neither class reaches, the lesion lies between them, unlike either: both are given, as
    an empty set would say more than is known. That can only raise the coverage.
    """
    kept: list[Label] = []
    if p.benign > 1 - coverage:
        kept.append("benign")
    if p.malignant > 1 - coverage:
        kept.append("malignant")
    return kept or ["benign", "malignant"]


def scores_of_other_folds(held_out: FoldScores, fold: int) -> FoldScores:
    """For a lesion of the training: its fold's members, ranked in the **other** folds' lesions.

    Its own fold's scores hold its own, so a rank among them would be no test. The other folds'
    members stand in for its own.
    """
    others = [scores for other, scores in held_out.items() if other != fold]
    if not others:
        return {}
    return {
        fold: OutOfFoldScores(
            np.concatenate([scores.benign for scores in others]),
            np.concatenate([scores.malignant for scores in others]),
        )
    }
