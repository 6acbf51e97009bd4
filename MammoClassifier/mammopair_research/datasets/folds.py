"""Division of patients into folds: no patient in two folds, classes balanced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow


class Folds(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How patients are divided into folds; a member is trained on all folds but its own."""

    count: Annotated[int, msgspec.Meta(ge=2, le=50)] = 5
    """Number of folds."""
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    """Random seed of the division."""


def split_patients(rows: Sequence[CropRow], folds: Folds) -> dict[str, int]:
    """Assign each patient to a fold.

    All rows of a patient are in one fold, and the folds have similar shares of malignant rows. The
    same rows and folds give the same split.

    Returns
    -------
    dict
        The fold of each patient, from 0.

    Raises
    ------
    InputError
        If a class has fewer patients than there are folds, or is missing from a fold.
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
                "choose fewer folds, so that each has one",
            )
    splitter = StratifiedGroupKFold(folds.count, shuffle=True, random_state=folds.seed)
    fold_of: dict[str, int] = {}
    for fold, (_, out_of_fold) in enumerate(splitter.split(rows, labels, patients)):
        if len({labels[index] for index in out_of_fold}) < 2:
            raise InputError(
                "folds.seed",
                f"is {folds.seed}, which leaves fold {fold} without benign or without malignant "
                "masses; choose another seed or fewer folds",
            )
        fold_of.update({patients[index]: fold for index in out_of_fold})
    return fold_of
