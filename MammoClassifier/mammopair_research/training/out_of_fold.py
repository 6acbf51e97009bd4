"""Out-of-fold predictions: each member's outputs for the training crops of its own fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.io.crop_folder import CropRow
from mammopair.lesion_groups import group_lesions
from mammopair.progress import Progress
from mammopair_research.datasets.patches import read_patch

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput

CHUNK_SIZE = 32
"""Crops that a member reads together."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MemberOutputs:
    """One member's outputs for ``n`` crops of its fold."""

    rows: Sequence[CropRow]
    logits: Floats
    """``(n,)``: logits of malignancy, uncalibrated."""
    pooled: Floats
    """``(n, channels)``: pooled features."""
    descriptor_logits: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """``(n, descriptors)``: logits of the manifest's descriptors."""


@dataclass(frozen=True)
class LesionLogits:
    """The logits of one lesion by the members that were not trained on the patient."""

    patient_id: str
    label: int
    """1 for malignant, 0 for benign."""
    logits: Floats
    """``(views, members)``, uncalibrated, one or two views; NaN if a member does not read a
    view."""
    fold: int = 0
    """The patient's fold."""


def predict_out_of_fold(
    ensemble: Ensemble, rows: Sequence[CropRow], folder: Path, fold_of: Mapping[str, int]
) -> Generator[Progress, None, dict[str, MemberOutputs]]:
    """Run each member on the crops of its own fold, in the views that it reads.

    Parameters
    ----------
    ensemble
        The members.
    rows, folder
        The training crops and their folder.
    fold_of
        The fold of each patient.

    Returns
    -------
    dict
        Outputs by member name, as the generator's value; without members that read no such crop.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    crops_of = {
        entry.name: [
            row for row in rows if fold_of[row.patient_id] == entry.fold and row.view in entry.views
        ]
        for entry in ensemble.members
    }
    total, done = sum(map(len, crops_of.values())), 0
    predictions = {}
    for member, crops in crops_of.items():
        alone = ensemble.select_members({member})
        outputs: list[MemberOutput] = []
        for start in range(0, len(crops), CHUNK_SIZE):
            yield Progress(done, total, f"Predicting out-of-fold crops with {member}")
            chunk = crops[start : start + CHUNK_SIZE]
            patches = np.stack([read_patch(folder, row).pixels for row in chunk])
            outputs += alone.predict(patches, [row.view for row in chunk])
            done += len(chunk)
        if crops:
            predictions[member] = MemberOutputs(
                rows=crops,
                logits=np.concatenate([output.logits for output in outputs]),
                pooled=np.concatenate([output.pooled for output in outputs]),
                descriptor_logits=np.concatenate([output.descriptor_logits for output in outputs]),
            )
    return predictions


def out_of_fold_lesions(
    predictions: Mapping[str, MemberOutputs], fold_of: Mapping[str, int]
) -> list[LesionLogits]:
    """Combine out-of-fold predictions by lesion.

    Parameters
    ----------
    predictions
        As :func:`predict_out_of_fold` returns them.
    fold_of
        The fold of each patient.
    """
    rows: dict[str, CropRow] = {}
    logits: dict[str, dict[str, float]] = defaultdict(dict)
    for member, outputs in predictions.items():
        for row, logit in zip(outputs.rows, outputs.logits, strict=True):
            rows[row.file] = row
            logits[row.file][member] = float(logit)
    crops = list(rows.values())
    lesions = []
    for indices in group_lesions(crops).values():
        views = [logits[crops[index].file] for index in indices]
        members = sorted({member for view in views for member in view})
        first = crops[indices[0]]
        lesions.append(
            LesionLogits(
                patient_id=first.patient_id,
                label=first.label,
                logits=np.array(
                    [[view.get(member, np.nan) for member in members] for view in views]
                ),
                fold=fold_of[first.patient_id],
            )
        )
    return lesions
