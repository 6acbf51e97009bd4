"""Laterality, projection and modifiers in codes, descriptions and file names."""

import pytest

from mammopair.io.view_names import parse_code, parse_name


@pytest.mark.parametrize(
    ("name", "laterality", "projection", "subject"),
    [
        ("Mass-Test_P_00173_LEFT_CC", "L", "CC", "Mass-Test_P_00173"),
        ("Mass-Training_P_00001_RIGHT_MLO_1", "R", "MLO", "Mass-Training_P_00001"),
        ("case7 R-MLO", "R", "MLO", "case7"),
        ("lcc", "L", "CC", ""),
        ("RMLO_17", "R", "MLO", ""),
        ("CC_left", "L", "CC", ""),
        ("RightMLO", "R", "MLO", ""),
        ("p5.L.CC", "L", "CC", "p5"),
        ("Mammo Craniocaudal gauche", "L", "CC", "Mammo"),
        ("R breast CC", "R", "CC", ""),
        ("a_right_breast", "R", None, ""),
        ("L_0001_CC", None, "CC", ""),
        ("left_right_cc", None, "CC", ""),
        ("2D CC", None, "CC", ""),
        ("R ML", "R", "OTHER", ""),
        ("100 ml", None, None, ""),
        ("success", None, None, ""),
        ("accent_mlops", None, None, ""),
        ("lcc_rmlo", None, None, ""),
        ("", None, None, ""),
    ],
)
def test_laterality_and_projection_are_parsed_from_unambiguous_names(
    name, laterality, projection, subject
):
    found = parse_name(name)
    assert found.laterality == laterality
    assert found.projection == projection
    assert found.subject == subject


@pytest.mark.parametrize(
    ("name", "modifiers"),
    [
        ("R CC MAG", ("magnification",)),
        ("LMCC", ("magnification",)),
        ("R CC spot compression", ("spot compression",)),
        ("R CC ID", ("implant displaced",)),
        ("id 17 R CC", ()),
        ("Mammography, Right CC - Standard Screening", ()),
        ("magnetic_R_CC", ()),
    ],
)
def test_modifiers_are_parsed_from_names(name, modifiers):
    assert parse_name(name).modifiers == modifiers


@pytest.mark.parametrize(
    ("code", "laterality", "projection", "modifiers"),
    [
        ("LMLO", "L", "MLO", ()),
        ("LLMO", "L", "OTHER", ()),
        ("LML", "L", "OTHER", ()),
        ("CCR", "R", "CC", ()),
        ("CCRL", None, "CC", ("rolled lateral",)),
        ("LSMCC", "L", "CC", ("spot compression", "magnification")),
        ("MLO TAN", None, "MLO", ("tangential",)),
        ("L", "L", None, ()),
        ("LCCR", None, None, ()),
        ("AP", None, "OTHER", ()),
        ("99VENDOR 3F", None, None, ()),
    ],
)
def test_codes_of_views_are_parsed(code, laterality, projection, modifiers):
    found = parse_code(code)
    assert (found.laterality, found.projection, found.modifiers) == (
        laterality,
        projection,
        modifiers,
    )
