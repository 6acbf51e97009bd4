"""View and side: every attribute that may state them, contradictions, and what is unknown."""

from __future__ import annotations

from pathlib import Path

from pydicom.sequence import Sequence

from Testing.field_cases.case import STORED, Build, FieldCase, Read, dicom, picture
from Testing.synthetic_mammograms import coded

_MIRAI = "reginabarzilaygroup/Mirai#11"
_ML = "reginabarzilaygroup/Mirai#13"
_OHIF = "OHIF/Viewers#2019"
_ACR = "PS3.16 CID 4014 and 4015: abbreviations of the ACR"
_SIBLING = "sibling"

UNSTATED = {"ViewPosition": None, "ImageLaterality": None}


def _case(name: str, source: str, build: Build, **expected: object) -> FieldCase:
    return FieldCase("view and side", name, source, build, Read(**expected))


def _view(position: str, source: str = _ACR, **expected: object) -> FieldCase:
    """A case of View Position."""
    return _case(f"view position {position}", source, dicom(ViewPosition=position), **expected)


def _unstated(name: str, source: str, **attributes: object) -> FieldCase:
    """A case in which only some attributes state ``R CC``."""
    return _case(name, source, dicom(**{**UNSTATED, **attributes}))


def _conflict(name: str, code: str, build: Build, **expected: object) -> FieldCase:
    """A case of two places that disagree."""
    return _case(name, _OHIF, build, warnings=(code,), **expected)


def _code(value: str, meaning: str, scheme: str = "SCT", **more: object) -> dict[str, object]:
    return {"ViewCodeSequence": Sequence([coded(value, meaning, scheme, **more)])}


def _region(value: str, meaning: str) -> dict[str, object]:
    return {"AnatomicRegionSequence": Sequence([coded(value, meaning)])}


def _named(name: str, **attributes: object) -> Build:
    """Return a builder of a file of another name."""

    def build(folder: Path) -> Path:
        return dicom(**attributes)(folder).rename(folder / name)

    return build


