"""Manifests are validated; errors name the file and the field."""

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
    """A function that changes the manifest as a dictionary."""

    def apply(alter):
        content = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        alter(content)
        (folder / MANIFEST_FILE).write_text(json.dumps(content), "utf-8")

    return apply


def manifest_error(folder):
    with pytest.raises(InputError) as caught:
        read_manifest(folder)
    message = str(caught.value)
    assert message.startswith(str(folder / MANIFEST_FILE))
    assert "\n" not in message
    return message


def test_a_written_manifest_is_read_back(folder):
    manifest = read_manifest(folder)
    write_manifest(manifest, folder)
    assert read_manifest(folder) == manifest


def test_a_missing_manifest_is_reported_with_a_remedy(tmp_path):
    assert "choose the folder of an ensemble" in manifest_error(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_other_content_is_rejected(folder, content):
    (folder / MANIFEST_FILE).write_bytes(content)
    assert "is not a valid manifest" in manifest_error(folder)


def test_an_unknown_field_is_named(folder, change):
    change(lambda content: content.update(colour="grey"))
    assert "colour" in manifest_error(folder)


def test_an_unknown_field_of_a_member_is_named_with_its_path(folder, change):
    change(lambda content: content["members"][1].update(weight=2))
    message = manifest_error(folder)
    assert "weight" in message
    assert "members" in message


@pytest.mark.parametrize(
    "field", ["members", "network", "calibration", "context", "training", "flips"]
)
def test_a_missing_field_is_named(folder, change, field):
    change(lambda content: content.pop(field))
    assert field in manifest_error(folder)


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
def test_an_invalid_value_is_rejected_with_the_field(folder, change, field, value):
    change(lambda content: content.update({field: value}))
    assert f"$.{field}" in manifest_error(folder)


@pytest.mark.parametrize("slope", [0, -1])
def test_a_calibration_with_a_slope_that_is_not_positive_is_rejected(folder, change, slope):
    change(lambda content: content["calibration"].update(slope=slope))
    assert "$.calibration.slope" in manifest_error(folder)


@pytest.mark.parametrize("file", ["../member-0.safetensors", "/etc/passwd", "a/b", "", ".hidden"])
def test_weights_outside_the_folder_are_rejected(folder, change, file):
    change(lambda content: content["members"][0].update(file=file))
    assert "file" in manifest_error(folder)


@pytest.mark.parametrize("sha256", ["", "0" * 63, "Z" * 64])
def test_an_invalid_hash_is_rejected(folder, change, sha256):
    change(lambda content: content["members"][0].update(sha256=sha256))
    assert "sha256" in manifest_error(folder)


@pytest.mark.parametrize(("field", "value"), [("context", 1.5), ("smallest_mm", 20.0)])
def test_an_ensemble_for_another_patch_size_is_rejected(folder, change, field, value):
    change(lambda content: content.update({field: value}))
    assert "this version extracts 2 box sides and at least 13" in manifest_error(folder)


def test_two_members_of_one_name_are_rejected(folder, change):
    change(lambda content: content["members"][1].update(name="member-0"))
    assert "member-0" in manifest_error(folder)


def test_a_member_without_projections_is_rejected(folder, change):
    change(lambda content: content["members"][1].update(views=[]))
    assert "views" in manifest_error(folder)
