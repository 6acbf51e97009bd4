"""Which views form a pair, and how a lesion table completes laterality and projection."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.io.view_checks import check_pair, with_identity
from mammopair.view import Acquisition, Intent, Laterality, Projection, View
from mammopair.warning import CodedWarning

VIEW = View(
    pixels=np.zeros((4, 4), np.float32),
    source=Path("r_cc.dcm"),
    laterality=Laterality.RIGHT,
    projection=Projection.CC,
    patient_id="p",
)
OTHER = replace(VIEW, source=Path("r_mlo.dcm"), projection=Projection.MLO)


def codes_of(warnings):
    return [warning.code for warning in warnings]


def test_one_cc_and_one_mlo_view_of_a_breast_cause_no_warning():
    assert check_pair([VIEW, OTHER]) == ()
    assert check_pair([OTHER, VIEW]) == ()


def test_a_single_view_causes_a_warning():
    (warning,) = check_pair([OTHER])
    assert warning.code == "one-view"
    assert "R MLO" in warning.message


@pytest.mark.parametrize(
    ("views", "subject", "problem"),
    [
        ([], "lesion", "has no view"),
        ([VIEW, OTHER, VIEW], "r_cc.dcm", "one of 3 views"),
        ([VIEW, VIEW], "r_cc.dcm", "use one CC and one MLO"),
        ([OTHER, OTHER], "r_mlo.dcm", "use one CC and one MLO"),
        ([replace(VIEW, projection=None)], "r_cc.dcm", "specify the view as CC or MLO"),
        ([VIEW, replace(OTHER, projection=Projection.OTHER)], "r_mlo.dcm", "neither a CC nor an"),
        ([VIEW, replace(OTHER, laterality=None)], "r_mlo.dcm", "specify the laterality as L or R"),
        (
            [VIEW, replace(OTHER, laterality=Laterality.LEFT)],
            "r_mlo.dcm",
            "two views of one breast",
        ),
        ([VIEW, replace(OTHER, patient_id="q")], "r_mlo.dcm", "two views of one patient"),
    ],
)
def test_views_that_do_not_form_a_pair_are_rejected(views, subject, problem):
    with pytest.raises(InputError, match=problem) as caught:
        check_pair(views)
    assert caught.value.subject == subject


def test_an_unknown_patient_is_not_a_conflict():
    assert check_pair([VIEW, replace(OTHER, patient_id="")]) == ()


def test_views_of_different_days_cause_a_warning():
    early, late = replace(VIEW, acquired="20200101235959"), replace(OTHER, acquired="20200102")
    assert codes_of(check_pair([early, late])) == ["different-days"]
    assert check_pair([early, replace(OTHER, acquired="20200101000000")]) == ()
    films = [replace(view, acquisition=Acquisition.FILM) for view in (early, late)]
    assert check_pair(films) == ()  # their dates are those of scanning


def test_a_raw_and_a_processed_view_cause_a_warning():
    raw = replace(VIEW, intent=Intent.PROCESSING)
    assert codes_of(check_pair([raw, OTHER])) == ["different-intents"]


def unknown():
    codes = ("unknown-laterality", "unknown-projection", "no-spacing")
    warnings = tuple(CodedWarning(code=code, message="...") for code in codes)
    return replace(VIEW, laterality=None, projection=None, patient_id="", warnings=warnings)


@pytest.mark.parametrize("side", ["L", "left", " Left ", Laterality.LEFT])
@pytest.mark.parametrize("projection", ["MLO", "mlo", Projection.MLO])
def test_laterality_and_projection_are_added_where_the_file_lacks_them(side, projection):
    view = with_identity(unknown(), laterality=side, projection=projection, patient_id="p7")
    assert (view.name, view.patient_id) == ("L MLO", "p7")
    assert codes_of(view.warnings) == ["no-spacing"]


def test_unspecified_attributes_are_unchanged():
    assert with_identity(VIEW) == VIEW
    half = with_identity(unknown(), laterality="L", patient_id="", projection="")
    assert half.projection is None
    assert codes_of(half.warnings) == ["unknown-projection", "no-spacing"]


def test_specified_attributes_equal_to_those_of_the_file_change_nothing():
    assert with_identity(VIEW, laterality="RIGHT", projection="cc", patient_id="p") == VIEW


@pytest.mark.parametrize(
    ("specified", "problem"),
    [
        ({"laterality": "L"}, "laterality is specified as L, but is R in the file"),
        ({"projection": "MLO"}, "view is specified as MLO, but is CC in the file"),
        ({"patient_id": "q"}, "patient is specified as q, but is p in the file"),
        ({"laterality": "both"}, "must be L or R"),
        ({"projection": "lateral"}, "must be CC or MLO"),
    ],
)
def test_a_specified_attribute_that_differs_from_the_file_is_rejected(specified, problem):
    with pytest.raises(InputError, match=problem) as caught:
        with_identity(VIEW, **specified)
    assert caught.value.subject == "r_cc.dcm"


def conflicting(code):
    return replace(VIEW, warnings=(CodedWarning(code=code, message="..."),))


def test_the_user_settles_a_conflict_within_the_file_and_the_warning_remains():
    view = with_identity(conflicting("laterality-conflict"), laterality="L", projection="CC")
    assert (view.name, codes_of(view.warnings)) == ("L CC", ["laterality-conflict"])
    view = with_identity(conflicting("projection-conflict"), laterality="R", projection="MLO")
    assert (view.name, codes_of(view.warnings)) == ("R MLO", ["projection-conflict"])
    with pytest.raises(InputError, match="view is specified as MLO, but is CC"):
        with_identity(conflicting("laterality-conflict"), projection="MLO")


def test_a_view_that_is_neither_cc_nor_mlo_is_not_settled():
    with pytest.raises(InputError, match="specified as CC, but is neither CC nor MLO in the file"):
        with_identity(replace(VIEW, projection=Projection.OTHER), projection="CC")


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("p1_R_CC.png", "p1_R_MLO.png"), []),
        (("cc.png", "mlo.png"), []),
        (("IMG_0001_R_CC.png", "IMG_0002_R_MLO.png"), ["different-names"]),
    ],
)
def test_file_names_of_different_subjects_cause_a_warning_but_no_other_patient(names, codes):
    views = [
        replace(view, source=Path(name), patient_id="")
        for view, name in zip((VIEW, OTHER), names, strict=True)
    ]
    assert codes_of(check_pair(views)) == codes
    identified = [replace(view, patient_id="p") for view in views]
    assert check_pair(identified) == ()
