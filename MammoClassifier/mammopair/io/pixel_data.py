"""Pixel Data to stored values, with the fastest installed decoder.

All decoders return the same array for a lossless transfer syntax; tests compare them bit for bit.
Decoding does not invert, rescale or window, whatever the photometric interpretation. SimpleITK's
GDCM would invert MONOCHROME1 and rescale, so it decodes a copy without these attributes
(:func:`_strip_attributes`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.io.codestream import read_frame_size

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Stored = npt.NDArray[np.generic]

_RLE = "1.2.840.10008.1.2.5"
_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
_JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
_JPEG_LS = "1.2.840.10008.1.2.4.80"
_JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
_JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
_JPEG_2000 = "1.2.840.10008.1.2.4.91"
_HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
_HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
_HTJ2K = "1.2.840.10008.1.2.4.203"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", _BIG_ENDIAN)

LOSSY = frozenset({_JPEG_BASELINE, _JPEG_EXTENDED, _JPEG_LS_NEAR, _JPEG_2000, _HTJ2K})
"""Transfer syntaxes that may be lossy."""

DECODERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_NATIVE, ("native",)),
    _RLE: ("rle", "pydicom", "simpleitk"),
    _JPEG_BASELINE: ("pillow", "simpleitk"),
    _JPEG_EXTENDED: ("dicomsdl", "simpleitk"),
    _JPEG_LOSSLESS: ("dicomsdl", "simpleitk"),
    _JPEG_LOSSLESS_SV1: ("dicomsdl", "simpleitk"),
    _JPEG_LS: ("pyjpegls", "simpleitk"),
    _JPEG_LS_NEAR: ("pyjpegls", "simpleitk"),
    _JPEG_2000_LOSSLESS: ("pylibjpeg", "simpleitk"),
    _JPEG_2000: ("pylibjpeg", "simpleitk"),
    **dict.fromkeys((_HTJ2K_LOSSLESS, _HTJ2K_RPCL, _HTJ2K), ("pylibjpeg", "simpleitk")),
}
"""The decoders of each transfer syntax, in order of preference.

They are the fastest ones (measured by ``Testing/benchmarks/decoding.py``: two to three times as
fast as the fallback for JPEG lossless, five times for RLE) that do not crash the process on a
damaged frame. dicomsdl is as fast for RLE and JPEG 2000, but does crash.
"""

PACKAGES = {
    _RLE: "pylibjpeg-rle",
    **dict.fromkeys((_JPEG_EXTENDED, _JPEG_LOSSLESS, _JPEG_LOSSLESS_SV1), "dicomsdl"),
    **dict.fromkeys((_JPEG_LS, _JPEG_LS_NEAR), "pyjpegls"),
    **dict.fromkeys((_JPEG_2000_LOSSLESS, _JPEG_2000), "pylibjpeg-openjpeg"),
    **dict.fromkeys((_HTJ2K_LOSSLESS, _HTJ2K_RPCL, _HTJ2K), "pylibjpeg-openjpeg"),
}
"""The PyPI package that contains the first decoder of a transfer syntax."""

_TRUNCATED = "has truncated pixel data; copy or export the file again"


def decode_pixels(dataset: Dataset, source: Path) -> Stored:
    """Decode the single frame of a data set.

    Parameters
    ----------
    dataset
        A data set with Pixel Data that :func:`~mammopair.io.image_checks.check_image` has
        accepted.
    source
        Its file, for error messages.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)``, with the data type of BitsAllocated and PixelRepresentation. Bits
        above BitsStored hold the sign or 0, whatever the file has there.

    Raises
    ------
    InputError
        If the transfer syntax is not supported, the pixel data are truncated or damaged, or no
        installed decoder can decode them.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax not in DECODERS:
        raise InputError(
            source,
            f"has the unsupported transfer syntax {syntax.name}; "
            "export it uncompressed, as JPEG lossless or as JPEG 2000",
        )
    if syntax.is_encapsulated:
        _check_frame(dataset, source)
    elif len(dataset.PixelData) < dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8:
        raise InputError(source, _TRUNCATED)

    decoders = list_decoders(syntax)
    failure: BaseException | None = None
    for decoder in decoders:
        try:
            return decode_with(dataset, decoder)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a panic in Rust is not an Exception
            failure = error
    remedy = "copy or export the file again"
    if syntax in PACKAGES and DECODERS[syntax][0] not in decoders:
        remedy = f"install the package {PACKAGES[syntax]}, or {remedy}"
    raise InputError(
        source,
        f"has pixel data in {syntax.name} that no installed decoder ({', '.join(decoders)}) could "
        f"decode; {remedy}",
    ) from failure


def decode_with(dataset: Dataset, decoder: str) -> Stored:
    """Decode with one decoder of :data:`DECODERS`; its exceptions are propagated."""
    return _normalise_bits(_DECODE[decoder](dataset), dataset)


def list_decoders(syntax: str) -> tuple[str, ...]:
    """Return the installed decoders of a transfer syntax, in order of preference."""
    return tuple(name for name in DECODERS[syntax] if _is_available(syntax, name))


def _is_available(syntax: str, decoder: str) -> bool:
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    modules = {"native": "pydicom", "rle": "rle", "simpleitk": "SimpleITK", "dicomsdl": "dicomsdl"}
    if decoder in modules:
        return find_spec(modules[decoder]) is not None
    return decoder in get_decoder(UID(syntax)).available_plugins


