"""What a lesion is: the one rule that groups rows of a table into lesions and pairs.

A lesion is one mass of one breast, described by one row per view: CC, MLO or both. Training,
evaluation, comparison and batch all group rows by the rules below.

**Crop folder** (``crops.csv``, see :mod:`mammopair.io.crop_folder`). Rows belong to one lesion if

1. they have the same ``pair_id``, or
2. they have no ``pair_id``, and patient, laterality, abnormality number **and label** agree. The
   label is included because some breasts with several masses are numbered in a different order in
   the other view: one number with two labels is then two masses.

A row whose partner was excluded is a lesion with one view. It keeps its ``pair_id`` and is never
merged with a row that has none, so excluding rows never changes how the other rows are grouped.

**Lesion table** (see :mod:`mammopair.io.lesion_table`). Rows belong to one lesion if ``case_id``
and ``lesion_id`` agree.

In both, all rows of a lesion have different views, the same laterality and the same label
(:func:`find_conflict`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mammopair.errors import InputError


class LesionView(Protocol):
    """One lesion in one view: a row of a lesion table or of a crop folder."""

    @property
    def view(self) -> str:
        """``CC`` or ``MLO``."""

    @property
    def laterality(self) -> str:
        """Side of the breast."""

    @property
    def label(self) -> int | None:
        """1 for malignant, 0 for benign, None if unknown."""


class CropDescription(LesionView, Protocol):
    """A row of a crop folder, or of predictions for one."""

    @property
    def file(self) -> str:
        """The image, which identifies the row."""

    @property
    def patient_id(self) -> str:
        """Identifier of the patient."""

    @property
    def abnormality_id(self) -> str:
        """Number of the mass in its breast; the two views of a pair may have different numbers."""

    @property
    def pair_id(self) -> str:
        """Shared by the CC and the MLO row of one mass; empty if the row has no pair."""


def lesion_name(row: CropDescription) -> str:
    """Return the name of a row's lesion, which is equal for the rows of one lesion and no others.

    ``P_00018_RIGHT`` (the ``pair_id``), or ``P_00044_RIGHT_2_benign`` without one.
    """
    if row.pair_id:
        return row.pair_id
    label = "malignant" if row.label else "benign"
    return f"{row.patient_id}_{row.laterality}_{row.abnormality_id}_{label}"


def group_lesions(
    rows: Sequence[CropDescription], source: str | Path = "rows"
) -> dict[str, list[int]]:
    """Group the rows of a crop folder into lesions.

    Parameters
    ----------
    rows
        One row per crop.
    source
        The file that the rows are from, for error messages.

    Returns
    -------
    dict
        The indices of each lesion's rows by :func:`lesion_name`, lesions and rows in the order of
        ``rows``.

    Raises
    ------
    InputError
        If the rows of a lesion disagree; the message names the lesion.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        name = lesion_name(row)
        previous = [rows[other] for other in groups[name]]
        problem = find_conflict(row, previous, f"lesion {name}")
        if previous and previous[0].patient_id != row.patient_id:
            problem = _differs(
                "patient_id", row.patient_id, previous[0].patient_id, f"lesion {name}"
            )
        if problem:
            raise InputError(f"{source}, {row.file}", problem)
        groups[name].append(index)
    return dict(groups)


def find_conflict(row: LesionView, previous: Sequence[LesionView], lesion: str) -> str | None:
    """Describe why a row cannot belong to a lesion, or return None if it can.

    Parameters
    ----------
    row
        The row.
    previous
        The rows above it that belong to the lesion.
    lesion
        Name of the lesion, for the description.
    """
    for other in previous:
        if other.view == row.view:
            return f"is a second {row.view} row of {lesion}; keep one row for each view"
        if other.laterality != row.laterality:
            return _differs("laterality", row.laterality, other.laterality, lesion)
        if other.label != row.label:
            return _differs("label", row.label, other.label, lesion)
    return None


def _differs(field: str, value: object, before: object, lesion: str) -> str:
    value, before = ("empty" if one is None else one for one in (value, before))
    return f"{field} is {value}, but {before} in an earlier row of {lesion}; correct the wrong one"


def is_pair(rows: Sequence[CropDescription]) -> bool:
    """Return whether the rows of a lesion are the CC and the MLO view of a pair."""
    return len(rows) == 2 and bool(rows[0].pair_id)
