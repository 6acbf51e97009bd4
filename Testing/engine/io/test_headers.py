"""What a header tells, from every attribute that may hold it."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalMammographyXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
)

from mammopair.io.dicom import read_header
from mammopair.io.file_names import read_name
from mammopair.io.headers import MODIFIER_CODES, PROJECTION_CODES, Header
from mammopair.view import (
    Acquisition,
    Intent,
    Laterality,
    Projection,
    SpacingMeaning,
    View,
)
from Testing.synthetic_mammograms import coded, write_mammogram

SILENT = {"ViewPosition": None, "ImageLaterality": None, "PatientOrientation": None}
CBIS = {
    **SILENT,
    "SOPClassUID": SecondaryCaptureImageStorage,
    "PresentationIntentType": None,
    "ImagerPixelSpacing": None,
}


@pytest.fixture
def header(tmp_path):
    def read(**attributes) -> Header:
        return read_header(write_mammogram(tmp_path / "view.dcm", **attributes))

    return read


def warned(header):
    return [warning.code for warning in header.warnings]


def test_a_header_has_every_field_of_a_view_but_the_pixels():
    assert set(Header.__dataclass_fields__) == set(View.__dataclass_fields__) - {"pixels"}


def frame_laterality(side):
    frame, group = Dataset(), Dataset()
    frame.FrameLaterality = side
    group.FrameAnatomySequence = [frame]
    return {"SharedFunctionalGroupsSequence": [group]}


@pytest.mark.parametrize(
    "attributes",
    [
        {"ImageLaterality": "L"},
        {"Laterality": "L"},
        {"Laterality": "L "},
        frame_laterality("L"),
        {"PatientID": "Mass-Test_P_00173_LEFT_CC"},
        {"SeriesDescription": "L MLO"},
        {"SeriesDescription": "Left breast"},
    ],
    ids=str,
)
def test_laterality_is_found_wherever_it_is_written(header, attributes):
    found = header(**{**SILENT, "ViewPosition": "CC", **attributes})
    assert found.laterality is Laterality.LEFT
    assert "unknown-laterality" not in warned(found)


@pytest.mark.parametrize("attributes", [{}, {"ImageLaterality": "B"}, {"ImageLaterality": "U"}])
def test_laterality_stays_unknown_rather_than_guessed(header, attributes):
    found = header(**{**SILENT, "ViewPosition": "CC", **attributes})
    assert found.laterality is None
    assert "unknown-laterality" in warned(found)


def test_image_laterality_wins_over_laterality_and_the_conflict_is_said(header):
    found = header(ImageLaterality="R", Laterality="L")
    assert found.laterality is Laterality.RIGHT
    assert "laterality-conflict" in warned(found)


def code_sequence(value, scheme="SCT", modifiers=()):
    items = [coded(code, meaning) for code, meaning in modifiers]
    return {"ViewCodeSequence": [coded(value, "view", scheme, ViewModifierCodeSequence=items)]}


@pytest.mark.parametrize(
    "attributes",
    [
        code_sequence("399368009"),
        code_sequence("R-10226", "SRT"),
        {"ViewPosition": "MLO"},
        {"ViewPosition": "L MLO"},
        {"ViewPosition": "RMLO"},
        {"PatientOrientation": "MLO"},
        {"PatientID": "Mass-Test_P_00173_LEFT_MLO"},
        {"SeriesDescription": "R MLO"},
    ],
    ids=str,
)
def test_the_projection_is_found_wherever_it_is_written(header, attributes):
    found = header(**{**SILENT, "ImageLaterality": "L", **attributes})
    assert found.projection is Projection.MLO
    assert found.modifiers == ()


@pytest.mark.parametrize(
    "attributes",
    [{"ViewPosition": word} for word in ("ML", "LM", "XCCL", "XCCM", "FB", "LMO", "SIO", "AT")]
    + [code_sequence("399265009"), code_sequence("399260004")],
    ids=str,
)
def test_any_other_projection_is_other_and_never_taken_for_cc_or_mlo(header, attributes):
    found = header(**{**SILENT, "ImageLaterality": "L", **attributes})
    assert found.projection is Projection.OTHER
    assert "other-projection" in warned(found)


def test_the_code_of_a_view_wins_over_its_position(header):
    assert header(ViewPosition="MLO", **code_sequence("399162004")).projection is Projection.CC


def modified(code, meaning="as the table says"):
    return {"ViewPosition": None, **code_sequence("399162004", modifiers=[(code, meaning)])}


@pytest.mark.parametrize(
    ("attributes", "modifier", "code"),
    [
        (modified("399163009"), "magnification", "magnification"),
        (modified("399055006"), "spot compression", "spot-compression"),
        (modified("399209000"), "implant displaced", "implant"),
        (modified("414493004"), "rolled inferior", "view-modifier"),
        (modified("99999", "Sideways"), "sideways", "view-modifier"),
        ({"ViewPosition": "CCID"}, "implant displaced", "implant"),
        ({"ViewPosition": "R CC MAG"}, "magnification", "magnification"),
        ({"ViewPosition": "MCC"}, "magnification", "magnification"),
        ({"ViewPosition": "CC SPOT"}, "spot compression", "spot-compression"),
    ],
)
def test_modifiers_of_a_view_are_kept_and_said(header, attributes, modifier, code):
    found = header(**attributes)
    assert found.projection is Projection.CC
    assert found.modifiers == (modifier,)
    assert code in warned(found)


def test_the_codes_are_those_of_the_standards_tables():
    from pydicom.sr._snomed_dict import mapping

    assert codes.cid4014.CranioCaudal.value == "399162004"
    projections = {
        codes.cid4014.CranioCaudal.value: Projection.CC,
        codes.cid4014.MedioLateralObliqueProjection.value: Projection.MLO,
    }
    for concept in list(projections):
        projections[mapping["SCT"][concept]] = projections[concept]
    assert projections == PROJECTION_CODES
    named = [getattr(codes.cid4015, name) for name in dir(codes.cid4015)]
    modifiers = [code for code in named if isinstance(code, Code)]
    ours = {code.value: code.meaning.lower() for code in modifiers}
    ours |= {mapping["SCT"][code.value]: code.meaning.lower() for code in modifiers}
    assert ours == MODIFIER_CODES


def test_cbis_ddsms_odd_header_is_understood(header):
    found = header(
        **{
            **CBIS,
            "PatientOrientation": "CC",
            "Laterality": "L",
            "StudyID": "DDSM",
            "PatientID": "Mass-Test_P_00173_LEFT_CC",
        }
    )
    assert found.name == "L CC"
    assert found.patient_id == "Mass-Test_P_00173"
    assert found.orientation is None
    assert found.acquisition is Acquisition.FILM
    assert warned(found) == ["no-spacing"]


@pytest.mark.parametrize("patient", ["P_00173", "LEFT", "LEFT_CC_P_1", "17-CC"])
def test_a_patient_id_without_a_view_at_its_end_is_kept_as_it_is(header, patient):
    assert header(PatientID=patient).patient_id == patient


@pytest.mark.parametrize(
    ("attributes", "acquisition"),
    [
        ({}, Acquisition.DIGITAL),
        ({"DetectorType": "FILM"}, Acquisition.FILM),
        ({"SOPClassUID": ComputedRadiographyImageStorage}, Acquisition.DIGITAL),
        (CBIS, Acquisition.UNKNOWN),
        ({**CBIS, "DetectorType": "DIRECT"}, Acquisition.DIGITAL),
        ({**CBIS, "ConversionType": "DF"}, Acquisition.FILM),
        ({**CBIS, "NominalScannedPixelSpacing": [0.05, 0.05]}, Acquisition.FILM),
        ({**CBIS, "StudyID": "DDSM"}, Acquisition.FILM),
    ],
)
def test_film_is_told_from_a_digital_detector(header, attributes, acquisition):
    found = header(**{**attributes, "Laterality": "R"})
    assert found.acquisition is acquisition
    said = {Acquisition.DIGITAL: "digital-detector", Acquisition.UNKNOWN: "unknown-detector"}
    assert {"digital-detector", "unknown-detector"} & set(warned(found)) == (
        {said[acquisition]} if acquisition in said else set()
    )


@pytest.mark.parametrize(
    ("attributes", "intent"),
    [
        ({}, Intent.PRESENTATION),
        ({"PresentationIntentType": "FOR PROCESSING"}, Intent.PROCESSING),
        (
            {
                "PresentationIntentType": None,
                "SOPClassUID": DigitalMammographyXRayImageStorageForProcessing,
            },
            Intent.PROCESSING,
        ),
        (CBIS, None),
    ],
)
def test_intent_comes_from_its_attribute_or_the_sop_class(header, attributes, intent):
    found = header(**attributes)
    assert found.intent is intent
    assert ("for-processing" in warned(found)) == (intent is Intent.PROCESSING)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"ImagerPixelSpacing": None}, "no-spacing"),
        ({"BreastImplantPresent": "YES"}, "implant"),
        ({"PartialView": "YES"}, "partial-view"),
        ({"EstimatedRadiographicMagnificationFactor": 1.8}, "magnification"),
        ({"LossyImageCompression": "01"}, "lossy-compression"),
        ({"BurnedInAnnotation": "YES"}, "burned-in"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]}, "synthetic"),
    ],
)
def test_what_the_user_ought_to_know_is_said_once_and_not_otherwise(header, attributes, code):
    assert warned(header()) == ["digital-detector"]
    assert warned(header(**attributes)).count(code) == 1


@pytest.mark.parametrize(
    ("letters", "orientation"),
    [(["P", "L"], ("P", "L")), (["A", "FR"], ("A", "FR")), ("CC", None), (["X", "Y"], None)],
)
def test_orientation_is_kept_where_it_is_one(header, letters, orientation):
    assert header(PatientOrientation=letters).orientation == orientation


@pytest.mark.parametrize(
    ("attributes", "moment"),
    [
        ({}, "20200102040506"),
        ({"AcquisitionDateTime": "20210203040506.123+0100"}, "20210203040506"),
        ({"AcquisitionDate": None}, "20200102030405"),
        ({"AcquisitionDate": None, "StudyDate": None}, ""),
    ],
)
def test_the_moment_of_acquisition_sorts_as_text(header, attributes, moment):
    assert header(**attributes).acquired == moment


FACTOR = "EstimatedRadiographicMagnificationFactor"
NONE = {"ImagerPixelSpacing": None}


@pytest.mark.parametrize(
    ("attributes", "row", "column", "meaning"),
    [
        ({"ImagerPixelSpacing": [0.1, 0.05]}, 0.1, 0.05, "DETECTOR"),
        ({"ImagerPixelSpacing": [0.1, 0.05], FACTOR: 1.25}, 0.08, 0.04, "CORRECTED"),
        ({"PixelSpacing": [0.07, 0.07], FACTOR: 1.4}, 0.05, 0.05, "CORRECTED"),
        ({"PixelSpacing": [0.06, 0.06], FACTOR: 1.4}, 0.06, 0.06, "CALIBRATED"),
        (
            {"PixelSpacing": [0.06, 0.06], "PixelSpacingCalibrationType": "GEOMETRY"},
            0.06,
            0.06,
            "CORRECTED",
        ),
        (
            {"PixelSpacing": [0.07, 0.07], "PixelSpacingCalibrationType": "FIDUCIAL"},
            0.07,
            0.07,
            "CALIBRATED",
        ),
        ({**NONE, "PixelSpacing": [0.2, 0.1]}, 0.2, 0.1, "DECLARED"),
        ({**NONE, "PixelSpacing": [0.2, 0.1], "DetectorType": "FILM"}, 0.2, 0.1, "FILM"),
        ({**NONE, "NominalScannedPixelSpacing": [0.05, 0.04]}, 0.05, 0.04, "FILM"),
    ],
)
def test_spacing_comes_with_the_plane_where_it_holds(header, attributes, row, column, meaning):
    spacing = header(**attributes).spacing
    assert spacing.meaning is SpacingMeaning[meaning]
    assert (spacing.row, spacing.column) == (pytest.approx(row), pytest.approx(column))


@pytest.mark.parametrize("spacing", [[0, 0], [-0.1, 0.1], [0.1]])
def test_a_spacing_that_is_none_is_no_spacing(header, spacing):
    found = header(ImagerPixelSpacing=spacing)
    assert found.spacing is None
    assert "no-spacing" in warned(found)


@pytest.mark.parametrize(
    ("name", "laterality", "projection", "subject"),
    [
        ("Mass-Test_P_00173_LEFT_CC", "L", "CC", "Mass-Test_P_00173"),
        ("Mass-Training_P_00001_RIGHT_MLO_1", "R", "MLO", "Mass-Training_P_00001"),
        ("case7 R-MLO", "R", "MLO", "case7"),
        ("lcc", "L", "CC", ""),
        ("RMLO_17", "R", "MLO", ""),
        ("CC_left", "L", "CC", ""),
        ("a_right_breast", "R", None, ""),
        ("L_0001_CC", None, "CC", ""),
        ("left_right_cc", None, "CC", ""),
        ("success", None, None, ""),
        ("accent_mlops", None, None, ""),
        ("lcc_rmlo", None, None, ""),
    ],
)
def test_names_are_read_where_they_are_plain(name, laterality, projection, subject):
    found = read_name(name)
    assert found.laterality == laterality
    assert found.projection == projection
    assert found.subject == subject