def _check_frame(dataset: Dataset, source: Path) -> None:
    """Raise for a compressed frame that is truncated or has another size than the header states.

    Some decoders would fill the missing part with grey, and write beyond the image buffer where
    the sizes differ.
    """
    from pydicom.encaps import get_frame

    if dataset.HighBit != dataset.BitsStored - 1:
        raise InputError(
            source,
            f"is compressed with HighBit {dataset.HighBit} and BitsStored {dataset.BitsStored}, "
            "which no decoder supports; export it uncompressed",
        )
    try:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    except Exception as error:
        raise InputError(source, _TRUNCATED) from error
    if dataset.file_meta.TransferSyntaxUID == _RLE:
        return
    if _END_OF_IMAGE not in frame[-_LONGEST_PADDING:]:
        raise InputError(source, _TRUNCATED)
    try:
        size = read_frame_size(frame)
    except ValueError as error:
        raise InputError(
            source, f"has damaged pixel data ({error}); copy or export the file again"
        ) from error
    if size is None:
        return
    if (size.rows, size.columns, size.components) != (dataset.Rows, dataset.Columns, 1) or (
        size.bits > dataset.BitsAllocated
    ):
        raise InputError(
            source,
            f"has compressed pixel data of {size.columns} x {size.rows} pixels and {size.bits} "
            f"bits, but its header states {dataset.Columns} x {dataset.Rows} pixels and "
            f"{dataset.BitsStored} bits; copy or export the file again",
        )


_END_OF_IMAGE = b"\xff\xd9"
_LONGEST_PADDING = 16
"""Length of the tail that must contain the end-of-image marker; one byte of padding is usual."""


def _normalise_bits(stored: Stored, dataset: Dataset) -> Stored:
    """Keep the BitsStored bits up to HighBit, and extend the sign."""
    allocated, used, high = dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit
    dtype = np.dtype(f"{'i' if dataset.PixelRepresentation else 'u'}{allocated // 8}")
    values = stored.astype(dtype, copy=False)
    if high != used - 1 or used < allocated:
        # Shift to the top and back: shifting a signed number right extends its sign.
        up, down = allocated - 1 - high, allocated - used
        values = np.right_shift(np.left_shift(values, dtype.type(up)), dtype.type(down))
    return values


def _native(dataset: Dataset) -> Stored:
    # pydicom's own decoder drops the bits above BitsStored, even where HighBit includes them.
    order = ">" if dataset.file_meta.TransferSyntaxUID == _BIG_ENDIAN else "<"
    dtype = np.dtype(f"{order}u{dataset.BitsAllocated // 8}")
    pixels = np.frombuffer(dataset.PixelData, dtype, count=dataset.Rows * dataset.Columns)
    return pixels.astype(dtype.newbyteorder("=")).reshape(dataset.Rows, dataset.Columns)


def _with_rle(dataset: Dataset) -> Stored:
    # pylibjpeg-rle directly: through pydicom it takes nearly three times as long.
    from pydicom.encaps import get_frame
    from rle.rle import decode_frame  # type: ignore[import-not-found]

    rows, columns, bits = dataset.Rows, dataset.Columns, dataset.BitsAllocated
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    pixels = np.frombuffer(decode_frame(frame, rows * columns, bits, "<"), f"<u{bits // 8}")
    return pixels.reshape(rows, columns)


def _with_plugin(plugin: str) -> Callable[[Dataset], Stored]:
    def decode(dataset: Dataset) -> Stored:
        from pydicom.pixels import get_decoder

        decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
        stored, _ = decoder.as_array(dataset, raw=True, index=0, decoding_plugin=plugin)
        return stored

    return decode


def _with_simpleitk(dataset: Dataset) -> Stored:
    import SimpleITK

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dcm"
        path.write_bytes(_strip_attributes(dataset))
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        stored: Stored = SimpleITK.GetArrayFromImage(reader.Execute())
    return stored.reshape(dataset.Rows, dataset.Columns)


def _with_dicomsdl(dataset: Dataset) -> Stored:
    import dicomsdl  # type: ignore[import-untyped]

    # It prints errors in addition to raising them.
    dicomsdl.set_loglevel(dicomsdl.LogLevel.DISABLE)
    stored: Stored = dicomsdl.open_memory(_strip_attributes(dataset)).pixelData(storedvalue=True)
    return stored.reshape(dataset.Rows, dataset.Columns)


def _strip_attributes(dataset: Dataset) -> bytes:
    """A DICOM file with the same compressed pixels, without attributes that change decoding."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate, get_frame
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

    bare = Dataset()
    bare.SOPClassUID = SecondaryCaptureImageStorage
    bare.SOPInstanceUID = generate_uid()
    bare.PhotometricInterpretation = "MONOCHROME2"
    bare.SamplesPerPixel = 1
    bare.Rows, bare.Columns = dataset.Rows, dataset.Columns
    bare.BitsAllocated, bare.BitsStored = dataset.BitsAllocated, dataset.BitsStored
    bare.HighBit, bare.PixelRepresentation = dataset.HighBit, dataset.PixelRepresentation
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    bare.PixelData = encapsulate([frame])
    bare["PixelData"].VR = "OB"
    bare["PixelData"].is_undefined_length = True
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    stream = BytesIO()
    dcmwrite(stream, bare, enforce_file_format=True)
    return stream.getvalue()


_DECODE: dict[str, Callable[[Dataset], Stored]] = {
    "native": _native,
    "rle": _with_rle,
    "pydicom": _with_plugin("pydicom"),
    "pylibjpeg": _with_plugin("pylibjpeg"),
    "pyjpegls": _with_plugin("pyjpegls"),
    "pillow": _with_plugin("pillow"),
    "dicomsdl": _with_dicomsdl,
    "simpleitk": _with_simpleitk,
}
