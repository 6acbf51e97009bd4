"""Every supported transfer syntax, with every decoder, compared bit for bit."""

import base64
import zlib
from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    JPEG2000,
    MPEG2MPML,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from mammopair.errors import InputError
from mammopair.io import pixel_data
from mammopair.io.dicom import read_dicom
from Testing.synthetic_mammograms import (
    LOSSLESS,
    NATIVE,
    breast,
    mammogram,
    to_bytes,
    write_mammogram,
)

FORMATS = [(8, False), (8, True), (10, False), (12, False), (12, True), (14, False), (16, False)]

# 16 x 24 pixels of 12 bits, written by dcmcjpeg +ee of DCMTK 3.6; the CRC of dcmdjpeg's output.
JPEG_EXTENDED_12 = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
    "EBYQERMUFRUVDA8XGBYUGBIUFRT/wQALDAAQABgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACwz/xAAcEAAABgMAAAAA"
    "AAAAAAAAAAAACgsnNkRTYXH/2gAIAQEAAD8AiryZaa/Bmsw0OaDwBMtNfgzWYaHNB4AmWmvwZrMNDmgeoTLTX4M1mGhz"
    "QeAJlpr8GazDQ5oPAEy01+DNZhoc0P//2Q=="
)
JPEG_EXTENDED_12_CRC = 3401401019
# 16 x 16 pixels of 12 bits, np.arange(256) * 16, written by OpenJPH 0.26.
HTJ2K_12 = (
    "/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB"
    "/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAH4AAf+TwAAmSfYFB3QA"
    "AMAAEsAAEwAiAYd0AEbyA4d0AMAAE0AAE4AQyAECdAAe6ZEAw1QAwAAVEAAFYIZhGKpwgnUAfvTDDz/+wFKB7LYAwAAr"
    "IAAWkO7u7u7nwKenp8J4AP79/f39/f39/Yxge/Yxgey6AP/Z"
)


def write_and_read(dataset):
    return dcmread(BytesIO(to_bytes(dataset)))


def decode_with_all(dataset):
    names = pixel_data.list_decoders(dataset.file_meta.TransferSyntaxUID)
    assert names
    return {name: pixel_data.decode_with(dataset, name) for name in names}


@pytest.mark.parametrize(("bits", "signed"), FORMATS)
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda uid: uid.name)
def test_lossless_pixels_are_bit_identical_with_every_decoder(syntax, bits, signed):
    stored = breast(33, 46, bits=bits, signed=signed)
    dataset = write_and_read(mammogram(stored, bits=bits, transfer_syntax=syntax))
    for name, decoded in decode_with_all(dataset).items():
        assert decoded.dtype == stored.dtype, name
        assert (decoded == stored).all(), name


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda uid: uid.name)
def test_simpleitk_decodes_every_lossless_syntax_without_inverting(syntax):
    stored = breast(bits=12)
    dataset = write_and_read(
        mammogram(
            stored,
            transfer_syntax=syntax,
            PhotometricInterpretation="MONOCHROME1",
            RescaleSlope=2,
            RescaleIntercept=-7,
        )
    )
    assert (pixel_data.decode_with(dataset, "simpleitk") == stored).all()


@pytest.mark.parametrize(
    ("syntax", "bits", "loss"),
    [(JPEGBaseline8Bit, 8, 2), (JPEGLSNearLossless, 12, 1), (JPEG2000, 12, 400)],
)
def test_lossy_pixels_are_close_with_every_decoder_and_cause_a_warning(
    syntax, bits, loss, tmp_path
):
    stored = breast(bits=bits)
    path = write_mammogram(tmp_path / "view.dcm", stored, bits=bits, transfer_syntax=syntax)
    decoded = decode_with_all(dcmread(path))
    for name, values in decoded.items():
        difference = np.abs(values.astype(int) - stored)
        assert 0 < difference.max() <= loss, name
    if syntax != JPEGBaseline8Bit:  # decoders may round the cosine transform differently
        first, *others = decoded.values()
        assert all((other == first).all() for other in others)
    assert "lossy-compression" in [warning.code for warning in read_dicom(path).warnings]


