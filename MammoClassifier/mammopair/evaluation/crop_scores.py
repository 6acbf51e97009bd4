"""Score the crops of a folder with the same function as every other lesion.

For a patient of the training data only the out-of-fold members score, with a calibration and
thresholds fitted on other patients; for any other patient all members score. Crops of patients
that every member was trained on are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.classification import classify_many
from mammopair.evaluation.out_of_fold import scorable_crops, training_folds
from mammopair.io.crop_folder import CropRow, read_crop
from mammopair.lesion import Lesion, MarkedView
from mammopair.lesion_groups import lesion_name
from mammopair.progress import Progress
from mammopair.record import Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

CHUNK_SIZE = 32
"""Crops that are classified together."""


def score_folder(
    folder: Path, ensemble: Ensemble
) -> Generator[Progress, None, list[tuple[CropRow, Record]]]:
    """Classify each usable crop of a folder as a lesion with one view.

    Returns
    -------
    list of (CropRow, Record)
        In table order, as the generator's value.

    Raises
    ------
    InputError
        If the folder or an image cannot be read, or no member may score any of it.
    """
    rows = [crop.row for crop in scorable_crops(folder, ensemble)]
    folds = training_folds(ensemble)
    groups: dict[int | None, list[CropRow]] = defaultdict(list)
    for row in rows:
        groups[folds.get(row.patient_id)].append(row)

    records: dict[str, Record] = {}
    for fold, group in groups.items():
        scoring = ensemble if fold is None else ensemble.out_of_fold(fold)
        for start in range(0, len(group), CHUNK_SIZE):
            yield Progress(len(records), len(rows), "Scoring crops")
            chunk = group[start : start + CHUNK_SIZE]
            lesions = [_as_lesion(folder, row) for row in chunk]
            scored = zip(chunk, classify_many(lesions, scoring), strict=True)
            records.update({row.file: record for row, record in scored})
    return [(row, records[row.file]) for row in rows]


def _as_lesion(folder: Path, row: CropRow) -> Lesion:
    marked = MarkedView(read_crop(folder, row), row.box)
    return Lesion(row.patient_id, lesion_name(row), (marked,), label=row.label)
