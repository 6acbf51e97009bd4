"""What an image is: masks, crops, screenshots, tomosynthesis, and which of an exam is the view."""

from __future__ import annotations

import numpy as np
from pydicom.sequence import Sequence
from pydicom.uid import SecondaryCaptureImageStorage

from Testing.field_cases.case import (
    STORED,
    TRUTH,
    Build,
    FieldCase,
    Read,
    Refused,
    Selected,
    dicom,
    exam,
    picture,
)
from Testing.synthetic_mammograms import coded

_DDSM_TOOLS = "fjeg/ddsm_tools#5"
_TCIA = (
    "CBIS-DDSM: full mammogram, cropped and ROI mask images, https://www.cancerimagingarchive.net"
)
_ORTHANC = "jodogne/orthanc-mammography#1"
_HOROS = "horosproject/horos#523"
_CESM = "GE: Image Type LOW_ENERGY and RECOMBINED of contrast-enhanced mammography"
_SIBLING = "sibling"

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
MASK = np.where(STORED > 2600, np.uint16(4095), np.uint16(0))
BYTES = (STORED >> 4).astype(np.uint8)
MASK_BYTES = (MASK >> 4).astype(np.uint8)
CROP = STORED[56:88, 14:46].copy()
NEWER = {"AcquisitionDate": "20210102"}


def _refused(name: str, source: str, build: Build, message: str) -> FieldCase:
    return FieldCase("image kind", name, source, build, Refused(message))


def _read(name: str, source: str, build: Build, *warnings: str, **expected: object) -> FieldCase:
    return FieldCase("image kind", name, source, build, Read(warnings=warnings, **expected))


def _selected(name: str, source: str, **other: object) -> FieldCase:
    """An exam of a plain view and a newer one that must not replace it."""
    files = exam(plain={}, other={**NEWER, **other}, mlo={"ViewPosition": "MLO"})
    return FieldCase("image kind", name, source, files, Selected(cc="plain", mlo="mlo"))


