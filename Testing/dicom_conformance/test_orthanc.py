"""Orthanc stores, finds and returns the objects over DICOMweb, and serves classification."""

from __future__ import annotations

import pydicom
import pytest
from typer.testing import CliRunner

from mammopair.cli import app
from mammopair.errors import InputError
from mammopair.io.dicomweb import connect, fetch_mammograms, store
from mammopair.io.dicomweb_credentials import PASSWORD as PASSWORD_VARIABLE
from mammopair.io.dicomweb_credentials import TOKEN
from mammopair.io.dicomweb_credentials import USER as USER_VARIABLE
from mammopair.record import read_records
from Testing.dicom_conformance import orthanc as server
from Testing.engine.results_dicom.lesions import BOXES, write_pair
from Testing.synthetic_lesions import write_ensemble


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    if server.find_program() is None:
        pytest.skip("Orthanc is not installed; run Testing/dicom_conformance/install.sh")
    with server.run_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def _credentials(monkeypatch):
    """Set the credentials in the environment."""
    monkeypatch.delenv(TOKEN, raising=False)
    monkeypatch.setenv(USER_VARIABLE, server.USER)
    monkeypatch.setenv(PASSWORD_VARIABLE, server.PASSWORD)


@pytest.mark.usefixtures("_credentials")
def test_every_object_is_stored_found_and_returned_unchanged(orthanc, lesion):
    archive = connect(orthanc.dicomweb)
    by_study: dict[str, list[pydicom.Dataset]] = {}
    for path in lesion.files.values():
        dataset = pydicom.dcmread(path)
        by_study.setdefault(dataset.StudyInstanceUID, []).append(dataset)
    for study, datasets in by_study.items():
        store(archive, study, datasets)
        found = archive.client.search_for_instances(study)
        uids = {item["00080018"]["Value"][0] for item in found}
        assert uids >= {dataset.SOPInstanceUID for dataset in datasets}
        for dataset in datasets:
            returned = archive.client.retrieve_instance(
                study,
                dataset.SeriesInstanceUID,
                dataset.SOPInstanceUID,
                media_types=(("application/dicom", "*"),),
            )
            assert returned == dataset
            assert returned.file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID


@pytest.mark.usefixtures("_credentials")
def test_storing_again_does_not_duplicate_objects(orthanc, lesion_of):
    archive = connect(orthanc.dicomweb)
    datasets = [pydicom.dcmread(path) for path in lesion_of("digital").files.values()]
    store(archive, datasets[0].StudyInstanceUID, datasets)
    count = len(orthanc.instances())
    store(archive, datasets[0].StudyInstanceUID, datasets)
    assert len(orthanc.instances()) == count


@pytest.mark.usefixtures("_credentials")
@pytest.mark.parametrize("marked", ["by boxes", "by a table"])
def test_a_study_is_fetched_classified_and_its_results_stored(orthanc, tmp_path, marked):
    images = write_pair(tmp_path, PatientID=f"patient {marked}")
    for path in images.values():
        orthanc.add(path)
    headers = {name: pydicom.dcmread(path) for name, path in images.items()}
    study = headers["CC"].StudyInstanceUID
    model, out = write_ensemble(tmp_path / "model"), tmp_path / "out"
    arguments = ["classify", "--dicomweb", orthanc.dicomweb, "--study", study]
    arguments += ["--model", str(model), "--device", "cpu", "--out", str(out)]
    if marked == "by boxes":
        for name, box in BOXES.items():
            arguments += [f"--{name.lower()}-box", *map(str, box)]
    else:
        table = tmp_path / "marks.csv"
        rows = ["case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h"]
        for name, box in BOXES.items():
            corners = ",".join(map(str, box))
            rows.append(f"a,1,L,{name},{headers[name].SOPInstanceUID},{corners}")
        table.write_text("\n".join(rows), encoding="utf-8")
        arguments.insert(1, str(table))

    result = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert result.exit_code == 0, result.output
    (record,) = read_records(out / "records.jsonl")
    archive = connect(orthanc.dicomweb)
    found = archive.client.search_for_instances(study)
    assert len(found) == len(images) + len([*out.glob("dicom/*/*/*.dcm")])
    (report,) = [item for item in found if item["00080060"]["Value"] == ["SR"]]
    returned = archive.client.retrieve_instance(
        study, report["0020000E"]["Value"][0], report["00080018"]["Value"][0]
    )
    assert returned.PatientID == f"patient {marked}"
    group = returned.ContentSequence[-1].ContentSequence[0].ContentSequence
    (first, *_) = [item for item in group if item.ValueType == "NUM"]
    value = float(first.MeasuredValueSequence[0].NumericValue)
    assert value == pytest.approx(100 * record.probability, abs=1e-5)


@pytest.mark.usefixtures("_credentials")
def test_images_are_returned_unchanged(orthanc, lesion_of, tmp_path):
    image = lesion_of("film").images["CC"]
    orthanc.add(image)
    stored = pydicom.dcmread(image)
    (path,) = fetch_mammograms(connect(orthanc.dicomweb), stored.StudyInstanceUID, tmp_path / "i")
    returned = pydicom.dcmread(path)
    assert returned == stored
    assert returned.file_meta.TransferSyntaxUID == stored.file_meta.TransferSyntaxUID


def test_credentials_of_a_netrc_file_are_used(orthanc, lesion_of, tmp_path, monkeypatch):
    for name in (USER_VARIABLE, PASSWORD_VARIABLE, TOKEN):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {server.USER} password {server.PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    orthanc.add(lesion_of("film").images["MLO"])
    study = pydicom.dcmread(lesion_of("film").images["MLO"]).StudyInstanceUID
    assert len(fetch_mammograms(connect(orthanc.dicomweb), study, tmp_path / "images")) == 1


def test_without_credentials_access_is_denied_and_nothing_is_written(
    orthanc, tmp_path, monkeypatch
):
    for name in (USER_VARIABLE, PASSWORD_VARIABLE, TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"denied access \(401\); set MAMMOPAIR_DICOMWEB_USER"):
        fetch_mammograms(connect(orthanc.dicomweb), "1.2.3", tmp_path / "images")
    assert not [*tmp_path.iterdir()]


@pytest.mark.usefixtures("_credentials")
def test_an_unknown_study_is_named(orthanc, tmp_path):
    with pytest.raises(InputError, match=r"has no study 1\.2\.3\.99"):
        fetch_mammograms(connect(orthanc.dicomweb), "1.2.3.99", tmp_path / "images")
