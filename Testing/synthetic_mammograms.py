"""Small synthetic mammograms in DICOM, with chosen attributes.

>>> path = write_mammogram(tmp_path / "r_cc.dcm", ViewPosition="CC", ImageLaterality="R")
>>> path = write_mammogram(tmp_path / "x.dcm", transfer_syntax=JPEGLSLossless, PatientID=None)

Any DICOM keyword may be specified; ``None`` removes the attribute. The files are valid DICOM,
encoded by pydicom, pyjpegls, OpenJPEG and GDCM.
"""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
    generate_uid,
)

NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
)
LOSSLESS = (
    RLELossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
)
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000)

# Specified because other plug-ins are slower or, like GDCM's, may crash the process.
_PLUGINS = {
    RLELossless: "pydicom",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
}
_SMALLEST_LOSS = 1
_COMPRESSION_RATIO = 8


def breast(
    rows: int = 96, columns: int = 64, *, bits: int = 12, signed: bool = False, seed: int = 0
) -> npt.NDArray[np.generic]:
    """Stored values of a synthetic breast: brighter towards the chest wall, black outside.

    They include the smallest and the largest value of ``bits``.
    """
    down, right = np.mgrid[0:rows, 0:columns]
    distance = np.hypot((down - rows / 2) / (rows / 2), right / (columns * 0.8))
    inside = np.clip(1.0 - distance, 0.0, 1.0)
    texture = np.random.default_rng(seed).normal(1.0, 0.1, (rows, columns))
    shade = np.clip(inside * texture, 0.0, 1.0)
    shade[0, -1], shade[rows // 2, 0] = 0.0, 1.0
    values = np.rint(shade * (2**bits - 1)).astype(np.int64)
    if signed:
        values -= 2 ** (bits - 1)
    width = 8 if bits <= 8 else 16
    return values.astype(np.dtype(f"{'i' if signed else 'u'}{width // 8}"))


def film(
    rows: int = 160,
    columns: int = 120,
    *,
    bits: int = 12,
    air: float = 0.03,
    noise: float = 0.004,
    seed: int = 0,
) -> npt.NDArray[np.uint16]:
    """Stored values of a synthetic CC view: breast at the left edge, dark air elsewhere.

    Unlike :func:`breast` it has what tells a mammogram's polarity: a smooth skin line, textured
    tissue, a mass, and air of about one value.

    Parameters
    ----------
    rows, columns
        Size.
    bits
        BitsStored; the brightest tissue is near ``2**bits - 1``.
    air, noise
        Level of the air and standard deviation of the noise, relative to ``2**bits - 1``.
    seed
        Of the texture.
    """
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    down, right = np.mgrid[0:rows, 0:columns]
    distance = np.hypot((down - rows / 2) / (rows * 0.42), right / (columns * 0.62))
    thickness = np.sqrt(np.clip(1.0 - distance**4, 0.0, 1.0))
    texture = gaussian_filter(random.normal(size=(rows, columns)), 3)
    gland = np.exp(-(((distance - 0.35) / 0.35) ** 2))
    tissue = 0.35 + 0.25 * gland + 0.07 * texture / texture.std()
    mass = np.hypot(down - rows * 0.45, right - columns * 0.25) < rows * 0.05
    shade = air + thickness * np.clip(tissue + 0.3 * mass, 0.1, 0.95 - air)
    shade += random.normal(scale=noise, size=shade.shape)
    return np.rint(np.clip(shade, 0.0, 1.0) * (2**bits - 1)).astype(np.uint16)


def mammogram(
    stored: npt.NDArray[np.generic] | None = None,
    *,
    bits: int = 12,
    transfer_syntax: UID = ExplicitVRLittleEndian,
    **attributes: object,
) -> Dataset:
    """A digital mammogram; by default a right CC view for presentation.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of 8- or 16-bit integers; a :func:`breast` of ``bits`` by default.
    bits
        BitsStored.
    transfer_syntax
        The encoding of the pixels.
    attributes
        DICOM keywords; ``None`` removes an attribute. Sequences are lists of data sets.
    """
    if stored is None:
        stored = breast(bits=bits, signed=bool(attributes.get("PixelRepresentation")))
    dataset = Dataset()
    dataset.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = "MG"
    dataset.Manufacturer = "Synthetic"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PatientID = "synthetic"
    dataset.PatientName = "Synthetic^Mammogram"
    dataset.StudyDate, dataset.StudyTime = "20200102", "030405"
    dataset.AcquisitionDate, dataset.AcquisitionTime = "20200102", "040506.7"
    dataset.ImageLaterality = "R"
    dataset.ViewPosition = "CC"
    dataset.PatientOrientation = ["P", "L"]
    dataset.ImagerPixelSpacing = [0.07, 0.07]
    dataset.BodyPartExamined = "BREAST"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.BitsAllocated = stored.dtype.itemsize * 8
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _set_native(dataset, stored, "<")
    for keyword, value in attributes.items():
        if value is None:
            if keyword in dataset:
                del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return encode(dataset, stored, transfer_syntax)


def encode(dataset: Dataset, stored: npt.NDArray[np.generic], syntax: UID) -> Dataset:
    """Encode the stored values of a data set in a transfer syntax."""
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1):
        dataset.PixelData = encapsulate([_encode_with_gdcm(dataset, syntax)])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    elif syntax in _PLUGINS:
        options = {"encoding_plugin": _PLUGINS[syntax], "generate_instance_uid": False}
        if syntax == JPEGLSNearLossless:
            options["jls_error"] = _SMALLEST_LOSS
        if syntax == JPEG2000:
            options["j2k_cr"] = [_COMPRESSION_RATIO]
        dataset.compress(syntax, **options)
    elif syntax == ExplicitVRBigEndian:
        _set_native(dataset, stored, ">")
    elif syntax not in NATIVE:
        raise ValueError(f"no encoder for {syntax.name}")
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def _set_native(dataset: Dataset, stored: npt.NDArray[np.generic], order: str) -> None:
    pixels = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"


