"""Archives that deny access, time out, redirect or return invalid responses."""

from __future__ import annotations

import json

import pytest
from pydicom import dcmread

from mammopair.errors import InputError
from mammopair.io.dicomweb import connect, fetch_mammograms, store
from mammopair.io.dicomweb_credentials import PASSWORD, TOKEN, USER
from Testing.engine.io.faulty_server import Response, serving
from Testing.synthetic_mammograms import mammogram, to_bytes, write_mammogram

STUDY, SERIES = "1.2.3", "1.2.3.4"
FIRST, SECOND = "1.2.3.4.1", "1.2.3.4.2"
JSON = {"Content-Type": "application/dicom+json"}


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch, tmp_path):
    for name in (USER, PASSWORD, TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))


def attribute(tag, vr, value):
    return {tag: {"vr": vr, "Value": [value]}}


def study_of(*instances, modality="MG", sop_class="1.2.840.10008.5.1.4.1.1.1.2", frames=None):
    """Responds as an archive with one series, but not to requests for images."""

    def respond(request):
        if request.path.endswith("/series"):
            body = [attribute("0020000E", "UI", SERIES) | attribute("00080060", "CS", modality)]
        elif request.path.endswith("/instances"):
            body = [
                attribute("00080018", "UI", uid)
                | attribute("00080016", "UI", sop_class)
                | (attribute("00280008", "IS", frames) if frames else {})
                for uid in instances
            ]
        else:
            return None
        return Response(body=json.dumps(body).encode(), headers=JSON)

    return respond


def part(content):
    boundary = {"Content-Type": 'multipart/related; type="application/dicom"; boundary="b"'}
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--"
    return Response(body=body, headers=boundary)


def image(uid):
    return to_bytes(mammogram(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=uid))


def error_of(respond, tmp_path, timeout=60.0):
    """The error message for an archive; no file may remain."""
    with serving(respond) as server, pytest.raises(InputError) as caught:
        fetch_mammograms(connect(server.url, timeout), STUDY, tmp_path / "images")
    assert not [*tmp_path.iterdir()]
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def test_the_images_of_a_study_are_fetched_and_named_by_their_uids(tmp_path):
    directory = study_of(FIRST, SECOND)
    respond = lambda r: directory(r) or part(image(r.path.rpartition("/")[2]))  # noqa: E731
    with serving(respond) as server:
        paths = fetch_mammograms(connect(server.url), STUDY, tmp_path / "images")
    assert [path.name for path in paths] == [FIRST, SECOND]
    assert [dcmread(path).SOPInstanceUID for path in paths] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, f"denied access (401); set {USER} and {PASSWORD}, or {TOKEN}, or add the host"),
        (403, "denied access (403)"),
        (404, "has no such study or is not a DICOMweb URL (404)"),
        (500, "returned status 500 Internal Server Error; contact its administrator"),
        (503, "returned status 503 Service Unavailable"),
    ],
)
def test_an_http_error_is_reported_with_its_remedy(tmp_path, status, message):
    assert message in error_of(lambda _: Response(status), tmp_path)


def test_a_redirect_is_reported_and_not_followed(tmp_path):
    with serving(lambda _: Response()) as elsewhere:
        response = Response(302, headers={"Location": f"{elsewhere.url}/trap"})
        message = error_of(lambda _: response, tmp_path)
        assert f"redirects to {elsewhere.url}/trap, which is not followed" in message
        assert not elsewhere.requests


def test_a_redirected_store_sends_nothing_to_the_target(tmp_path):
    dataset = dcmread(write_mammogram(tmp_path / "x.dcm"))
    with serving(lambda _: Response()) as elsewhere:
        response = Response(307, headers={"Location": elsewhere.url})
        with (
            serving(lambda _: response) as server,
            pytest.raises(InputError, match="redirects to"),
        ):
            store(connect(server.url), STUDY, [dataset])
        assert not elsewhere.requests


def test_a_request_times_out(tmp_path):
    message = error_of(lambda _: Response(waits=30), tmp_path, timeout=0.3)
    assert "did not respond within 0.3 s" in message


def test_an_unreachable_archive_is_reported(tmp_path):
    with serving(lambda _: Response()) as server:
        pass
    with pytest.raises(InputError, match=r"127\.0\.0\.1:\d+: cannot be reached"):
        fetch_mammograms(connect(server.url), STUDY, tmp_path / "images")


@pytest.mark.parametrize(
    "response",
    [
        Response(body=b"<html>Welcome</html>", headers={"Content-Type": "text/html"}),
        Response(body=b"[{", headers=JSON),
        Response(body=b'["no object"]', headers=JSON),
        Response(body=b'[{"00080060": 7}]', headers=JSON),
    ],
    ids=["web page", "truncated JSON", "other JSON", "other values"],
)
def test_an_invalid_response_is_reported(tmp_path, response):
    message = error_of(lambda _: response, tmp_path)
    assert "returned a response that is not DICOMweb" in message


def test_a_uid_that_is_a_path_out_of_the_folder_is_rejected(tmp_path):
    assert "'../../x' is not a valid DICOM UID" in error_of(study_of("../../x"), tmp_path)