def test_jpeg_extended_of_12_bits_equals_the_output_of_dcmtk():
    dataset = mammogram(np.zeros((16, 24), np.uint16))
    dataset.PixelData = encapsulate([base64.b64decode(JPEG_EXTENDED_12)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    for name, values in decode_with_all(write_and_read(dataset)).items():
        assert zlib.crc32(values.astype("<u2").tobytes()) == JPEG_EXTENDED_12_CRC, name


def test_high_throughput_jpeg_2000_is_decoded():
    dataset = mammogram(np.zeros((16, 16), np.uint16))
    dataset.PixelData = encapsulate([base64.b64decode(HTJ2K_12)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = HTJ2KLossless
    for name, values in decode_with_all(write_and_read(dataset)).items():
        assert (values == np.arange(256).reshape(16, 16) * 16).all(), name


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", [*NATIVE, RLELossless], ids=lambda uid: uid.name)
def test_bits_above_the_stored_bits_are_cleared(syntax, signed):
    clean = breast(bits=12, signed=signed)
    dirty = (clean.astype(np.int32) & 0x0FFF | 0x5000).astype(np.uint16).view(clean.dtype)
    dataset = write_and_read(mammogram(dirty, bits=12, transfer_syntax=syntax))
    for name, values in decode_with_all(dataset).items():
        if (name, syntax) != ("simpleitk", RLELossless):
            assert (values == clean).all(), name


def test_pixels_stored_in_the_high_bits_are_shifted_down():
    stored = breast(bits=12)
    dataset = write_and_read(mammogram(stored << 4, bits=12, HighBit=15))
    assert (pixel_data.decode_pixels(dataset, "view.dcm") == stored).all()


def test_compressed_pixels_in_the_high_bits_are_rejected(tmp_path):
    path = write_mammogram(tmp_path / "odd.dcm", transfer_syntax=RLELossless, HighBit=15)
    with pytest.raises(InputError, match="HighBit"):
        read_dicom(path)


def test_fragments_of_one_frame_are_joined():
    stored = breast(bits=12)
    dataset = mammogram(stored, transfer_syntax=JPEG2000Lossless)
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([stream], fragments_per_frame=3, has_bot=False)
    for name, values in decode_with_all(write_and_read(dataset)).items():
        assert (values == stored).all(), name


@pytest.mark.parametrize(
    "syntax", [*LOSSLESS, JPEGBaseline8Bit, JPEG2000], ids=lambda uid: uid.name
)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_compressed_pixel_data_are_rejected(syntax, share, tmp_path):
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    path = write_mammogram(tmp_path / "cut.dcm", bits=bits, transfer_syntax=syntax)
    whole = path.read_bytes()
    start = whole.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(whole[: start + int((len(whole) - start) * share)])
    with pytest.raises(InputError, match=r"cut\.dcm: .*(export|copy)"):
        read_dicom(path)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless])
def test_a_truncated_frame_in_a_complete_file_is_rejected(syntax, tmp_path):
    dataset = mammogram(transfer_syntax=syntax)
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([stream[: len(stream) * 3 // 4]])
    path = tmp_path / "short.dcm"
    path.write_bytes(to_bytes(dataset))
    with pytest.raises(InputError, match="truncated pixel data"):
        read_dicom(path)


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda uid: uid.name)
def test_truncated_uncompressed_pixel_data_are_rejected(syntax, tmp_path):
    path = write_mammogram(tmp_path / "cut.dcm", transfer_syntax=syntax)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"cut\.dcm: .*(export|copy)"):
        read_dicom(path)


def test_an_undecodable_frame_is_rejected_with_its_transfer_syntax(tmp_path):
    dataset = mammogram(transfer_syntax=JPEG2000Lossless)
    dataset.PixelData = encapsulate([b"\xff\x4f" + b"garbage" * 40 + b"\xff\xd9"])
    path = tmp_path / "garbage.dcm"
    path.write_bytes(to_bytes(dataset))
    with pytest.raises(InputError, match=r"JPEG 2000.*no installed decoder.*export the file again"):
        read_dicom(path)


def test_the_package_of_a_missing_decoder_is_named(tmp_path, monkeypatch):
    dataset = mammogram(transfer_syntax=JPEG2000Lossless)
    dataset.PixelData = encapsulate([b"\xff\x4f" + b"garbage" * 40 + b"\xff\xd9"])
    path = tmp_path / "garbage.dcm"
    path.write_bytes(to_bytes(dataset))
    monkeypatch.setattr(pixel_data, "_is_available", lambda syntax, name: name == "simpleitk")
    with pytest.raises(InputError, match="install the package pylibjpeg-openjpeg"):
        read_dicom(path)


def test_the_next_decoder_is_used_where_one_fails(tmp_path, monkeypatch):
    stored = breast(bits=12)
    path = write_mammogram(tmp_path / "view.dcm", stored, transfer_syntax=JPEGLosslessSV1)
    whole = read_dicom(path)

    def fail(dataset):
        raise MemoryError

    monkeypatch.setitem(pixel_data._DECODE, "dicomsdl", fail)
    assert (read_dicom(path).pixels == whole.pixels).all()


def test_a_video_transfer_syntax_is_rejected_by_name(tmp_path):
    dataset = mammogram(transfer_syntax=JPEG2000Lossless)
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    path = tmp_path / "video.dcm"
    path.write_bytes(to_bytes(dataset))
    with pytest.raises(InputError, match="MPEG2 Main Profile"):
        read_dicom(path)
