"""A table of synthetic mammograms with all pairs of DICOM attributes, and the expected display.

Each attribute of a row is one of :data:`CHOICES`. The expected pixels are computed here from the
formulas of the standard (PS3.3 C.7.6.3, C.8.11.7, C.11.1, C.11.2, 10.7), without the engine.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from allpairspy import AllPairs
from pydicom.dataset import Dataset
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    SecondaryCaptureImageStorage,
)

from Testing.synthetic_mammograms import LOSSLESS, NATIVE, breast, coded, lookup_table

ROWS, COLUMNS = 96, 64

KINDS = {
    "presentation": {
        "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation,
        "PresentationIntentType": "FOR PRESENTATION",
    },
    "processing": {
        "SOPClassUID": DigitalMammographyXRayImageStorageForProcessing,
        "PresentationIntentType": "FOR PROCESSING",
    },
    "film": {"SOPClassUID": SecondaryCaptureImageStorage, "PresentationIntentType": None},
}

# Photometric Interpretation and Presentation LUT Shape, and whether small values are bright.
GREYS = {
    "MONOCHROME2": ("MONOCHROME2", "IDENTITY", False),
    "MONOCHROME2 without shape": ("MONOCHROME2", None, False),
    "MONOCHROME1": ("MONOCHROME1", "INVERSE", True),
    "MONOCHROME1 without shape": ("MONOCHROME1", None, True),
    "inverse by shape alone": ("MONOCHROME2", "INVERSE", True),
}

# Pixel spacing as stored in files, and the correct (row, column) spacing: PS3.3 10.7.1.
SPACINGS = {
    "imager": ({"ImagerPixelSpacing": [0.094, 0.085]}, (0.094, 0.085)),
    "imager, magnified": (
        {
            "ImagerPixelSpacing": [0.18, 0.09],
            "EstimatedRadiographicMagnificationFactor": 1.8,
        },
        (0.1, 0.05),
    ),
    "pixel alone": ({"PixelSpacing": [0.06, 0.05]}, (0.06, 0.05)),
    "both alike": (
        {"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1]},
        (0.1, 0.1),
    ),
    "both, calibrated": (
        {
            "ImagerPixelSpacing": [0.1, 0.1],
            "PixelSpacing": [0.08, 0.07],
            "PixelSpacingCalibrationType": "GEOMETRY",
            "EstimatedRadiographicMagnificationFactor": 1.25,
        },
        (0.08, 0.07),
    ),
    "scanned": ({"NominalScannedPixelSpacing": [0.042, 0.05]}, (0.042, 0.05)),
    "none": ({}, None),
    "rubbish": ({"ImagerPixelSpacing": [0, 0]}, None),
}

SIDES = {
    "image laterality R": ({"ImageLaterality": "R"}, "R"),
    "image laterality L": ({"ImageLaterality": "L"}, "L"),
    "series laterality R": ({"Laterality": "R"}, "R"),
    "series laterality L": ({"Laterality": "L"}, "L"),
    "none": ({}, None),
    "invalid": ({"ImageLaterality": "B"}, None),
}


def _code(value: str, scheme: str, meaning: str) -> dict[str, object]:
    return {"ViewCodeSequence": [coded(value, meaning, scheme)]}


PROJECTIONS = {
    "position CC": ({"ViewPosition": "CC"}, "CC"),
    "position MLO": ({"ViewPosition": "MLO"}, "MLO"),
    "SCT CC": (_code("399162004", "SCT", "cranio-caudal"), "CC"),
    "SCT MLO": (_code("399368009", "SCT", "medio-lateral oblique"), "MLO"),
    "SRT CC": (_code("R-10242", "SRT", "cranio-caudal"), "CC"),
    "SRT MLO": (_code("R-10226", "SRT", "medio-lateral oblique"), "MLO"),
    "series name": ({"SeriesDescription": "left/right unknown, MLO"}, "MLO"),
    "none": ({}, None),
    "position ML": ({"ViewPosition": "ML"}, "ML"),
}

# The stored orientation relative to the displayed one; "silent": no Patient Orientation.
LIES = ("as it hangs", "mirrored", "upside down", "turned by half a turn", "silent")

BITS = ((8, False), (8, True), (10, False), (12, False), (12, True), (14, False), (16, False))
BITS = (*BITS, (16, True))

MODALITIES = ("none", "slope 1", "slope 2.5, intercept -100", "slope -1", "LUT")

# Window, in fractions of the output range of the modality step, or a LUT.
VALUES = (
    "none",
    "LINEAR",
    "LINEAR, off centre",
    "LINEAR, several",
    "LINEAR_EXACT",
    "SIGMOID",
    "LUT",
    "LUT in words, before a window",
)

MOST_NUMBERS = 32767
"""Largest number of LUT entries stored as numbers; an explicit VR element cannot hold more."""

PADDINGS = ("none", "the darkest value", "the brightest value")

CHOICES = OrderedDict(
    kind=list(KINDS),
    greys=list(GREYS),
    modality=list(MODALITIES),
    values=list(VALUES),
    padding=list(PADDINGS),
    spacing=list(SPACINGS),
    syntax=[*NATIVE, *LOSSLESS],
    side=list(SIDES),
    projection=list(PROJECTIONS),
    lies=list(LIES),
    bits=list(BITS),
)


@dataclass(frozen=True)
class Row:
    """One combination."""

    kind: str
    greys: str
    modality: str
    values: str
    padding: str
    spacing: str
    syntax: str
    side: str
    projection: str
    lies: str
    bits: tuple[int, bool]

    @property
    def title(self) -> str:
        named = (self.greys, self.values, self.modality, self.spacing, self.side, self.projection)
        return "; ".join((*named, self.lies, self.syntax.name, f"{self.bits}"))


def pairwise_rows() -> list[Row]:
    """Rows with every pair of choices of any two attributes."""
    return [Row(*choices) for choices in AllPairs(CHOICES)]


@dataclass(frozen=True)
class Expected:
    """The file of a row, and its display according to the standard."""

    stored: np.ndarray
    attributes: dict[str, object]
    """By DICOM keyword; None removes the attribute."""
    shown: np.ndarray
    """0 for black to 1 for white, as stored."""
    windowed: bool
    """Whether the file has a window or a VOI LUT."""
    spacing: tuple[float, float] | None
    """Between rows, between columns."""
    side: str | None
    projection: str | None
    mirrored: bool
    """Whether the stored image is mirrored for display."""
    flipped: bool


def expect(row: Row) -> Expected:
    """Build the file of a row and compute its display."""
    bits, signed = row.bits
    lowest = -(2 ** (bits - 1)) if signed else 0
    highest = lowest + 2**bits - 1
    photometric, shape, inverse = GREYS[row.greys]

    modality, slope = _modality(row.modality, bits, lowest)
    # A bright breast in dark air for either polarity.
    stored = breast(ROWS, COLUMNS, bits=bits, signed=signed)
    if inverse != (slope < 0):
        stored = (lowest + highest - stored.astype(np.int64)).astype(stored.dtype)

    values = _after_modality(stored.astype(float), modality)
    ends = _after_modality(np.array([lowest, highest], dtype=float), modality)
    black, white = min(ends), max(ends)
    if row.modality == "LUT":
        black, white = 0.0, 2.0**16 - 1
    window, shown = _values_of_interest(row.values, values, black, white, signed=signed)
    if inverse:
        shown = 1.0 - shown
    padding = {"none": None, "the darkest value": lowest, "the brightest value": highest}
    padded = padding[row.padding]
    if padded is not None:
        shown = np.where(stored == padded, 0.0, shown)

    side_attributes, side = SIDES[row.side]
    projection_attributes, projection = PROJECTIONS[row.projection]
    orientation, mirrored, flipped = _orientation(row.lies, side, projection)
    spacing_attributes, spacing = SPACINGS[row.spacing]
    if row.syntax == ExplicitVRBigEndian:
        for table in ("ModalityLUTSequence", "VOILUTSequence"):
            _swap_words({**modality, **window}.get(table))
    attributes = {
        **dict.fromkeys(("ImageLaterality", "ViewPosition", "ImagerPixelSpacing")),
        "PatientID": "table",
        "PatientOrientation": orientation,
        "PhotometricInterpretation": photometric,
        "PresentationLUTShape": shape,
        "PixelPaddingValue": padded,
        **KINDS[row.kind],
        **modality,
        **window,
        **side_attributes,
        **projection_attributes,
        **spacing_attributes,
    }
    return Expected(
        stored=stored,
        attributes=attributes,
        shown=shown,
        windowed=row.values != "none",
        spacing=spacing,
        side=side,
        projection=projection,
        mirrored=mirrored,
        flipped=flipped,
    )


def _modality(name: str, bits: int, lowest: int) -> tuple[dict[str, object], float]:
    """The attributes of the modality step, and its slope."""
    if name == "LUT":
        entries = np.linspace(0, 65535, 2**bits).astype(np.uint16)
        words = len(entries) > MOST_NUMBERS
        table = lookup_table(entries, first=lowest, bits=16, as_words=words)
        return {"ModalityLUTSequence": table}, 1.0
    slope, intercept = {
        "none": (None, None),
        "slope 1": (1, 0),
        "slope 2.5, intercept -100": (2.5, -100),
        "slope -1": (-1, 2**bits),
    }[name]
    if slope is None:
        return {}, 1.0
    return {"RescaleSlope": slope, "RescaleIntercept": intercept}, float(slope)


def _after_modality(stored: np.ndarray, modality: dict[str, object]) -> np.ndarray:
    if "ModalityLUTSequence" in modality:
        return _look_up(stored, modality["ModalityLUTSequence"][0])
    slope, intercept = modality.get("RescaleSlope", 1), modality.get("RescaleIntercept", 0)
    return slope * stored + intercept


def _values_of_interest(
    name: str, values: np.ndarray, black: float, white: float, *, signed: bool
) -> tuple[dict[str, object], np.ndarray]:
    """The attributes of the VOI step, and its output in [0, 1]."""
    span = white - black
    if name == "none":
        return {}, (values - black) / span
    centre, width = round(black + 0.4 * span), round(0.5 * span)
    if name == "LINEAR, off centre":
        centre, width = round(black + 0.15 * span), round(0.2 * span) + 1
    attributes: dict[str, object] = {"WindowCenter": centre, "WindowWidth": width}
    if name.startswith("LINEAR_EXACT"):
        attributes["VOILUTFunction"] = "LINEAR_EXACT"
        return attributes, np.clip((values - centre) / width + 0.5, 0, 1)
    if name == "SIGMOID":
        attributes["VOILUTFunction"] = "SIGMOID"
        return attributes, 1 / (1 + np.exp(-4 * (values - centre) / width))
    if name.startswith("LUT"):
        first = round(black + 0.1 * span)
        words = "words" in name
        count = min(round(0.8 * span), 60000 if words else MOST_NUMBERS)
        entries = (4095 * np.linspace(0, 1, count) ** 0.7).astype(np.uint16)
        # The descriptor is as signed as the pixels are (PS3.3 C.11.2.1.1).
        first = min(max(first, -32768), 32767) if signed else max(first, 0)
        table = lookup_table(entries, first=first, bits=12, as_words=words)
        attributes = {**(attributes if words else {}), "VOILUTSequence": table}
        return attributes, _look_up(values, table[0]) / 4095
    if name == "LINEAR, several":
        attributes = {"WindowCenter": [centre, 7, 9], "WindowWidth": [width, 5, 3]}
    return attributes, np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _swap_words(sequence: list[Dataset] | None) -> None:
    """Convert the words of a LUT to big-endian."""
    if sequence and isinstance(sequence[0].LUTData, bytes):
        item = sequence[0]
        item.LUTData = np.frombuffer(item.LUTData, "<u2").astype(">u2").tobytes()


def _look_up(values: np.ndarray, item: Dataset) -> np.ndarray:
    count, first, _bits = item.LUTDescriptor
    data = item.LUTData
    entries = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.array(data)
    places = np.clip(np.rint(values) - first, 0, (count or 65536) - 1)
    return entries[places.astype(int)].astype(float)


def _orientation(
    lies: str, side: str | None, projection: str | None
) -> tuple[list[str] | None, bool, bool]:
    """Patient Orientation, and whether the view is mirrored and flipped for display.

    Displayed, the chest wall of the right breast is at the right, so its rows lead to posterior;
    those of the left breast lead to anterior. Columns of a CC view lead to the medial side, those
    of an MLO view to the feet (PS3.3 C.7.6.1.1.1).
    """
    if lies == "silent":
        # The synthetic breast has its wall at the left.
        return None, side == "R", False
    rows = {"R": "P", "L": "A", None: "A"}[side]
    columns = {"R": "L", "L": "R", None: "R"}[side] if projection == "CC" else "F"
    opposite = {"P": "A", "A": "P", "L": "R", "R": "L", "F": "H"}
    mirrored = lies in ("mirrored", "turned by half a turn")
    flipped = lies in ("upside down", "turned by half a turn")
    letters = [opposite[rows] if mirrored else rows, opposite[columns] if flipped else columns]
    # Without laterality, the orientation of a CC view is unknown.
    decided = projection == "MLO" or (projection == "CC" and side is not None)
    return letters, mirrored and side is not None, flipped and decided
