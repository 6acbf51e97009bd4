"""The image size in the header of a compressed frame, checked before a decoder is called.

Decoders written in C trust this header. Where it contradicts the DICOM header some of them write
beyond the image buffer and crash the process: fuzzing traced every crash of dicomsdl and of GDCM
on JPEG to this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_START_OF_SCAN = 0xDA
_JPEG_LS_FRAME = 0xF7
_WITHOUT_LENGTH = {0x01, 0xD8, *range(0xD0, 0xD8)}
# All start-of-frame markers; C4, C8 and CC are tables and an extension.
_FRAMES = {*range(0xC0, 0xD0), _JPEG_LS_FRAME} - {0xC4, 0xC8, 0xCC}
_FRAME_IN_SCAN = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf\xdc]")


@dataclass(frozen=True)
class FrameSize:
    """The size in a frame header."""

    rows: int
    columns: int
    bits: int
    """Bits per component."""
    components: int


def read_frame_size(stream: bytes) -> FrameSize | None:
    """Read the size of a JPEG, JPEG-LS or JPEG 2000 frame from its SOF or SIZ marker.

    Returns
    -------
    FrameSize or None
        None if the stream has none of these three formats.

    Raises
    ------
    ValueError
        If the stream has one of these formats but its header is malformed.

    References
    ----------
    ITU-T T.81 B.2.2, T.87 C.2.2, T.800 A.5.1.
    """
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return _read_jpeg_2000_size(stream)
    if stream.startswith(b"\xff\xd8"):
        return _read_jpeg_size(stream)
    return None


def _read_jpeg_2000_size(stream: bytes) -> FrameSize:
    right, down, left, top = (_read_number(stream, at, 4) for at in (8, 12, 16, 20))
    depth = _read_number(stream, 42, 1)
    return FrameSize(
        rows=down - top,
        columns=right - left,
        bits=(depth & 0x7F) + 1,
        components=_read_number(stream, 40, 2),
    )


def _read_jpeg_size(stream: bytes) -> FrameSize:
    found: FrameSize | None = None
    at = 2
    while True:
        if stream[at : at + 1] != b"\xff":
            raise ValueError("a marker is missing")
        marker = _read_number(stream, at + 1, 1)
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        at += 2
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in _FRAMES:
            if found:
                raise ValueError("there are two frame headers")
            found = FrameSize(
                rows=_read_number(stream, at + 3, 2),
                columns=_read_number(stream, at + 5, 2),
                bits=_read_number(stream, at + 2, 1),
                components=_read_number(stream, at + 7, 1),
            )
            if marker == _JPEG_LS_FRAME:
                return found
        if marker == _START_OF_SCAN:
            if found is None or _FRAME_IN_SCAN.search(stream, at):
                raise ValueError("the frame header is misplaced")
            return found
        at += _read_number(stream, at, 2)


def _read_number(stream: bytes, at: int, size: int) -> int:
    if at + size > len(stream):
        raise ValueError("the frame header is truncated")
    return int.from_bytes(stream[at : at + size], "big")
