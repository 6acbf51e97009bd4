"""Out-of-fold scores and feature distributions that new lesions are compared with, in one file.

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
    """Out-of-fold scores by fold, and feature distributions by member."""

    scores: FoldScores
    features: Mapping[str, FeatureDistribution]


def save_reference(reference: ReferenceDistribution, path: Path) -> str:
    """Write a reference distribution.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    InputError
        If half precision cannot represent a value, or the file cannot be written.
    """
    import torch

    arrays = {}
    for fold, scores in reference.scores.items():
        arrays[f"scores.{fold}.benign"] = scores.benign
        arrays[f"scores.{fold}.malignant"] = scores.malignant
    for member, features in reference.features.items():
        arrays[f"usual.{member}.mean"] = features.mean
        arrays[f"usual.{member}.directions"] = features.directions
        arrays[f"usual.{member}.deviations"] = features.deviations
        arrays[f"usual.{member}.rest"] = np.array([features.residual_deviation])
        arrays[f"usual.{member}.distances"] = features.distances
    return save_weights({name: torch.from_numpy(array) for name, array in arrays.items()}, path)


def load_reference(path: Path, sha256: str) -> ReferenceDistribution:
    """Read a reference distribution, after verifying the file's SHA-256.

    Raises
    ------
    InputError
        If the file is missing, was changed, or lacks an array.
    """
    arrays = {name: array.double().numpy() for name, array in load_weights(path, sha256).items()}
    names = [name.rpartition(".")[0].partition(".") for name in arrays]
    folds = dict.fromkeys(owner for kind, _, owner in names if kind == "scores")
    members = dict.fromkeys(owner for kind, _, owner in names if kind == "usual")
    try:
        return ReferenceDistribution(
            scores={
                int(fold): OutOfFoldScores(
                    arrays[f"scores.{fold}.benign"], arrays[f"scores.{fold}.malignant"]
                )
                for fold in folds
            },
            features={
                member: FeatureDistribution(
                    mean=arrays[f"usual.{member}.mean"],
                    directions=arrays[f"usual.{member}.directions"],
                    deviations=arrays[f"usual.{member}.deviations"],
                    residual_deviation=float(arrays[f"usual.{member}.rest"][0]),
                    distances=arrays[f"usual.{member}.distances"],
                )
                for member in members
            },
        )
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(
            path,
            f"is not a reference distribution of this version ({error}); reinstall the ensemble",
        ) from error
