"""The probabilities of the ensemble's members, one row a member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammopair.record import MemberScore, ViewResult


@dataclass(frozen=True)
class MemberRow:
    """One member of the ensemble and its score for each view of a lesion."""

    member: str
    member_scores: tuple[MemberScore | None, ...]
    """One for each view, in the order of the views; None where the member does not read it."""

    @property
    def mean_probability(self) -> float:
        """Mean of the member's probabilities over the views that it reads."""
        known = [score.probability for score in self.member_scores if score is not None]
        return sum(known) / len(known)


def member_rows(views: Sequence[ViewResult]) -> tuple[MemberRow, ...]:
    """Return one row for each member that reads at least one of the views.

    Parameters
    ----------
    views
        The views of one lesion; the scores of a row are in this order.
    """
    members = dict.fromkeys(score.member for view in views for score in view.member_scores)
    return tuple(
        MemberRow(member, tuple(_score_of(member, view) for view in views)) for member in members
    )


def _score_of(member: str, view: ViewResult) -> MemberScore | None:
    return next((score for score in view.member_scores if score.member == member), None)
