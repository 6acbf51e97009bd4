"""Which views may be classified together, and how a manifest completes them."""

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


def said(warnings):
    return [warning.code for warning in warnings]


def test_one_cc_and_one_mlo_of_a_breast_pass_without_a_word():
    assert check_pair([VIEW, OTHER]) == ()
    assert check_pair([OTHER, VIEW]) == ()


def test_a_single_view_passes_with_a_caution():
    (warning,) = check_pair([OTHER])
    assert warning.code == "one-view"
    assert "R MLO" in warning.message


@pytest.mark.parametrize(
    ("views", "subject", "problem"),
    [
        ([], "lesion", "has no view"),
        ([VIEW, OTHER, VIEW], "r_cc.dcm", "one of 3 views"),
        ([VIEW, VIEW], "r_cc.dcm", "give one CC and one MLO"),
        ([OTHER, OTHER], "r_mlo.dcm", "give one CC and one MLO"),
        ([replace(VIEW, projection=None)], "r_cc.dcm", "state view CC or MLO"),
        ([VIEW, replace(OTHER, projection=Projection.OTHER)], "r_mlo.dcm", "neither a CC nor an"),
        ([VIEW, replace(OTHER, laterality=None)], "r_mlo.dcm", "state laterality L or R"),
        ([VIEW, replace(OTHER, laterality=Laterality.LEFT)], "r_mlo.dcm", "two views of one br"),
        ([VIEW, replace(OTHER, patient_id="q")], "r_mlo.dcm", "two views of one patient"),
    ],
)
def test_views_that_do_not_belong_together_are_refused(views, subject, problem):
    with pytest.raises(InputError, match=problem) as caught:
        check_pair(views)
    assert caught.value.subject == subject


def test_an_unknown_patient_is_no_other_patient():
    assert check_pair([VIEW, replace(OTHER, patient_id="")]) == ()


def test_views_of_different_days_pass_with_a_caution():
    early, late = replace(VIEW, acquired="20200101235959"), replace(OTHER, acquired="20200102")
    assert said(check_pair([early, late])) == ["different-days"]
    assert check_pair([early, replace(OTHER, acquired="20200101000000")]) == ()
    films = [replace(view, acquisition=Acquisition.FILM) for view in (early, late)]
    assert check_pair(films) == ()  # whose dates are those of scanning


def test_a_raw_and_a_processed_view_pass_with_a_caution():
    raw = replace(VIEW, intent=Intent.PROCESSING)
    assert said(check_pair([raw, OTHER])) == ["different-intents"]


def unknown():
    codes = ("unknown-laterality", "unknown-projection", "no-spacing")
    warnings = tuple(CodedWarning(code=code, message="...") for code in codes)
    return replace(VIEW, laterality=None, projection=None, patient_id="", warnings=warnings)


@pytest.mark.parametrize("side", ["L", "left", " Left ", Laterality.LEFT])
@pytest.mark.parametrize("projection", ["MLO", "mlo", Projection.MLO])
def test_a_manifest_completes_what_the_file_does_not_say(side, projection):
    view = with_identity(unknown(), laterality=side, projection=projection, patient_id="p7")
    assert (view.name, view.patient_id) == ("L MLO", "p7")
    assert said(view.warnings) == ["no-spacing"]


def test_what_is_not_given_stays_as_it_was():
    assert with_identity(VIEW) == VIEW
    half = with_identity(unknown(), laterality="L", patient_id="", projection="")
    assert half.projection is None
    assert said(half.warnings) == ["unknown-projection", "no-spacing"]


def test_a_manifest_that_agrees_changes_nothing():
    assert with_identity(VIEW, laterality="RIGHT", projection="cc", patient_id="p") == VIEW


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"laterality": "L"}, "laterality is given as L, but the file says R"),
        ({"projection": "MLO"}, "view is given as MLO, but the file says CC"),
        ({"patient_id": "q"}, "patient is given as q, but the file says p"),
        ({"laterality": "both"}, "state L or R"),
        ({"projection": "lateral"}, "state CC or MLO"),
    ],
)
def test_a_manifest_that_contradicts_the_file_is_refused(given, problem):
    with pytest.raises(InputError, match=problem) as caught:
        with_identity(VIEW, **given)
    assert caught.value.subject == "r_cc.dcm"
