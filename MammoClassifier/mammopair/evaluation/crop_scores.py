"""Score a folder of labelled crops by the road that every lesion takes.

No member ever scores a patient that it was trained on: for a patient of the training collection
only the members that never saw the patient speak, by a calibration and thresholds that were fitted
on other patients; for any other patient all of them do. Crops of a patient whom every member saw
are left out, and counted.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.classification import classify_many
from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow, read_crop, read_index
from mammopair.lesion import Lesion, MarkedView
from mammopair.model.weights import file_sha256
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair.stats.aggregation import ViewScore

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

CROPS_AT_ONCE = 32


def score_folder(
    folder: Path, ensemble: Ensemble
) -> Generator[Progress, None, list[tuple[CropRow, Record]]]:
    """Classify every usable crop of a folder by itself, as a lesion of one view.

    Returns
    -------
    list of (CropRow, Record)
        In the table's order, as the generator's value; without crops that no member may score.

    Raises
    ------
    InputError
        If the folder or a picture in it cannot be read, or no member may score any of it.
    """
    rows = [row for row, _ in out_of_fold_rows(folder, ensemble)]
    folds = training_folds(ensemble)
    groups: dict[int | None, list[CropRow]] = defaultdict(list)
    for row in rows:
        groups[folds.get(row.patient_id)].append(row)

    records: dict[str, Record] = {}
    for fold, group in groups.items():
        scorers = ensemble if fold is None else ensemble.out_of_fold(fold)
        for start in range(0, len(group), CROPS_AT_ONCE):
            yield Progress(len(records), len(rows), "Scoring crops")
            chunk = group[start : start + CROPS_AT_ONCE]
            lesions = [_as_lesion(folder, row) for row in chunk]
            scored = zip(chunk, classify_many(lesions, scorers), strict=True)
            records.update({row.file: record for row, record in scored})
    return [(row, records[row.file]) for row in rows]


def out_of_fold_rows(folder: Path, ensemble: Ensemble) -> list[tuple[CropRow, frozenset[str]]]:
    """The usable rows of a folder that some member may read, each with the names of those.

    Raises
    ------
    InputError
        If the folder cannot be read, or no member may read any of it.
    """
    unseen = out_of_fold_members(ensemble)
    everyone = frozenset(entry.name for entry in ensemble.members)
    rows = [(row, unseen.get(row.patient_id, everyone)) for row in read_index(folder)]
    readable = [(row, names) for row, names in rows if names]
    if not readable:
        raise InputError(folder, "holds only patients that every member was trained on")
    return readable


def explainable_rows(folder: Path, ensemble: Ensemble) -> list[tuple[CropRow, frozenset[str]]]:
    """Those of :func:`out_of_fold_rows` whose projection such a member reads, with those that do.

    Raises
    ------
    InputError
        As :func:`out_of_fold_rows`, and if no projection of the folder is read.
    """
    views = {entry.name: entry.views for entry in ensemble.members}
    rows = [
        (row, frozenset(name for name in names if row.view in views[name]))
        for row, names in out_of_fold_rows(folder, ensemble)
    ]
    explainable = [(row, names) for row, names in rows if names]
    if not explainable:
        raise InputError(folder, "holds no view that a member which never saw the patient reads")
    return explainable


def out_of_fold_members(ensemble: Ensemble) -> dict[str, frozenset[str]]:
    """For each patient of the training collection, the members that never saw them.

    Raises
    ------
    InputError
        If the ensemble's table of folds is missing or was changed.
    """
    members: dict[int, set[str]] = defaultdict(set)
    for entry in ensemble.members:
        members[entry.fold].add(entry.name)
    return {patient: frozenset(members[fold]) for patient, fold in training_folds(ensemble).items()}


def training_folds(ensemble: Ensemble) -> dict[str, int]:
    """The fold of each patient of the training collection.

    Raises
    ------
    InputError
        As :func:`out_of_fold_members`.
    """
    training = ensemble.manifest.training
    path = ensemble.folder / training.folds_file
    if file_sha256(path) != training.folds_sha256:
        raise InputError(path, "is not the table that the manifest names; install it anew")
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["patient_id"]: int(row["fold"]) for row in csv.DictReader(stream)}


def view_scores(scored: list[tuple[CropRow, Record]]) -> list[ViewScore]:
    """What the statistics need of scored crops; half a pair counts as a mass with one view.

    Half a pair is what remains where the other row is unusable or was left out.
    """
    views_of = Counter(row.pair_id for row, _ in scored)
    return [
        ViewScore(
            patient_id=row.patient_id,
            laterality=row.laterality,
            view=row.view,
            abnormality_id=row.abnormality_id,
            pair_id=row.pair_id if views_of[row.pair_id] > 1 else "",
            label=row.label,
            probability=record.probability,
        )
        for row, record in scored
    ]


def _as_lesion(folder: Path, row: CropRow) -> Lesion:
    marked = MarkedView(read_crop(folder, row), row.box)
    return Lesion(row.patient_id, row.lesion, (marked,), label=row.label)
