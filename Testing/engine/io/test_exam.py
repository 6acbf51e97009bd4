"""Which CC and which MLO belong together."""

from dataclasses import dataclass
from itertools import permutations

import pytest

from mammopair.io.exam import group_breasts
from mammopair.view import Intent, Laterality, Projection

LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
CC, MLO, OTHER = Projection.CC, Projection.MLO, Projection.OTHER


@dataclass(frozen=True)
class Listed:
    """A line of a viewer's list: no pixels, no file; it has what grouping needs and no more."""

    laterality: Laterality | None
    projection: Projection | None
    patient_id: str = "p"
    study_uid: str = "s"
    acquired: str = ""
    modifiers: tuple[str, ...] = ()
    intent: Intent | None = None


def four(patient="p", study="s", acquired=""):
    return [
        Listed(side, projection, patient, study or f"{patient}{side}{projection}", acquired)
        for side in (LEFT, RIGHT)
        for projection in (CC, MLO)
    ]


def summary(breasts):
    return [
        (breast.patient_id, breast.laterality, [view.projection for view in breast.views])
        for breast in breasts
    ]


def test_a_study_of_four_views_is_two_breasts_right_first():
    breasts = group_breasts(four())
    assert summary(breasts) == [("p", RIGHT, [CC, MLO]), ("p", LEFT, [CC, MLO])]


def test_the_order_of_the_files_does_not_matter():
    grouped = group_breasts(four())
    assert all(group_breasts(order) == grouped for order in permutations(four()))


def test_views_with_a_study_each_are_one_exam():
    assert summary(group_breasts(four(study=""))) == summary(group_breasts(four()))


def test_patients_are_kept_apart_even_with_one_study_uid():
    breasts = group_breasts(four("b") + four("a"))
    assert [breast.patient_id for breast in breasts] == ["a", "a", "b", "b"]
    assert all(len(breast.views) == 2 for breast in breasts)


def test_two_real_studies_of_a_patient_are_not_mixed_and_the_newest_comes_first():
    old, new = four(study="old", acquired="20180101000000"), four(study="new", acquired="2020")
    breasts = group_breasts(old + new)
    assert [{view.study_uid for view in breast.views} for breast in breasts] == [
        {"new"},
        {"new"},
        {"old"},
        {"old"},
    ]


def test_a_half_of_each_of_two_studies_makes_no_pair():
    old = [Listed(LEFT, CC, study_uid="old"), Listed(RIGHT, CC, study_uid="old")]
    new = [Listed(LEFT, MLO, study_uid="new"), Listed(RIGHT, MLO, study_uid="new")]
    assert all(len(breast.views) == 1 for breast in group_breasts(old + new))


def test_a_single_view_is_not_mixed_into_a_study_that_holds_several():
    breasts = group_breasts([*four(), Listed(LEFT, CC, study_uid="later", acquired="2031")])
    assert len(breasts) == 3
    assert all(not breast.extras for breast in breasts)


def test_the_newest_of_several_takes_is_paired_and_the_others_kept_as_repeats():
    takes = [Listed(LEFT, CC, acquired=moment) for moment in ("20200102", "20200104", "20200103")]
    (breast,) = group_breasts([*takes, Listed(LEFT, MLO)])
    assert breast.cc is takes[1]
    assert [(extra.view, extra.reason) for extra in breast.extras] == [
        (takes[2], "repeat"),
        (takes[0], "repeat"),
    ]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"modifiers": ("magnification", "spot compression")}, "magnification, spot compression"),
        ({"intent": Intent.PROCESSING}, "for processing"),
    ],
)
def test_a_plain_view_for_presentation_is_paired_before_a_newer_odd_one(odd, reason):
    plain = Listed(LEFT, CC, acquired="2020", intent=Intent.PRESENTATION)
    newer = Listed(LEFT, CC, acquired="2021", **odd)
    (breast,) = group_breasts([newer, plain])
    assert breast.cc is plain
    assert [extra.reason for extra in breast.extras] == [reason]


def test_an_odd_view_is_better_than_none():
    (breast,) = group_breasts([Listed(LEFT, CC, modifiers=("magnification",))])
    assert breast.cc is not None


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (Listed(LEFT, OTHER), "neither CC nor MLO"),
        (Listed(LEFT, None), "projection unknown"),
        (Listed(None, CC), "laterality unknown"),
    ],
)
def test_a_view_that_fits_no_pair_is_kept_with_the_reason(view, reason):
    (breast,) = group_breasts([view])
    assert breast.views == ()
    assert [(extra.view, extra.reason) for extra in breast.extras] == [(view, reason)]


def test_without_patient_the_study_holds_views_together_and_without_either_nothing_does():
    of_one_study = group_breasts(four(patient=""))
    assert len(of_one_study) == 2
    nobody = [Listed(LEFT, CC, "", ""), Listed(LEFT, MLO, "", "")]
    assert [len(breast.views) for breast in group_breasts(nobody)] == [1, 1]


def test_no_views_are_no_breasts():
    assert group_breasts([]) == []
