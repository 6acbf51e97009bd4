"""An ensemble's manifest: read whole and checked, or refused naming the file and the field."""

from __future__ import annotations

import json
import shutil

import pytest

from mammopair.errors import InputError
from mammopair.model.manifest import MANIFEST_FILE, read_manifest, write_manifest


@pytest.fixture
def folder(ensemble_folder, tmp_path):
    return shutil.copytree(ensemble_folder, tmp_path / "ensemble")


@pytest.fixture
def change(folder):
    """Changes the manifest as a dictionary."""

    def apply(alter):
        content = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        alter(content)
        (folder / MANIFEST_FILE).write_text(json.dumps(content), "utf-8")

    return apply


def refusal(folder):
    with pytest.raises(InputError) as caught:
        read_manifest(folder)
    sentence = str(caught.value)
    assert sentence.startswith(str(folder / MANIFEST_FILE))
    assert "\n" not in sentence
    return sentence


def test_what_is_written_is_read_back(folder):
    manifest = read_manifest(folder)
    write_manifest(manifest, folder)
    assert read_manifest(folder) == manifest


def test_a_missing_manifest_says_what_an_ensemble_is(tmp_path):
    assert "an ensemble is a folder with a manifest.json" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_what_is_no_manifest_is_refused(folder, content):
    (folder / MANIFEST_FILE).write_bytes(content)
    assert "is not an ensemble's manifest" in refusal(folder)


def test_an_unknown_field_is_named(folder, change):
    change(lambda content: content.update(colour="grey"))
    assert "colour" in refusal(folder)


def test_an_unknown_field_of_a_member_is_named_with_its_place(folder, change):
    change(lambda content: content["members"][1].update(weight=2))
    said = refusal(folder)
    assert "weight" in said
    assert "members" in said


@pytest.mark.parametrize(
    "field", ["members", "network", "calibration", "context", "training", "flips"]
)
def test_a_missing_field_is_named(folder, change, field):
    change(lambda content: content.pop(field))
    assert field in refusal(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("members", []),
        ("schema", 3),
        ("name", 7),
        ("flips", "yes"),
        ("network", {"architecture": "lenet"}),
        ("network", {"architecture": "googlenet", "width": 0}),
        ("network", {"architecture": "googlenet", "five": 4}),
        ("input", {"side": 4}),
    ],
)
def test_an_impossible_value_is_refused_naming_the_field(folder, change, field, value):
    change(lambda content: content.update({field: value}))
    assert f"$.{field}" in refusal(folder)


@pytest.mark.parametrize("slope", [0, -1])
def test_a_calibration_that_turns_the_sign_is_refused(folder, change, slope):
    change(lambda content: content["calibration"].update(slope=slope))
    assert "$.calibration.slope" in refusal(folder)


@pytest.mark.parametrize("file", ["../member-0.safetensors", "/etc/passwd", "a/b", "", ".hidden"])
def test_weights_outside_the_folder_are_refused(folder, change, file):
    change(lambda content: content["members"][0].update(file=file))
    assert "file" in refusal(folder)


@pytest.mark.parametrize("sha256", ["", "0" * 63, "Z" * 64])
def test_a_hash_that_is_none_is_refused(folder, change, sha256):
    change(lambda content: content["members"][0].update(sha256=sha256))
    assert "sha256" in refusal(folder)


@pytest.mark.parametrize(("field", "value"), [("context", 1.5), ("smallest_mm", 20.0)])
def test_an_ensemble_for_another_crop_is_refused(folder, change, field, value):
    change(lambda content: content.update({field: value}))
    assert "this version cuts 2 and 13" in refusal(folder)


def test_two_members_of_one_name_are_refused(folder, change):
    change(lambda content: content["members"][1].update(name="member-0"))
    assert "member-0" in refusal(folder)


def test_a_member_that_reads_nothing_is_refused(folder, change):
    change(lambda content: content["members"][1].update(views=[]))
    assert "views" in refusal(folder)
