"""Patients into folds: no patient in two, classes balanced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow


class Folds(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How patients are divided; a member is trained on all folds but its own."""

    count: Annotated[int, msgspec.Meta(ge=2, le=50)] = 5
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0


def split_patients(rows: Sequence[CropRow], folds: Folds) -> dict[str, int]:
    """The fold of each patient.

    Patients, not rows, are dealt out, so both views and both breasts of a woman stay together;
    the share of malignant rows is kept even. The same rows and folds give the same split.

    Raises
    ------
    InputError
        If there are fewer patients of a class than folds, or a fold got none of a class.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labels = [row.label for row in rows]
    patients = [row.patient_id for row in rows]
    for label, word in ((0, "benign"), (1, "malignant")):
        count = len({row.patient_id for row in rows if row.label == label})
        if count < folds.count:
            raise InputError(
                "folds.count",
                f"is {folds.count}, but only {count} patients have a {word} mass; "
                "each fold needs one",
            )
    splitter = StratifiedGroupKFold(folds.count, shuffle=True, random_state=folds.seed)
    fold_of: dict[str, int] = {}
    for fold, (_, held_out) in enumerate(splitter.split(rows, labels, patients)):
        if len({labels[index] for index in held_out}) < 2:
            raise InputError(
                "folds.seed",
                f"{folds.seed} leaves fold {fold} without benign or without malignant masses; "
                "choose another seed or fewer folds",
            )
        fold_of.update({patients[index]: fold for index in held_out})
    return fold_of
