"""The table of members has a row a member and a cell a view, empty where it does not read it."""

from __future__ import annotations

import pytest

from mammopair.crop import CropSquare
from mammopair.record import Evidence, MemberScore, ViewResult
from mammopair.results.member_table import member_rows


def view(projection, **probabilities):
    square = CropSquare(0, 0, 10, 10)
    return ViewResult(
        projection=projection,
        file="",
        box=(0, 0, 1, 1),
        probability=0.5,
        member_scores=[
            MemberScore(member=name, logit=0.0, probability=value)
            for name, value in probabilities.items()
        ],
        evidence=Evidence(cells=[[0.0]], bias=0.0, square=square, direction="negligible"),
    )


def test_rows_keep_the_members_order_and_leave_unread_views_empty():
    first, second, third = member_rows([view("CC", a=0.2, b=0.4), view("MLO", b=0.8, c=0.9)])
    assert [row.member for row in (first, second, third)] == ["a", "b", "c"]
    assert [score and score.probability for score in first.member_scores] == [0.2, None]
    assert [score and score.probability for score in second.member_scores] == [0.4, 0.8]
    assert second.mean_probability == pytest.approx(0.6)
    assert third.mean_probability == pytest.approx(0.9)
