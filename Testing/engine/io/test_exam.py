"""Which CC and MLO views are grouped into a breast."""

from dataclasses import dataclass
from itertools import permutations

import pytest

from mammopair.io.exam import group_breasts
from mammopair.view import Intent, Laterality, Projection

LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
CC, MLO, OTHER = Projection.CC, Projection.MLO, Projection.OTHER


@dataclass(frozen=True)
class Identity:
    """The attributes that grouping needs, without file and pixels."""

    laterality: Laterality | None
    projection: Projection | None
    patient_id: str = "p"
    study_uid: str = "s"
    acquired: str = ""
    modifiers: tuple[str, ...] = ()
    intent: Intent | None = None
    shape: tuple[int, int] | None = None


def four(patient="p", study="s", acquired=""):
    return [
        Identity(side, projection, patient, study or f"{patient}{side}{projection}", acquired)
        for side in (LEFT, RIGHT)
        for projection in (CC, MLO)
    ]


def summary(breasts):
    return [
        (breast.patient_id, breast.laterality, [view.projection for view in breast.views])
        for breast in breasts
    ]


def test_a_study_of_four_views_has_two_breasts_right_first():
    breasts = group_breasts(four())
    assert summary(breasts) == [("p", RIGHT, [CC, MLO]), ("p", LEFT, [CC, MLO])]


def test_the_order_of_the_files_does_not_matter():
    grouped = group_breasts(four())
    assert all(group_breasts(order) == grouped for order in permutations(four()))


def test_views_alone_in_their_studies_form_one_exam():
    assert summary(group_breasts(four(study=""))) == summary(group_breasts(four()))


def test_patients_with_the_same_study_uid_are_separated():
    breasts = group_breasts(four("b") + four("a"))
    assert [breast.patient_id for breast in breasts] == ["a", "a", "b", "b"]
    assert all(len(breast.views) == 2 for breast in breasts)


def test_studies_of_several_views_are_separate_exams_newest_first():
    old, new = four(study="old", acquired="20180101000000"), four(study="new", acquired="2020")
    breasts = group_breasts(old + new)
    assert [{view.study_uid for view in breast.views} for breast in breasts] == [
        {"new"},
        {"new"},
        {"old"},
        {"old"},
    ]


def test_views_of_different_studies_do_not_form_a_pair():
    old = [Identity(LEFT, CC, study_uid="old"), Identity(RIGHT, CC, study_uid="old")]
    new = [Identity(LEFT, MLO, study_uid="new"), Identity(RIGHT, MLO, study_uid="new")]
    assert all(len(breast.views) == 1 for breast in group_breasts(old + new))


def test_a_view_alone_in_its_study_is_not_added_to_another_study():
    breasts = group_breasts([*four(), Identity(LEFT, CC, study_uid="later", acquired="2031")])
    assert sorted(len(breast.views) for breast in breasts) == [1, 2, 2]


def test_the_newest_of_several_equal_views_is_selected():
    takes = [Identity(LEFT, CC, acquired=moment) for moment in ("20200102", "20200104", "20200103")]
    (breast,) = group_breasts([*takes, Identity(LEFT, MLO)])
    assert breast.cc is takes[1]


@pytest.mark.parametrize(
    "other",
    [{"modifiers": ("magnification", "spot compression")}, {"intent": Intent.PROCESSING}],
    ids=str,
)
def test_a_standard_view_for_presentation_is_preferred_to_a_newer_other_view(other):
    plain = Identity(LEFT, CC, acquired="2020", intent=Intent.PRESENTATION)
    newer = Identity(LEFT, CC, acquired="2021", **other)
    (breast,) = group_breasts([newer, plain])
    assert breast.cc is plain


def test_a_magnification_view_is_selected_where_it_is_the_only_one():
    (breast,) = group_breasts([Identity(LEFT, CC, modifiers=("magnification",))])
    assert breast.cc is not None


@pytest.mark.parametrize("projection", [OTHER, None])
def test_a_breast_without_cc_and_mlo_has_no_views(projection):
    (breast,) = group_breasts([Identity(LEFT, projection)])
    assert breast.views == ()


def test_a_view_of_unknown_laterality_is_ignored():
    assert group_breasts([Identity(None, CC)]) == []


def test_views_without_patient_are_grouped_by_study_and_otherwise_separate():
    of_one_study = group_breasts(four(patient=""))
    assert len(of_one_study) == 2
    unidentified = [Identity(LEFT, CC, "", ""), Identity(LEFT, MLO, "", "")]
    assert [len(breast.views) for breast in group_breasts(unidentified)] == [1, 1]


def test_no_views_give_no_breasts():
    assert group_breasts([]) == []