def to_bytes(dataset: Dataset) -> bytes:
    """Encode a data set as a DICOM file."""
    written = BytesIO()
    syntax = dataset.file_meta.TransferSyntaxUID
    plain = Dataset(dataset)
    plain.file_meta = dataset.file_meta
    dcmwrite(
        written,
        plain,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return written.getvalue()


def write_mammogram(
    path: Path,
    stored: npt.NDArray[np.generic] | None = None,
    *,
    bits: int = 12,
    transfer_syntax: UID = ExplicitVRLittleEndian,
    **attributes: object,
) -> Path:
    """Write a :func:`mammogram` to a file and return its path."""
    dataset = mammogram(stored, bits=bits, transfer_syntax=transfer_syntax, **attributes)
    path.write_bytes(to_bytes(dataset))
    return path


def coded(value: str, meaning: str, scheme: str = "SCT", **more: object) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    for keyword, extra in more.items():
        setattr(item, keyword, extra)
    return item


def lookup_table(
    entries: npt.NDArray[np.integer], *, first: int = 0, bits: int = 12, as_words: bool = False
) -> list[Dataset]:
    """A Modality or VOI LUT Sequence of one item."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    if as_words:
        item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    else:
        item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return Sequence([item])


def _encode_with_gdcm(dataset: Dataset, syntax: UID) -> bytes:
    """Encode the pixels of a data set with GDCM, as a JPEG stream."""
    import gdcm

    kinds = {
        JPEGBaseline8Bit: gdcm.TransferSyntax.JPEGBaselineProcess1,
        JPEGExtended12Bit: gdcm.TransferSyntax.JPEGExtendedProcess2_4,
        JPEGLossless: gdcm.TransferSyntax.JPEGLosslessProcess14,
        JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    }
    with tempfile.TemporaryDirectory() as folder:
        raw, compressed = Path(folder) / "raw.dcm", Path(folder) / "compressed.dcm"
        raw.write_bytes(to_bytes(dataset))
        reader = gdcm.ImageReader()
        reader.SetFileName(str(raw))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(kinds[syntax]))
        if not reader.Read():
            raise RuntimeError("GDCM cannot read the file to encode")
        change.SetInput(reader.GetImage())
        if not change.Change():
            raise RuntimeError(f"GDCM cannot encode {syntax.name}")
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(compressed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        if not writer.Write():
            raise RuntimeError(f"GDCM cannot write {syntax.name}")
        return get_frame(dcmread(compressed).PixelData, 0, number_of_frames=1)
