"""No damage to a file ends the process, or gets past the reader as anything but a sentence."""

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

from mammopair.io.codestream import FrameSize, frame_size
from Testing.synthetic_mammograms import breast, mammogram

ROOT = Path(__file__).parents[3]
SIZED = [JPEGBaseline8Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless]


def frame(syntax):
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    dataset = mammogram(breast(48, 40, bits=bits), bits=bits, transfer_syntax=syntax)
    return get_frame(dataset.PixelData, 0, number_of_frames=1), bits


def test_files_damaged_at_random_are_read_or_refused_and_never_end_the_process():
    done = subprocess.run(
        [sys.executable, "-m", "Testing.engine.io.damaged_files", "1", "40"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count("refused") == 11


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
def test_the_size_in_a_compressed_frame_is_found(syntax):
    stream, bits = frame(syntax)
    bits = 16 if syntax in (JPEGLossless, JPEGLosslessSV1) else bits  # as GDCM writes them
    assert frame_size(stream) == FrameSize(rows=48, columns=40, bits=bits, components=1)


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
def test_a_frame_cut_before_its_size_makes_no_sense(syntax):
    stream, _ = frame(syntax)
    with pytest.raises(ValueError, match=r"cut off|missing"):
        frame_size(stream[:10])


def test_a_second_frame_header_makes_no_sense():
    stream, _ = frame(JPEGLosslessSV1)
    start = stream.index(b"\xff\xc3")
    header = stream[start : start + 13]
    for doubled in (stream[:start] + header + stream[start:], stream[:-2] + header + stream[-2:]):
        with pytest.raises(ValueError, match="frame header"):
            frame_size(doubled)


def test_run_lengths_say_nothing_of_their_size():
    assert frame_size(frame(RLELossless)[0]) is None


@pytest.mark.parametrize("syntax", SIZED, ids=lambda uid: uid.name)
@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_a_compressed_frame_of_another_size_than_the_header_says_is_refused(
    syntax, keyword, tmp_path
):
    from mammopair.errors import InputError
    from mammopair.io.dicom import read_dicom
    from Testing.synthetic_mammograms import to_bytes

    bits = 8 if syntax == JPEGBaseline8Bit else 12
    dataset = mammogram(breast(48, 40, bits=bits), bits=bits, transfer_syntax=syntax)
    setattr(dataset, keyword, 64)
    path = tmp_path / "grown.dcm"
    path.write_bytes(to_bytes(dataset))
    with pytest.raises(InputError, match="compressed as 40 x 48"):
        read_dicom(path)
