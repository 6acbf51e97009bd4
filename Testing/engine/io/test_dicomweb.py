"""Archives that refuse, stay silent, redirect or answer nonsense: a sentence, no litter."""

from __future__ import annotations

import json

import pytest
from pydicom import dcmread

from mammopair.errors import InputError
from mammopair.io.dicomweb import connect, fetch_mammograms, store
from mammopair.io.dicomweb_credentials import PASSWORD, TOKEN, USER
from Testing.engine.io.faulty_server import Answer, serving
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


def study_of(*instances, modality="MG", sop_class="1.2.840.10008.5.1.4.1.1.1.2"):
    """Answers as an archive with one series does, save for the images themselves."""

    def answer(request):
        if request.path.endswith("/series"):
            body = [attribute("0020000E", "UI", SERIES) | attribute("00080060", "CS", modality)]
        elif request.path.endswith("/instances"):
            body = [
                attribute("00080018", "UI", uid) | attribute("00080016", "UI", sop_class)
                for uid in instances
            ]
        else:
            return None
        return Answer(body=json.dumps(body).encode(), headers=JSON)

    return answer


def part(content):
    boundary = {"Content-Type": 'multipart/related; type="application/dicom"; boundary="b"'}
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--"
    return Answer(body=body, headers=boundary)


def image(uid):
    return to_bytes(mammogram(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=uid))


def refusal(answer, tmp_path, timeout=60.0):
    """The sentence about an archive that always answers so; nothing may be left behind."""
    with serving(answer) as server, pytest.raises(InputError) as caught:
        fetch_mammograms(connect(server.url, timeout), STUDY, tmp_path / "images")
    assert not [*tmp_path.iterdir()]
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def test_a_whole_study_is_fetched_under_the_names_of_its_images(tmp_path):
    directory = study_of(FIRST, SECOND)
    answer = lambda r: directory(r) or part(image(r.path.rpartition("/")[2]))  # noqa: E731
    with serving(answer) as server:
        paths = fetch_mammograms(connect(server.url), STUDY, tmp_path / "images")
    assert [path.name for path in paths] == [FIRST, SECOND]
    assert [dcmread(path).SOPInstanceUID for path in paths] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, f"refuses us (401); set {USER} and {PASSWORD}, or {TOKEN}, or write the host"),
        (403, "refuses us (403)"),
        (404, "has no such study, or is not the address of DICOMweb (404)"),
        (500, "answered 500 Internal Server Error; ask its keeper"),
        (503, "answered 503 Service Unavailable"),
    ],
)
def test_a_refusal_is_told_with_its_cure(tmp_path, status, sentence):
    assert sentence in refusal(lambda _: Answer(status), tmp_path)


def test_a_redirect_is_not_followed_and_named(tmp_path):
    with serving(lambda _: Answer()) as elsewhere:
        answer = Answer(302, headers={"Location": f"{elsewhere.url}/trap"})
        said = refusal(lambda _: answer, tmp_path)
        assert f"redirects to {elsewhere.url}/trap, which is not followed" in said
        assert not elsewhere.requests


def test_nothing_is_sent_where_a_store_is_redirected_to(tmp_path):
    dataset = dcmread(write_mammogram(tmp_path / "x.dcm"))
    with serving(lambda _: Answer()) as elsewhere:
        answer = Answer(307, headers={"Location": elsewhere.url})
        with (
            serving(lambda _: answer) as server,
            pytest.raises(InputError, match="redirects to"),
        ):
            store(connect(server.url), STUDY, [dataset])
        assert not elsewhere.requests


def test_silence_is_waited_for_only_so_long(tmp_path):
    said = refusal(lambda _: Answer(waits=30), tmp_path, timeout=0.3)
    assert "did not answer within 0.3 s" in said


def test_an_archive_that_is_not_there_is_named(tmp_path):
    with serving(lambda _: Answer()) as server:
        pass
    with pytest.raises(InputError, match=r"127\.0\.0\.1:\d+: cannot be reached"):
        fetch_mammograms(connect(server.url), STUDY, tmp_path / "images")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Welcome</html>", headers={"Content-Type": "text/html"}),
        Answer(body=b"[{", headers=JSON),
        Answer(body=b'["no object"]', headers=JSON),
        Answer(body=b'[{"00080060": 7}]', headers=JSON),
    ],
    ids=["web page", "cut JSON", "other JSON", "other values"],
)
def test_nonsense_is_recognised(tmp_path, answer):
    said = refusal(lambda _: answer, tmp_path)
    assert "gave an answer that is not DICOMweb" in said


def test_a_uid_that_would_lead_out_of_the_folder_is_refused(tmp_path):
    assert "'../../x' is not a DICOM UID" in refusal(study_of("../../x"), tmp_path)


