"""What a compressed frame says of its own size, looked at before a decoder is let loose on it.

Decoders written in C trust the frame header: one that contradicts the DICOM header makes some of
them write beyond the image and end the process (found by damaging frames at random; every crash
of dicomsdl and of GDCM on JPEG came from there).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_START_OF_SCAN = 0xDA
_JPEG_LS_FRAME = 0xF7
_WITHOUT_LENGTH = {0x01, 0xD8, *range(0xD0, 0xD8)}
# Start of frame, all kinds; C4, C8 and CC are tables and an extension.
_FRAMES = {*range(0xC0, 0xD0), _JPEG_LS_FRAME} - {0xC4, 0xC8, 0xCC}
_FRAME_IN_SCAN = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf\xdc]")


@dataclass(frozen=True)
class FrameSize:
    """As the frame header has it."""

    rows: int
    columns: int
    bits: int
    components: int


def frame_size(stream: bytes) -> FrameSize | None:
    """Size of a JPEG, JPEG-LS or JPEG 2000 frame, from its SOF or SIZ marker.

    Raises
    ------
    ValueError
        If the stream begins as one of these and then makes no sense.

    Returns
    -------
    FrameSize or None
        None if the stream begins as none of these.

    References
    ----------
    ITU-T T.81 B.2.2, T.87 C.2.2, T.800 A.5.1.
    """
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return _jpeg_2000_size(stream)
    if stream.startswith(b"\xff\xd8"):
        return _jpeg_size(stream)
    return None


def _jpeg_2000_size(stream: bytes) -> FrameSize:
    right, down, left, top = (_number(stream, at, 4) for at in (8, 12, 16, 20))
    depth = _number(stream, 42, 1)
    return FrameSize(
        rows=down - top,
        columns=right - left,
        bits=(depth & 0x7F) + 1,
        components=_number(stream, 40, 2),
    )


def _jpeg_size(stream: bytes) -> FrameSize:
    found: FrameSize | None = None
    at = 2
    while True:
        if stream[at : at + 1] != b"\xff":
            raise ValueError("a marker is missing")
        marker = _number(stream, at + 1, 1)
        if marker == 0xFF:  # fill
            at += 1
            continue
        at += 2
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in _FRAMES:
            if found:
                raise ValueError("there are two frame headers")
            found = FrameSize(
                rows=_number(stream, at + 3, 2),
                columns=_number(stream, at + 5, 2),
                bits=_number(stream, at + 2, 1),
                components=_number(stream, at + 7, 1),
            )
            if marker == _JPEG_LS_FRAME:
                return found
        if marker == _START_OF_SCAN:
            if found is None or _FRAME_IN_SCAN.search(stream, at):
                raise ValueError("the frame header is not where it belongs")
            return found
        at += _number(stream, at, 2)


def _number(stream: bytes, at: int, size: int) -> int:
    if at + size > len(stream):
        raise ValueError("the frame header is cut off")
    return int.from_bytes(stream[at : at + size], "big")
