"""Every attribute from which a header is read, and the warnings about it."""

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
from mammopair.io.stated_view import MODIFIER_CODES, PROJECTION_CODES
from mammopair.view import (
    Acquisition,
    Header,
    Intent,
    Laterality,
    Projection,
    SpacingMeaning,
)
from Testing.synthetic_mammograms import coded, write_mammogram

UNSTATED = {"ViewPosition": None, "ImageLaterality": None, "PatientOrientation": None}
CBIS = {
    **UNSTATED,
    "SOPClassUID": SecondaryCaptureImageStorage,
    "PresentationIntentType": None,
    "ImagerPixelSpacing": None,
}


@pytest.fixture
def header(tmp_path):
    def read(**attributes) -> Header:
        return read_header(write_mammogram(tmp_path / "view.dcm", **attributes))

    return read


def codes_of(header):
    return [warning.code for warning in header.warnings]


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
def test_laterality_is_read_from_every_attribute_that_may_have_it(header, attributes):
    found = header(**{**UNSTATED, "ViewPosition": "CC", **attributes})
    assert found.laterality is Laterality.LEFT
    assert "unknown-laterality" not in codes_of(found)


@pytest.mark.parametrize("attributes", [{}, {"ImageLaterality": "B"}, {"ImageLaterality": "U"}])
def test_laterality_is_unknown_unless_an_attribute_states_it(header, attributes):
    found = header(**{**UNSTATED, "ViewPosition": "CC", **attributes})
    assert found.laterality is None
    assert "unknown-laterality" in codes_of(found)


def test_image_laterality_takes_precedence_and_a_conflict_causes_a_warning(header):
    found = header(ImageLaterality="R", Laterality="L")
    assert found.laterality is Laterality.RIGHT
    assert "laterality-conflict" in codes_of(found)


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
def test_the_projection_is_read_from_every_attribute_that_may_have_it(header, attributes):
    found = header(**{**UNSTATED, "ImageLaterality": "L", **attributes})
    assert found.projection is Projection.MLO
    assert found.modifiers == ()


@pytest.mark.parametrize(
    "attributes",
    [{"ViewPosition": word} for word in ("ML", "LM", "XCCL", "XCCM", "FB", "LMO", "SIO", "AT")]
    + [code_sequence("399265009"), code_sequence("399260004")],
    ids=str,
)
def test_any_other_projection_is_other(header, attributes):
    found = header(**{**UNSTATED, "ImageLaterality": "L", **attributes})
    assert found.projection is Projection.OTHER
    assert "other-projection" in codes_of(found)


def test_view_code_takes_precedence_over_view_position(header):
    assert header(ViewPosition="MLO", **code_sequence("399162004")).projection is Projection.CC


def modified(code, meaning="as in the table"):
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
def test_view_modifiers_are_read_and_cause_a_warning(header, attributes, modifier, code):
    found = header(**attributes)
    assert found.projection is Projection.CC
    assert found.modifiers == (modifier,)
    assert code in codes_of(found)


def test_the_codes_equal_the_tables_of_the_standard():
    from pydicom.sr._snomed_dict import mapping

    known = {
        codes.cid4014.CranioCaudal.value: Projection.CC,
        codes.cid4014.MedioLateralObliqueProjection.value: Projection.MLO,
    }
    views = [getattr(codes.cid4014, name) for name in dir(codes.cid4014)]
    values = [code.value for code in views if isinstance(code, Code)]
    values.remove(codes.cid4014.TissueSpecimenFromBreast.value)
    assert len(values) == 10
    for value in values:
        projection = known.get(value, Projection.OTHER)
        assert PROJECTION_CODES[value] == PROJECTION_CODES[mapping["SCT"][value]] == projection
    named = [getattr(codes.cid4015, name) for name in dir(codes.cid4015)]
    modifiers = [code for code in named if isinstance(code, Code)]
    expected = {code.value: code.meaning.lower() for code in modifiers}
    expected |= {mapping["SCT"][code.value]: code.meaning.lower() for code in modifiers}
    assert expected == MODIFIER_CODES


def test_the_header_of_cbis_ddsm_is_read(header):
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
    assert codes_of(found) == ["no-spacing"]


@pytest.mark.parametrize("patient", ["P_00173", "LEFT", "LEFT_CC_P_1", "17-CC"])
def test_a_patient_id_that_does_not_end_in_a_view_is_unchanged(header, patient):
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
def test_film_and_digital_detector_are_distinguished(header, attributes, acquisition):
    found = header(**{**attributes, "Laterality": "R"})
    assert found.acquisition is acquisition
    expected = {Acquisition.DIGITAL: "digital-detector", Acquisition.UNKNOWN: "unknown-detector"}
    assert {"digital-detector", "unknown-detector"} & set(codes_of(found)) == (
        {expected[acquisition]} if acquisition in expected else set()
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
def test_intent_is_read_from_its_attribute_or_the_sop_class(header, attributes, intent):
    found = header(**attributes)
    assert found.intent is intent
    assert ("for-processing" in codes_of(found)) == (intent is Intent.PROCESSING)


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
def test_each_warning_occurs_once_and_only_where_it_applies(header, attributes, code):
    assert codes_of(header()) == ["digital-detector"]
    assert codes_of(header(**attributes)).count(code) == 1


@pytest.mark.parametrize(
    ("letters", "orientation"),
    [(["P", "L"], ("P", "L")), (["A", "FR"], ("A", "FR")), ("CC", None), (["X", "Y"], None)],
)
def test_an_invalid_orientation_is_ignored(header, letters, orientation):
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
def test_the_acquisition_time_sorts_as_text(header, attributes, moment):
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
def test_spacing_has_the_plane_in_which_it_is_measured(header, attributes, row, column, meaning):
    spacing = header(**attributes).spacing
    assert spacing.meaning is SpacingMeaning[meaning]
    assert (spacing.row, spacing.column) == (pytest.approx(row), pytest.approx(column))


@pytest.mark.parametrize("spacing", [[0, 0], [-0.1, 0.1], [0.1]])
def test_an_invalid_spacing_is_unknown(header, spacing):
    found = header(ImagerPixelSpacing=spacing)
    assert found.spacing is None
    assert "no-spacing" in codes_of(found)