def test_an_empty_study_is_told_from_one_without_mammograms(tmp_path):
    empty = Answer(body=b"[]", headers=JSON)
    assert f"has no such study: {STUDY}" in refusal(lambda _: empty, tmp_path)
    said = refusal(study_of(FIRST, modality="CT"), tmp_path)
    assert f"has no mammogram (modality MG) in it: {STUDY}" in said


def test_tomosynthesis_is_not_fetched(tmp_path):
    tomosynthesis = "1.2.840.10008.5.1.4.1.1.13.1.3"
    assert "has no mammogram" in refusal(study_of(FIRST, sop_class=tomosynthesis), tmp_path)


@pytest.mark.parametrize(
    "second",
    [
        Answer(404),
        Answer(body=b"--b\r\n\r\nhalf", headers=part(b"").headers, breaks_off=True),
        part(image(SECOND)[:200]),
        part(image(FIRST)),
        part(b"no DICOM at all"),
    ],
    ids=["gone", "broken off", "cut image", "another image", "nonsense"],
)
def test_a_study_that_comes_by_half_is_not_written_at_all(tmp_path, second):
    directory = study_of(FIRST, SECOND)

    def answer(request):
        return directory(request) or (
            part(image(FIRST)) if request.path.endswith(FIRST) else second
        )

    refusal(answer, tmp_path)


def test_an_earlier_copy_stays_when_the_new_one_fails(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "kept").write_text("")
    with serving(lambda _: Answer(500)) as server, pytest.raises(InputError):
        fetch_mammograms(connect(server.url), STUDY, folder)
    assert [path.name for path in folder.iterdir()] == ["kept"]


def test_what_an_archive_refuses_to_store_is_counted_and_its_reason_told(tmp_path):
    dataset = dcmread(write_mammogram(tmp_path / "x.dcm"))
    failed = attribute("00081155", "UI", dataset.SOPInstanceUID)
    failed |= {"00081197": {"vr": "US", "Value": [0xA700]}}
    body = json.dumps({"00081198": {"vr": "SQ", "Value": [failed]}}).encode()
    with (
        serving(lambda _: Answer(202, body, JSON)) as server,
        pytest.raises(InputError, match=r"refused 1 of 1 result objects \(reason A700H\)"),
    ):
        store(connect(server.url), STUDY, [dataset])


def test_objects_are_stored_in_one_request_to_their_study(tmp_path):
    datasets = [dcmread(write_mammogram(tmp_path / f"{n}.dcm")) for n in range(2)]
    with serving(lambda _: Answer()) as server:
        store(connect(f"{server.url}/dicom-web/"), STUDY, datasets)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/dicom-web/studies/{STUDY}")
    assert request.body.count(b"DICM") == 2


# Credentials.


def authorization(url):
    with serving(lambda _: Answer(500)) as server:
        with pytest.raises(InputError):
            fetch_mammograms(connect(server.url), STUDY, url / "images")
        return server.requests[0].headers.get("Authorization")


def test_user_and_password_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(USER, "ann")
    monkeypatch.setenv(PASSWORD, "secret")
    assert authorization(tmp_path) == "Basic YW5uOnNlY3JldA=="


def test_a_token_comes_from_the_environment_and_goes_before_a_netrc_file(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert authorization(tmp_path) == "Basic YW5uOnNlY3JldA=="
    monkeypatch.setenv(TOKEN, "t0k3n")
    assert authorization(tmp_path) == "Bearer t0k3n"


def test_half_a_pair_of_credentials_is_refused(monkeypatch):
    monkeypatch.setenv(USER, "ann")
    with pytest.raises(InputError, match=f"{PASSWORD}: is not set"):
        connect("https://host/dicom-web")


def test_a_token_beside_a_password_is_refused(monkeypatch):
    monkeypatch.setenv(TOKEN, "t0k3n")
    monkeypatch.setenv(USER, "ann")
    with pytest.raises(InputError, match=f"{TOKEN}: is set beside"):
        connect("https://host/dicom-web")


def test_credentials_in_the_address_are_refused_and_not_repeated():
    with pytest.raises(InputError, match="holds credentials; leave them out") as caught:
        connect("https://ann:secret@host/dicom-web")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["host/dicom-web", "ftp://host", "https://", "https://h:x", "h?q"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError, match="is not an address"):
        connect(url)


def test_a_study_that_is_no_uid_is_refused_before_anything_is_sent(tmp_path):
    with serving(lambda _: Answer()) as server:
        with pytest.raises(InputError, match=r"'\.\./patients' is not a DICOM UID"):
            fetch_mammograms(connect(server.url), "../patients", tmp_path / "images")
        assert not server.requests