def test_an_unknown_study_and_one_without_mammograms_are_distinguished(tmp_path):
    empty = Response(body=b"[]", headers=JSON)
    assert f"has no study {STUDY}" in error_of(lambda _: empty, tmp_path)
    message = error_of(study_of(FIRST, modality="CT"), tmp_path)
    assert f"has no mammogram (modality MG) in study {STUDY}" in message


def test_tomosynthesis_is_not_fetched(tmp_path):
    tomosynthesis = "1.2.840.10008.5.1.4.1.1.13.1.3"
    assert "has no mammogram" in error_of(study_of(FIRST, sop_class=tomosynthesis), tmp_path)
    volume = study_of(FIRST, sop_class=tomosynthesis, frames=60)
    assert "has no mammogram" in error_of(volume, tmp_path)


def test_a_synthetic_view_that_is_stored_as_tomosynthesis_is_fetched(tmp_path):
    directory = study_of(FIRST, sop_class="1.2.840.10008.5.1.4.1.1.13.1.3", frames=1)
    with serving(lambda r: directory(r) or part(image(FIRST))) as server:
        (path,) = fetch_mammograms(connect(server.url), STUDY, tmp_path / "images")
    assert path.name == FIRST


@pytest.mark.parametrize(
    "second",
    [
        Response(404),
        Response(body=b"--b\r\n\r\nhalf", headers=part(b"").headers, breaks_off=True),
        part(image(SECOND)[:200]),
        part(image(FIRST)),
        part(b"not DICOM"),
    ],
    ids=["not found", "closed early", "truncated image", "another image", "not DICOM"],
)
def test_a_partly_retrieved_study_is_not_written(tmp_path, second):
    directory = study_of(FIRST, SECOND)

    def respond(request):
        return directory(request) or (
            part(image(FIRST)) if request.path.endswith(FIRST) else second
        )

    error_of(respond, tmp_path)


def test_an_earlier_copy_is_kept_when_retrieval_fails(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "kept").write_text("")
    with serving(lambda _: Response(500)) as server, pytest.raises(InputError):
        fetch_mammograms(connect(server.url), STUDY, folder)
    assert [path.name for path in folder.iterdir()] == ["kept"]


def test_rejected_objects_are_counted_with_the_failure_reason(tmp_path):
    dataset = dcmread(write_mammogram(tmp_path / "x.dcm"))
    failed = attribute("00081155", "UI", dataset.SOPInstanceUID)
    failed |= {"00081197": {"vr": "US", "Value": [0xA700]}}
    body = json.dumps({"00081198": {"vr": "SQ", "Value": [failed]}}).encode()
    with (
        serving(lambda _: Response(202, body, JSON)) as server,
        pytest.raises(InputError, match=r"rejected 1 of 1 objects \(failure reason A700H\)"),
    ):
        store(connect(server.url), STUDY, [dataset])


def test_objects_are_stored_in_one_request_to_their_study(tmp_path):
    datasets = [dcmread(write_mammogram(tmp_path / f"{n}.dcm")) for n in range(2)]
    with serving(lambda _: Response()) as server:
        store(connect(f"{server.url}/dicom-web/"), STUDY, datasets)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/dicom-web/studies/{STUDY}")
    assert request.body.count(b"DICM") == 2


# Credentials.


def authorization(url):
    with serving(lambda _: Response(500)) as server:
        with pytest.raises(InputError):
            fetch_mammograms(connect(server.url), STUDY, url / "images")
        return server.requests[0].headers.get("Authorization")


def test_user_and_password_are_read_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(USER, "ann")
    monkeypatch.setenv(PASSWORD, "secret")
    assert authorization(tmp_path) == "Basic YW5uOnNlY3JldA=="


def test_a_token_in_the_environment_takes_precedence_over_netrc(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert authorization(tmp_path) == "Basic YW5uOnNlY3JldA=="
    monkeypatch.setenv(TOKEN, "t0k3n")
    assert authorization(tmp_path) == "Bearer t0k3n"


def test_a_user_without_password_is_rejected(monkeypatch):
    monkeypatch.setenv(USER, "ann")
    with pytest.raises(InputError, match=f"{PASSWORD}: is not set"):
        connect("https://host/dicom-web")


def test_a_token_in_addition_to_a_user_is_rejected(monkeypatch):
    monkeypatch.setenv(TOKEN, "t0k3n")
    monkeypatch.setenv(USER, "ann")
    with pytest.raises(InputError, match=f"{TOKEN}: is set in addition to"):
        connect("https://host/dicom-web")


def test_credentials_in_the_url_are_rejected_and_not_repeated():
    with pytest.raises(InputError, match="contains credentials; remove them") as caught:
        connect("https://ann:secret@host/dicom-web")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["host/dicom-web", "ftp://host", "https://", "https://h:x", "h?q"])
def test_an_invalid_url_is_rejected(url):
    with pytest.raises(InputError, match=r"is not a (DICOMweb|valid) URL"):
        connect(url)


def test_an_invalid_study_uid_is_rejected_before_a_request(tmp_path):
    with serving(lambda _: Response()) as server:
        with pytest.raises(InputError, match=r"'\.\./patients' is not a valid DICOM UID"):
            fetch_mammograms(connect(server.url), "../patients", tmp_path / "images")
        assert not server.requests
