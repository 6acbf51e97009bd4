"""What each member says of the training crops whose patients it never saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.crop import cut_patch, place_square
from mammopair.io.crop_folder import CropRow, read_crop
from mammopair.model.ensemble import Ensemble
from mammopair.progress import Progress

CROPS_AT_ONCE = 32

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFoldCrops:
    """One member's readings of ``n`` crops of its fold."""

    rows: Sequence[CropRow]
    logits: Floats
    """``(n,)``, uncalibrated."""
    pooled: Floats
    """``(n, channels)``"""
    words: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """``(n, words)``: logits of the manifest's concepts."""


@dataclass(frozen=True)
class LesionLogits:
    """What the members that never saw the patient said of one lesion."""

    patient_id: str
    label: int
    logits: Floats
    """``(views, members)``, one or two views; NaN where a member does not read a view."""
    fold: int = 0
    """The patient's."""


def predict_out_of_fold(
    ensemble: Ensemble, rows: Sequence[CropRow], data: Path, fold_of: Mapping[str, int]
) -> Generator[Progress, None, dict[str, OutOfFoldCrops]]:
    """Have each member read the crops of its own fold, in the views that it reads.

    Returns
    -------
    dict
        By member, as the generator's value. A member without any such crop is left out.
    """
    mine = {
        entry.name: [
            row for row in rows if fold_of[row.patient_id] == entry.fold and row.view in entry.views
        ]
        for entry in ensemble.members
    }
    total, done = sum(map(len, mine.values())), 0
    unseen = {}
    for member, crops in mine.items():
        alone, logits, pooled, words = ensemble.select_members({member}), [], [], []
        for start in range(0, len(crops), CROPS_AT_ONCE):
            yield Progress(done, total, f"{member} reads crops that it never saw")
            chunk = crops[start : start + CROPS_AT_ONCE]
            patches = np.stack([_patch(data, row) for row in chunk])
            (output,) = alone.predict(patches, [row.view for row in chunk])
            logits.append(output.logits)
            pooled.append(output.pooled)
            words.append(output.descriptor_logits)
            done += len(chunk)
        if crops:
            unseen[member] = OutOfFoldCrops(crops, *map(np.concatenate, (logits, pooled, words)))
    return unseen


def out_of_fold_lesions(
    unseen: Mapping[str, OutOfFoldCrops], fold_of: Mapping[str, int]
) -> list[LesionLogits]:
    """The same by lesion: its views, as read by all members of its fold."""
    # The label is part of the key as some breasts number several masses differently a view.
    lesions: dict[tuple[str, int], dict[str, dict[str, float]]] = defaultdict(dict)
    patient_of = {}
    for member, crops in unseen.items():
        for row, logit in zip(crops.rows, crops.logits, strict=True):
            lesions[row.lesion, row.label].setdefault(row.file, {})[member] = float(logit)
            patient_of[row.lesion] = row.patient_id
    found = []
    for (lesion, label), views in lesions.items():
        members = sorted({member for said in views.values() for member in said})
        found.append(
            LesionLogits(
                patient_id=patient_of[lesion],
                label=label,
                logits=np.array(
                    [[said.get(member, np.nan) for member in members] for said in views.values()]
                ),
                fold=fold_of[patient_of[lesion]],
            )
        )
    return found


def _patch(data: Path, row: CropRow) -> npt.NDArray[np.float32]:
    view = read_crop(data, row)
    return cut_patch(view, place_square(view, row.box))
