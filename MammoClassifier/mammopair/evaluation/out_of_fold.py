"""Which members may score which patients: only those that were not trained on the patient.

An ensemble's table of folds lists the patients of its training data. A patient in the table is
*out-of-fold* for the members whose fold is the patient's. All members may score a patient who is
not in the table.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow, read_index
from mammopair.model.weights import file_sha256

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class ScorableCrop:
    """A crop, and the members that may score it."""

    row: CropRow
    members: frozenset[str]
    """Names of the members that were not trained on the patient; at least one."""


def training_folds(ensemble: Ensemble) -> dict[str, int]:
    """Return the fold of each patient of the ensemble's training data.

    Raises
    ------
    InputError
        If the ensemble's table of folds is missing or does not match the manifest's SHA-256.
    """
    training = ensemble.manifest.training
    path = ensemble.folder / training.folds_file
    if file_sha256(path) != training.folds_sha256:
        raise InputError(
            path, "does not match folds_sha256 of the manifest; install the ensemble again"
        )
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["patient_id"]: int(row["fold"]) for row in csv.DictReader(stream)}


def out_of_fold_members(ensemble: Ensemble) -> dict[str, frozenset[str]]:
    """Return, for each patient of the training data, the members not trained on the patient.

    Raises
    ------
    InputError
        As :func:`training_folds`.
    """
    members: dict[int, set[str]] = defaultdict(set)
    for entry in ensemble.members:
        members[entry.fold].add(entry.name)
    return {patient: frozenset(members[fold]) for patient, fold in training_folds(ensemble).items()}


def scorable_crops(folder: Path, ensemble: Ensemble) -> list[ScorableCrop]:
    """Return the usable crops of a folder that at least one member may score, in table order.

    Raises
    ------
    InputError
        If the folder cannot be read, or every member was trained on all of its patients.
    """
    out_of_fold = out_of_fold_members(ensemble)
    all_members = frozenset(entry.name for entry in ensemble.members)
    crops = [
        ScorableCrop(row, out_of_fold.get(row.patient_id, all_members))
        for row in read_index(folder)
    ]
    scorable = [crop for crop in crops if crop.members]
    if not scorable:
        raise InputError(
            folder,
            "has only patients that every member was trained on; use crops of other patients",
        )
    return scorable


def explainable_crops(folder: Path, ensemble: Ensemble) -> list[ScorableCrop]:
    """Return the crops of :func:`scorable_crops` whose projection one of their members reads.

    Raises
    ------
    InputError
        As :func:`scorable_crops`, and if no such member reads any of the projections.
    """
    projections = {entry.name: entry.views for entry in ensemble.members}
    crops = [
        ScorableCrop(
            crop.row,
            frozenset(name for name in crop.members if crop.row.view in projections[name]),
        )
        for crop in scorable_crops(folder, ensemble)
    ]
    explainable = [crop for crop in crops if crop.members]
    if not explainable:
        raise InputError(
            folder,
            "has no view that a member not trained on the patient reads; add crops of the "
            "projections that the ensemble reads",
        )
    return explainable
