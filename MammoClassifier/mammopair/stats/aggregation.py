"""From predictions by view to predictions by pair and by lesion.

A prediction of several views is the mean of their probabilities, as the paper has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mammopair.errors import InputError


@dataclass(frozen=True)
class ViewScore:
    """The prediction for one mass on one view; the columns of ``crops.csv`` and a probability."""

    patient_id: str
    laterality: str
    view: str
    """``CC`` or ``MLO``."""
    abnormality_id: str
    """Number of the mass in its breast; it is not always the same on both views."""
    pair_id: str
    """Shared by the two views of a pair; empty where the row has no pair."""
    label: int
    """1 for malignant, 0 for benign."""
    probability: float
    """Of malignancy."""


@dataclass(frozen=True)
class LesionScore:
    """The prediction for one mass from the views that there are of it."""

    patient_id: str
    label: int
    probability: float
    """The mean over the views."""
    views: int
    """How many went into it."""


def pair_scores(rows: Iterable[ViewScore]) -> list[LesionScore]:
    """One prediction a pair: the rows that share a ``pair_id``, which must be a CC and an MLO.

    Raises
    ------
    InputError
        Naming the pair, if its rows are not exactly one CC and one MLO of one breast with one
        label.
    """
    pairs: dict[str, list[ViewScore]] = defaultdict(list)
    for row in rows:
        if row.pair_id:
            pairs[row.pair_id].append(row)
    for name, members in pairs.items():
        _check_pair(name, members)
    return [_mean(members) for members in pairs.values()]


def lesion_scores(rows: Iterable[ViewScore]) -> list[LesionScore]:
    """One prediction a lesion: each pair, and each mass without a pair from the views it has.

    Rows without a pair are of one mass where patient, laterality, abnormality number **and label**
    agree. The label belongs to it because some breasts with several masses number them in another
    order on the other view: one number with two labels is then two masses.

    Raises
    ------
    InputError
        As :func:`pair_scores`, and if a mass without a pair has two rows of one view.
    """
    rows = list(rows)
    masses: dict[tuple[str, str, str, int], list[ViewScore]] = defaultdict(list)
    for row in rows:
        if not row.pair_id:
            masses[row.patient_id, row.laterality, row.abnormality_id, row.label].append(row)
    for (patient, laterality, number, _), members in masses.items():
        if len({row.view for row in members}) < len(members):
            raise InputError(
                f"{patient} {laterality} mass {number}",
                f"{_views(members)} are two rows of one view; a mass has one row a view",
            )
    return pair_scores(rows) + [_mean(members) for members in masses.values()]


def _check_pair(name: str, members: Sequence[ViewScore]) -> None:
    if sorted(row.view for row in members) != ["CC", "MLO"]:
        raise InputError(
            f"pair {name}",
            f"its views are {_views(members)}; a pair is exactly one CC and one MLO",
        )
    first, second = members
    if (first.patient_id, first.laterality) != (second.patient_id, second.laterality):
        raise InputError(
            f"pair {name}",
            f"its views are of {first.patient_id} {first.laterality} and "
            f"{second.patient_id} {second.laterality}; a pair is of one breast",
        )
    if first.label != second.label:
        raise InputError(
            f"pair {name}", "its views have different labels; a pair shows one mass with one label"
        )


def _views(members: Sequence[ViewScore]) -> str:
    return ", ".join(row.view for row in members)


def _mean(members: Sequence[ViewScore]) -> LesionScore:
    return LesionScore(
        patient_id=members[0].patient_id,
        label=members[0].label,
        probability=sum(row.probability for row in members) / len(members),
        views=len(members),
    )
