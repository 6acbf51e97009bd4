"""What members made of lesions whose patients they never saw: the file that new ones are held to.

Arrays in half precision beside the weights, named in the manifest with their SHA-256::

    scores.FOLD.benign, scores.FOLD.malignant       see mammopair.calibration.conformal
    usual.MEMBER.mean, .directions, .deviations, .rest, .distances     see .out_of_distribution
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mammopair.calibration.conformal import FoldScores, OutOfFoldScores
from mammopair.calibration.out_of_distribution import FeatureDistribution
from mammopair.errors import InputError
from mammopair.model.weights import load_weights, save_weights


@dataclass(frozen=True)
class ReferenceDistribution:
    """Held-out scores by fold, and what is usual by member."""

    scores: FoldScores
    features: Mapping[str, FeatureDistribution]


def save_reference(reference: ReferenceDistribution, path: Path) -> str:
    """Write it whole or not at all; give the file's SHA-256.

    Raises
    ------
    InputError
        If half precision cannot hold a value, or the file cannot be written.
    """
    import torch

    arrays = {}
    for fold, scores in reference.scores.items():
        arrays[f"scores.{fold}.benign"] = scores.benign
        arrays[f"scores.{fold}.malignant"] = scores.malignant
    for member, usual in reference.features.items():
        arrays[f"usual.{member}.mean"] = usual.mean
        arrays[f"usual.{member}.directions"] = usual.directions
        arrays[f"usual.{member}.deviations"] = usual.deviations
        arrays[f"usual.{member}.rest"] = np.array([usual.residual_deviation])
        arrays[f"usual.{member}.distances"] = usual.distances
    return save_weights({name: torch.from_numpy(array) for name, array in arrays.items()}, path)


def load_reference(path: Path, sha256: str) -> ReferenceDistribution:
    """Read it back, after checking that the file is the one that was meant.

    Raises
    ------
    InputError
        If the file is missing, was changed, or lacks an array.
    """
    arrays = {name: array.double().numpy() for name, array in load_weights(path, sha256).items()}
    names = [name.rpartition(".")[0].partition(".") for name in arrays]
    try:
        return ReferenceDistribution(
            scores={
                int(fold): OutOfFoldScores(
                    arrays[f"scores.{fold}.benign"], arrays[f"scores.{fold}.malignant"]
                )
                for fold in dict.fromkeys(who for kind, _, who in names if kind == "scores")
            },
            features={
                member: FeatureDistribution(
                    mean=arrays[f"usual.{member}.mean"],
                    directions=arrays[f"usual.{member}.directions"],
                    deviations=arrays[f"usual.{member}.deviations"],
                    residual_deviation=float(arrays[f"usual.{member}.rest"][0]),
                    distances=arrays[f"usual.{member}.distances"],
                )
                for member in dict.fromkeys(who for kind, _, who in names if kind == "usual")
            },
        )
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(
            path, f"is not a reference of this version ({error}); install the ensemble anew"
        ) from error
