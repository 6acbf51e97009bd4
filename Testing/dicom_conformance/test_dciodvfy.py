"""dciodvfy (David Clunie's dicom3tools) finds no error in any object."""

from __future__ import annotations

import pydicom
import pytest

TOLERATED: dict[str, str] = {}
"""Part of a message, and the reason why it is tolerated; none at present."""


def errors(process):
    lines = (process.stdout + process.stderr).splitlines()
    return [
        line
        for line in lines
        if line.startswith(("Error", "Abort")) and not any(part in line for part in TOLERATED)
    ]


def test_no_object_has_an_error(lesion, run_program):
    for path in lesion.files.values():
        assert not errors(run_program("dciodvfy", "-new", path)), path.name


@pytest.mark.parametrize(
    ("name", "keyword"),
    [
        ("report.dcm", "CompletionFlag"),
        ("picture.dcm", "ConversionType"),
        ("CC-evidence-levels.dcm", "SegmentationType"),
        ("CC-evidence-map.dcm", "ContentLabel"),
    ],
)
def test_a_missing_attribute_is_reported(lesion_of, run_program, tmp_path, name, keyword):
    dataset = pydicom.dcmread(lesion_of("digital").files[name])
    del dataset[keyword]
    dataset.save_as(tmp_path / name)
    assert any(keyword in line for line in errors(run_program("dciodvfy", "-new", tmp_path / name)))