CASES = (
    _refused(
        "ROI mask by description",
        _DDSM_TOOLS,
        dicom(MASK, SeriesDescription="ROI mask images"),
        "is a mask",
    ),
    _refused(
        "mask by description only",
        _SIBLING,
        dicom(SeriesDescription="Tumor segmentation"),
        "is a mask",
    ),
    _refused(
        "mask by image type",
        _SIBLING,
        dicom(MASK, ImageType=["DERIVED", "SECONDARY", "MASK"]),
        "is a mask",
    ),
    _refused("mask by its two values", _DDSM_TOOLS, dicom(MASK), "only two values"),
    _refused(
        "mask of 8 bits, inverted",
        _SIBLING,
        dicom(MASK_BYTES, bits=8, PhotometricInterpretation="MONOCHROME1"),
        "two values",
    ),
    _refused(
        "mask of other values",
        _SIBLING,
        dicom(np.where(MASK > 0, np.uint16(7), np.uint16(3))),
        "two values",
    ),
    _refused("mask as PNG", _SIBLING, picture(MASK_BYTES), "two values"),
    _refused("mask as JPEG", _SIBLING, picture(MASK_BYTES, "R_CC.jpg", quality=80), "two values"),
    _refused("black-and-white PNG", _SIBLING, picture(MASK_BYTES, mode="1"), "black-and-white"),
    _refused(
        "crop by description", _TCIA, dicom(CROP, SeriesDescription="cropped images"), "is a crop"
    ),
    _refused(
        "crop by image type",
        _SIBLING,
        dicom(CROP, ImageType=["DERIVED", "SECONDARY", "CROPPED"]),
        "is a crop",
    ),
    _refused("crop by comment", _SIBLING, dicom(CROP, ImageComments="ROI 3"), "is a crop"),
    _read(
        "crop by file name", _SIBLING, picture(STORED << 4, "R_CC_crop.png"), "crop", spacing=None
    ),
    _read(
        "film of the collection",
        _TCIA,
        dicom(
            SeriesDescription="full mammogram images",
            SOPClassUID=SecondaryCaptureImageStorage,
            StudyID="DDSM",
            ConversionType="WSD",
        ),
        pixels=TRUTH,
    ),
    _refused(
        "screenshot by description",
        _SIBLING,
        dicom(SeriesDescription="Screen Save", SOPClassUID=SecondaryCaptureImageStorage),
        "is a screenshot",
    ),
    _refused(
        "screenshot by image type",
        _SIBLING,
        dicom(ImageType=["DERIVED", "SECONDARY", "SCREENSHOT"]),
        "is a screenshot",
    ),
    _refused("scanned document", _SIBLING, dicom(ConversionType="SD"), "scanned document"),
    _read(
        "secondary capture",
        _ORTHANC,
        dicom(SOPClassUID=SecondaryCaptureImageStorage),
        "secondary-capture",
    ),
    _refused(
        "projection of a sweep",
        _HOROS,
        dicom(ImageType=["ORIGINAL", "PRIMARY", "TOMO_PROJ", "RIGHT"]),
        "projection or slice of a tomosynthesis",
    ),
    _refused(
        "slice by description",
        _SIBLING,
        dicom(SeriesDescription="R CC Tomosynthesis Reconstruction"),
        "projection or slice of a tomosynthesis",
    ),
    _refused(
        "tomosynthesis of one frame",
        _HOROS,
        dicom(SOPClassUID=TOMOSYNTHESIS, NumberOfFrames=1),
        "is a tomosynthesis",
    ),
    _read(
        "synthetic view as tomosynthesis",
        _HOROS,
        dicom(
            SOPClassUID=TOMOSYNTHESIS,
            NumberOfFrames=1,
            ImageType=["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
        ),
        "synthetic",
        pixels=TRUTH,
    ),
    _read(
        "synthetic view as MG",
        _HOROS,
        dicom(ImageType=["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]),
        "synthetic",
        pixels=TRUTH,
    ),
    _read(
        "synthetic view by description",
        _SIBLING,
        dicom(SeriesDescription="R CC C-View"),
        "synthetic",
    ),
    _read(
        "synthetic view of another manufacturer",
        _SIBLING,
        dicom(SeriesDescription="R CC Intelligent 2D"),
        "synthetic",
    ),
    _refused(
        "recombined image",
        _CESM,
        dicom(ImageType=["DERIVED", "PRIMARY", "", "RECOMBINED"]),
        "is a subtracted image",
    ),
    _read(
        "low-energy image",
        _CESM,
        dicom(ImageType=["ORIGINAL", "PRIMARY", "", "LOW_ENERGY"]),
        "view-modifier",
        pixels=TRUTH,
    ),
    _refused("specimen", _SIBLING, dicom(SeriesDescription="Specimen R"), "specimen"),
    _refused(
        "specimen by code",
        "PS3.16 CID 4014",
        dicom(
            ViewPosition=None,
            ViewCodeSequence=Sequence([coded("127457009", "tissue specimen from breast")]),
        ),
        "specimen",
    ),
    _refused("test object", _SIBLING, dicom(SeriesDescription="ACR Phantom"), "test object"),
    _read(
        "magnification by factor",
        _ORTHANC,
        dicom(EstimatedRadiographicMagnificationFactor=1.8),
        "magnification",
        spacing=(0.2 / 1.8, 0.2 / 1.8),
    ),
    _read(
        "magnification by distances",
        _SIBLING,
        dicom(DistanceSourceToDetector=660, DistanceSourceToPatient=367),
        "magnification",
    ),
    _read(
        "magnification by description",
        _SIBLING,
        dicom(SeriesDescription="R CC MAG"),
        "magnification",
    ),
    _read(
        "spot view by paddle", _SIBLING, dicom(PaddleDescription="10CM SPOT"), "spot-compression"
    ),
    _read("partial view", "PS3.3 C.8.11.7", dicom(PartialView="YES"), "partial-view"),
    _selected(
        "film, crop and mask of the collection",
        _TCIA,
        stored=CROP,
        SeriesDescription="cropped images",
    ),
    _selected(
        "mask by description beside the view",
        _DDSM_TOOLS,
        stored=MASK,
        SeriesDescription="ROI mask images",
    ),
    _selected("mask by its values beside the view", _SIBLING, stored=MASK),
    _selected("crop without a description beside the view", _SIBLING, stored=CROP),
    _selected(
        "magnification view by factor beside the view",
        _ORTHANC,
        EstimatedRadiographicMagnificationFactor=1.8,
    ),
    _selected("spot view beside the view", _SIBLING, ViewPosition="CC SPOT"),
    _selected(
        "spot view by description beside the view",
        _SIBLING,
        SeriesDescription="R CC spot compression",
    ),
    _selected(
        "synthetic view beside the view",
        _HOROS,
        ImageType=["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
    ),
    _selected(
        "secondary capture beside the view", _SIBLING, SOPClassUID=SecondaryCaptureImageStorage
    ),
    _selected("screenshot beside the view", _SIBLING, SeriesDescription="Screenshot"),
    _selected("partial view beside the view", _SIBLING, PartialView="YES"),
    _selected(
        "projection of a sweep beside the view",
        _HOROS,
        ImageType=["ORIGINAL", "PRIMARY", "TOMO_PROJ"],
    ),
    _selected("preview beside the view", _SIBLING, stored=STORED[::4, ::4].copy()),
    _selected("damaged copy beside the view", _SIBLING, PixelData=b"\0" * 100),
    FieldCase(
        "image kind",
        "a synthetic view before a spot view",
        _SIBLING,
        exam(
            synthetic={"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]},
            spot={**NEWER, "ViewPosition": "CC SPOT"},
        ),
        Selected(cc="synthetic"),
    ),
    FieldCase(
        "image kind", "nothing but a mask", _SIBLING, exam(mask={"stored": MASK}), Selected()
    ),
)
