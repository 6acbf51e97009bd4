"""dciodvfy (David Clunie's dicom3tools) finds no error in any object."""

from __future__ import annotations

import pydicom
import pytest

TOLERATED: dict[str, str] = {}
"""Part of a message, and why it is no fault of the object. Nothing needs it at present."""


def errors(answer):
    said = (answer.stdout + answer.stderr).splitlines()
    return [
        line
        for line in said
        if line.startswith(("Error", "Abort")) and not any(part in line for part in TOLERATED)
    ]


def test_there_is_no_error_in_any_object(lesion, run_judge):
    for path in lesion.files.values():
        assert not errors(run_judge("dciodvfy", "-new", path)), path.name


@pytest.mark.parametrize(
    ("name", "keyword"),
    [
        ("report.dcm", "CompletionFlag"),
        ("picture.dcm", "ConversionType"),
        ("CC-evidence-levels.dcm", "SegmentationType"),
        ("CC-evidence-map.dcm", "ContentLabel"),
    ],
)
def test_it_would_find_what_is_missing(lesion_of, run_judge, tmp_path, name, keyword):
    dataset = pydicom.dcmread(lesion_of("digital").files[name])
    del dataset[keyword]
    dataset.save_as(tmp_path / name)
    assert any(keyword in line for line in errors(run_judge("dciodvfy", "-new", tmp_path / name)))
