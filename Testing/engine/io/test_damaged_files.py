"""Damaged files are read or rejected with an InputError; they never crash the process."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.encaps import get_frame
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from mammopair.errors import InputError
from mammopair.io.codestream import FrameSize, read_frame_size
from mammopair.io.dicom import read_dicom
from Testing.synthetic_mammograms import breast, mammogram, to_bytes

ROOT = Path(__file__).parents[3]
SIZED = [JPEGBaseline8Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless]


def frame(syntax):
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    dataset = mammogram(breast(48, 40, bits=bits), bits=bits, transfer_syntax=syntax)
    return get_frame(dataset.PixelData, 0, number_of_frames=1), bits


def test_randomly_damaged_files_never_crash_the_process():
    done = subprocess.run(
        [sys.executable, "-m", "Testing.engine.io.damaged_files", "1", "40"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count("rejected") == 11


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
def test_the_size_in_a_compressed_frame_is_read(syntax):
    stream, bits = frame(syntax)
    bits = 16 if syntax in (JPEGLossless, JPEGLosslessSV1) else bits  # GDCM writes 16
    assert read_frame_size(stream) == FrameSize(rows=48, columns=40, bits=bits, components=1)


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
def test_a_frame_truncated_before_its_size_raises(syntax):
    stream, _ = frame(syntax)
    with pytest.raises(ValueError, match=r"truncated|missing"):
        read_frame_size(stream[:10])


def test_a_second_frame_header_raises():
    stream, _ = frame(JPEGLosslessSV1)
    start = stream.index(b"\xff\xc3")
    header = stream[start : start + 13]
    for doubled in (stream[:start] + header + stream[start:], stream[:-2] + header + stream[-2:]):
        with pytest.raises(ValueError, match="frame header"):
            read_frame_size(doubled)


def test_an_rle_frame_has_no_size():
    assert read_frame_size(frame(RLELossless)[0]) is None


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_a_compressed_frame_whose_size_differs_from_the_header_is_rejected(
    syntax, keyword, tmp_path
):
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    dataset = mammogram(breast(48, 40, bits=bits), bits=bits, transfer_syntax=syntax)
    setattr(dataset, keyword, 64)
    path = tmp_path / "grown.dcm"
    path.write_bytes(to_bytes(dataset))
    with pytest.raises(InputError, match="compressed pixel data of 40 x 48"):
        read_dicom(path)
