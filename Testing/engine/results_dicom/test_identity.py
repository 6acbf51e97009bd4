"""Results have the patient, study and character set of their image."""

from __future__ import annotations

from io import BytesIO

import pydicom
import pytest
from highdicom.sr import Comprehensive3DSR

from Testing.engine.results_dicom.lesions import make_record, objects_of, write_pair

YAMADA = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def saved(dataset):
    """Return a data set written to a file and read again."""
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return pydicom.dcmread(BytesIO(stream.getvalue()))


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        (["", "ISO 2022 IR 87"], YAMADA),
        ("ISO_IR 192", "Müller^Žofie=山田^太郎"),
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 144", "Люкceмбypг"),
        (None, "Plain^Name"),
    ],
)
def test_names_and_descriptions_survive_in_every_character_set(tmp_path, character_set, name):
    description = name.split("=")[0] if character_set else "Screening"
    files = write_pair(
        tmp_path,
        ["CC"],
        SpecificCharacterSet=character_set,
        PatientName=name,
        StudyDescription=description,
    )
    source = pydicom.dcmread(files["CC"])
    for made in objects_of(make_record(files)).values():
        result = saved(made.dataset)
        assert str(result.PatientName) == name
        assert result.PatientName.original_string == source.PatientName.original_string
        assert result.StudyDescription == description
        assert result.get("SpecificCharacterSet") == source.get("SpecificCharacterSet")


def test_patient_and_study_are_copied_exactly(tmp_path):
    identity = {
        "PatientID": "0007",
        "IssuerOfPatientID": "St. Elsewhere",
        "PatientBirthDate": "19610203",
        "PatientSex": "F",
        "PatientAge": "064Y",
        "AccessionNumber": "ACC-1",
        "StudyID": "S-1",
        "StudyDate": "20200102",
        "StudyTime": "030405.678",
        "StudyDescription": "Screening",
        "ReferringPhysicianName": "House^Gregory",
        "PatientIdentityRemoved": "NO",
        "StudyInstanceUID": "1.2.3.4.5",
    }
    files = write_pair(tmp_path, **identity)
    for made in objects_of(make_record(files)).values():
        result = saved(made.dataset)
        assert {keyword: str(result[keyword].value) for keyword in identity} == identity


@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_invalid_values_are_copied_too(tmp_path):
    broken = {"PatientSex": "unknown", "PatientBirthDate": "1961-02-03", "StudyTime": "noon"}
    files = write_pair(tmp_path, ["CC"], **broken)
    for made in objects_of(make_record(files)).values():
        result = saved(made.dataset)
        assert {keyword: result[keyword].value for keyword in broken} == broken


def test_attributes_that_the_image_lacks_are_empty(tmp_path):
    absent = dict.fromkeys(
        ("PatientID", "PatientName", "StudyDate", "StudyTime", "BodyPartExamined")
    )
    files = write_pair(tmp_path, **absent)
    for made in objects_of(make_record(files)).values():
        result = saved(made.dataset)
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyDate", "StudyID"):
            assert not result[keyword].value


def test_private_elements_are_not_copied(tmp_path):
    files = write_pair(tmp_path, ["CC"])
    image = pydicom.dcmread(files["CC"])
    image.private_block(0x0013, "CTP", create=True).add_new(0x10, "LO", "secret")
    image.save_as(files["CC"])
    for made in objects_of(make_record(files)).values():
        assert not [element for element in made.dataset if element.tag.is_private]


def test_results_belong_to_the_study_of_their_view_and_those_of_the_lesion_to_that_of_cc(tmp_path):
    cc = write_pair(tmp_path, ["CC"], PatientID="P_1_CC")
    mlo = write_pair(tmp_path, ["MLO"], PatientID="P_1_MLO")
    record = make_record(mlo | cc, patient_id="P_1")
    studies = {name: pydicom.dcmread(path).StudyInstanceUID for name, path in (cc | mlo).items()}
    made = objects_of(record)
    for name, one in made.items():
        view = "MLO" if name.startswith("MLO") else "CC"
        assert (one.dataset.StudyInstanceUID, one.dataset.PatientID) == (
            studies[view],
            f"P_1_{view}",
        )
    report = made["report.dcm"].dataset
    (here,) = report.CurrentRequestedProcedureEvidenceSequence
    (elsewhere,) = report.PertinentOtherEvidenceSequence
    assert (here.StudyInstanceUID, elsewhere.StudyInstanceUID) == (studies["CC"], studies["MLO"])


def test_text_outside_ascii_is_written_as_numeric_references(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"]), case_id="患者", lesion_id="左")
    report = saved(objects_of(record)["report.dcm"].dataset)
    (group,) = Comprehensive3DSR.from_dataset(report).content.get_image_measurement_groups()
    assert group.tracking_identifier == "&#24739;&#32773; &#24038;"