CASES = (
    _unstated(
        "Fuji: processing description",
        _MIRAI,
        ImageLaterality="R",
        AcquisitionDeviceProcessingDescription="CC",
    ),
    _unstated(
        "Fuji: processing description with side",
        _MIRAI,
        AcquisitionDeviceProcessingDescription="MAMMO CC,R",
    ),
    _unstated("series description", _OHIF, SeriesDescription="R CC"),
    _unstated(
        "series description in a sentence",
        _OHIF,
        SeriesDescription="Mammography, Right CC - Standard Screening - Conventional",
    ),
    _unstated("series description in French", _SIBLING, SeriesDescription="Craniocaudale droite"),
    _unstated("series description in Spanish", _SIBLING, SeriesDescription="CRANEO-CAUDAL DERECHA"),
    _unstated("series description in German", _SIBLING, SeriesDescription="Mammo rechts CC"),
    _unstated("protocol name", _OHIF, ProtocolName="RCC"),
    _unstated("acquisition protocol", _SIBLING, AcquisitionProtocolDescription="Rt CC"),
    _unstated(
        "patient orientation and body part",
        "CBIS-DDSM",
        PatientOrientation="CC",
        BodyPartExamined="RBREAST",
    ),
    _unstated("body part with side", _SIBLING, ViewPosition="CC", BodyPartExamined="BREAST_R"),
    _unstated(
        "anatomic region",
        "PS3.3 C.8.11.7",
        ViewPosition="CC",
        **_region("73056007", "Right breast"),
    ),
    _case("file name", _SIBLING, _named("rightCC_1.dcm", **UNSTATED)),
    _case("private view code", _MIRAI, dicom(**_code("R CC", "cranio-caudal", "99VENDOR"))),
    _unstated("private view code alone", _SIBLING, **_code("R CC", "x", "99VENDOR")),
    _unstated(
        "meaning of a private view code",
        _SIBLING,
        ImageLaterality="R",
        **_code("17", "cranio-caudal", "99VENDOR"),
    ),
    _unstated(
        "SNM3 view code", _SIBLING, ImageLaterality="R", **_code("R-10242", "cranio-caudal", "SNM3")
    ),
    _case("side as a word", _SIBLING, dicom(ImageLaterality="RIGHT")),
    _case("side in lower case", _SIBLING, dicom(ImageLaterality="r")),
    _case("side B", _SIBLING, dicom(ImageLaterality="B"), laterality=None),
    _case("side U", _SIBLING, dicom(ImageLaterality="U"), laterality=None),
    _view("RCC"),
    _view("RCCID", _MIRAI, warnings=("implant", "view-modifier")),
    _view("RMLOID", projection="MLO", warnings=("implant", "view-modifier")),
    _view("CRANIO-CAUDAL", _MIRAI),
    _view("CRANIOCAUDAL", _MIRAI),
    _view("MEDIO-LATERAL OBLIQUE", projection="MLO"),
    _view("OML", _SIBLING, projection="MLO"),
    _view("RMCC", warnings=("magnification",)),
    _view("SMLO", projection="MLO", warnings=("spot-compression",)),
    _view("CCRL", warnings=("view-modifier",)),
    _view("ML", _ML, projection="OTHER", warnings=("other-projection",)),
    _view("RLM", _ML, projection="OTHER", warnings=("other-projection",)),
    _view("XCCL", _ML, projection="OTHER", warnings=("other-projection",)),
    _view(
        "CRANIO-CAUDAL EXAGGERATED LATERALLY", projection="OTHER", warnings=("other-projection",)
    ),
    _view("3F-7", _SIBLING, projection=None),
    _unstated(
        "nothing but the other side's words",
        _SIBLING,
        ViewPosition="CC",
        ImageLaterality="R",
        StudyDescription="LEFT DIAGNOSTIC",
    ),
    _conflict(
        "side against series description", "laterality-conflict", dicom(SeriesDescription="L CC")
    ),
    _conflict("side against view position", "laterality-conflict", dicom(ViewPosition="LCC")),
    _conflict("two side attributes", "laterality-conflict", dicom(Laterality="L")),
    _conflict("side against protocol", "laterality-conflict", dicom(ProtocolName="Left CC")),
    _conflict(
        "side against processing description",
        "laterality-conflict",
        dicom(AcquisitionDeviceProcessingDescription="MAMMO CC,L"),
    ),
    _conflict(
        "side against anatomic region",
        "laterality-conflict",
        dicom(**_region("80248007", "Left breast")),
    ),
    _conflict("side against patient ID", "laterality-conflict", dicom(PatientID="P_7_LEFT_CC")),
    _conflict("side against file name", "laterality-conflict", _named("L_CC.dcm")),
    _conflict(
        "code CC, position MLO",
        "projection-conflict",
        dicom(ViewPosition="MLO", **_code("399162004", "cranio-caudal")),
    ),
    _conflict(
        "position CC, description MLO", "projection-conflict", dicom(SeriesDescription="R MLO")
    ),
    _conflict(
        "position CC, processing description MLO",
        "projection-conflict",
        dicom(AcquisitionDeviceProcessingDescription="MLO"),
    ),
    _conflict(
        "position ML, code CC",
        "projection-conflict",
        dicom(ViewPosition="ML", **_code("399162004", "cranio-caudal")),
    ),
    _conflict("position CC, file name MLO", "projection-conflict", _named("rmlo.dcm")),
    _case(
        "picture named in one word",
        _SIBLING,
        picture(STORED << 4, "patient7 RightCC.png"),
        spacing=None,
    ),
    _case(
        "picture of a magnification view",
        _SIBLING,
        picture(STORED << 4, "R_CC_MAG.png"),
        spacing=None,
    ),
    _case(
        "picture without a view",
        _SIBLING,
        picture(STORED << 4, "1.png"),
        laterality=None,
        projection=None,
        spacing=None,
    ),
)
