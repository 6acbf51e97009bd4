"""What an image is, if it is not a mammogram as it was acquired: mask, crop, screenshot, ..."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.io.dicom_attributes import get_items, get_number, get_text, get_texts
from mammopair.io.stated_view import name_attribute

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
"""SOP class of tomosynthesis volumes."""
SECONDARY_CAPTURES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.7",
        "1.2.840.10008.5.1.4.1.1.7.1",
        "1.2.840.10008.5.1.4.1.1.7.2",
        "1.2.840.10008.5.1.4.1.1.7.3",
        "1.2.840.10008.5.1.4.1.1.7.4",
    }
)
"""SOP classes of secondary captures: images that no acquisition device created."""

SYNTHETIC, SECONDARY_CAPTURE, CROP = "synthetic", "secondary capture", "crop"
"""Modifiers of images that are read with a warning; see :func:`find_derived_modifiers`."""

MASK = "has pixels of only two values and is a mask"
"""The problem of an image for which :func:`is_mask` is true."""
NEAR_VALUE = 0.06
"""Distance from the two values of a mask that its compressed pixels have, relative to black to
white."""
MOST_BETWEEN = 0.1
"""Largest share of other pixels in a mask."""
EDGE_PIXELS = 4
"""Distance from the marked region within which compression and resampling blur its edge."""
MOST_ELSEWHERE = 0.001
"""Largest share of other pixels elsewhere; those of a mammogram are spread over the breast."""
LEAST_MARKED = 0.0002
"""Smallest share of marked pixels in a mask that is not exact."""
LEAST_PIXELS = 4096
"""Smallest number of pixels of an image that may be a mask without having two values exactly."""
MOST_VALUES = 256
"""Largest number of values near its two values."""
SAMPLE_STEP = 8
"""Step of the samples that are counted first, as most images have more values."""

_SYNTHETIC_VALUES = frozenset({"GENERATED_2D", "TOMO_2D", "SYNTHETIC", "S2D"})
_SYNTHETIC_WORDS = (
    r"[CS][ _\-]?VIEW|V[ _\-]?PREVIEW|SYNTH(ETIC|ESI[SZ]ED)?|S2D"
    r"|(INTELLIGENT|INSIGHT|GENERATED)[ _\-]?2D"
)
_TOMOSYNTHESIS_VALUES = frozenset(
    {"TOMO_PROJ", "TOMOSYNTHESIS", "TOMO", "TOMO_PROJECTION", "TOMO_SLICE", "TOMO_SLAB"}
)
_REMEDY = "select the whole view"


@dataclass(frozen=True)
class _RejectedKind:
    """A kind of image that is not classified."""

    name: str
    """With its article: ``a mask``."""
    words: str
    """Regular expression for Series Description and Image Comments."""
    values: frozenset[str]
    """Values of Image Type."""
    remedy: str = _REMEDY


_REJECTED = (
    _RejectedKind(
        "a mask",
        r"(ROI )?MASKS?( IMAGES?)?|SEGMENTATIONS?|LABEL ?MAPS?|GROUND TRUTH",
        frozenset({"MASK", "SEGMENTATION", "LABELMAP"}),
        "select the mammogram that it marks",
    ),
    _RejectedKind(
        "a crop",
        r"CROPS?|CROPPED( IMAGES?)?|ROI|PATCH(ES)?",
        frozenset({"CROP", "CROPPED"}),
    ),
    _RejectedKind(
        "a screenshot",
        r"SCREEN ?(SHOTS?|SAVES?|CAPTURES?|GRABS?)|SNAP ?SHOTS?|PRINT ?SCREEN|SCANNED DOCUMENTS?",
        frozenset({"SCREEN SAVE", "SCREENSHOT", "SCREEN_CAPTURE", "SNAPSHOT"}),
        "select the image that it shows",
    ),
    _RejectedKind(
        "a subtracted image of contrast-enhanced mammography",
        r"RECOMBINED|SUBTRACTED|SUBTRACTION|HIGH ENERGY",
        frozenset({"RECOMBINED", "SUBTRACTION", "SUBTRACTED", "HIGH_ENERGY"}),
        "select the low-energy image",
    ),
    _RejectedKind(
        "a projection or slice of a tomosynthesis",
        r"TOMO(SYNTHESIS)? (PROJECTIONS?|PROJ|SLICES?|SLABS?|RECONSTRUCTIONS?|RECON)",
        frozenset(),
        "select the 2-D view or a synthetic 2-D view",
    ),
    _RejectedKind(
        "an image of a specimen",
        r"SPECIMENS?",
        frozenset({"SPECIMEN"}),
        "select an image of the breast",
    ),
    _RejectedKind(
        "an image of a test object",
        r"PHANTOMS?|FLAT ?FIELDS?|TEST ?PATTERNS?",
        frozenset({"PHANTOM", "FLATFIELD"}),
        "select an image of the breast",
    ),
)
_SPECIMEN_CODES = frozenset({"127457009", "G-8310"})
_SCREEN_CONVERSIONS = {"SD": "scanned document", "DRW": "drawing"}


def find_rejected_kind(dataset: Dataset) -> str:
    """Return why an image is no whole view to classify; empty if it may be one.

    Parameters
    ----------
    dataset
        The data set, with or without Pixel Data.

    Returns
    -------
    str
        The kind, the attribute that states it, and the remedy, for a message.
    """
    kinds = tuple(one.upper() for one in get_texts(dataset, "ImageType"))
    image_type = f"{name_attribute('ImageType')} is {'/'.join(kinds)!r}"
    if _is_synthetic(dataset):
        return ""
    if get_text(dataset, "SOPClassUID") == TOMOSYNTHESIS:
        return "is a tomosynthesis; select the 2-D view or a synthetic 2-D view"
    if _TOMOSYNTHESIS_VALUES & set(kinds):
        return (
            f"is a projection or slice of a tomosynthesis ({image_type}); "
            "select the 2-D view or a synthetic 2-D view"
        )
    for kind in _REJECTED:
        if kind.values & set(kinds):
            return f"is {kind.name} ({image_type}); {kind.remedy}"
        for keyword in ("SeriesDescription", "ImageComments"):
            text = get_text(dataset, keyword)
            if _has_words(text, kind.words):
                return f"is {kind.name} ({name_attribute(keyword)} is {text!r}); {kind.remedy}"
    for item in get_items(dataset, "ViewCodeSequence")[:1]:
        if get_text(item, "CodeValue") in _SPECIMEN_CODES:
            return (
                f"is an image of a specimen ({name_attribute('ViewCodeSequence')}); "
                "select an image of the breast"
            )
    conversion = get_text(dataset, "ConversionType").upper()
    if conversion in _SCREEN_CONVERSIONS:
        return (
            f"is a {_SCREEN_CONVERSIONS[conversion]} ({name_attribute('ConversionType')} is "
            f"{conversion}); select the image that it shows"
        )
    if get_number(dataset, "BitsAllocated") == 1 or get_number(dataset, "BitsStored") == 1:
        return "has 1 bit per pixel and is a mask; select the mammogram that it marks"
    return ""


def find_derived_modifiers(dataset: Dataset, *, is_film: bool) -> tuple[str, ...]:
    """Return modifiers of an image that is not as it was acquired, but may be classified.

    Parameters
    ----------
    dataset
        The data set.
    is_film
        Whether it is a digitised film, which is a secondary capture by nature.

    Returns
    -------
    tuple of str
        ``synthetic``, ``secondary capture``, ``partial view`` and ``low energy``, where they
        apply.
    """
    found = []
    if _is_synthetic(dataset):
        found.append(SYNTHETIC)
    if get_text(dataset, "SOPClassUID") in SECONDARY_CAPTURES and not is_film:
        found.append(SECONDARY_CAPTURE)
    if get_text(dataset, "PartialView").upper() == "YES":
        found.append("partial view")
    if "LOW_ENERGY" in (one.upper() for one in get_texts(dataset, "ImageType")):
        found.append("low energy")
    return tuple(found)


def names_crop_or_mask(name: str) -> bool:
    """Whether the name of an image file states that it is a crop or a mask."""
    words = re.sub(r"[\W_]+", " ", name)
    return any(_has_words(words, kind.words) for kind in _REJECTED[:2])


def is_mask(pixels: npt.NDArray[np.generic]) -> bool:
    """Whether an image is a mask: its pixels have two values, or nearly so after compression.

    A mask that was compressed with losses, or resampled, has other values at the edges of the
    marked region only. This, and the number of values, distinguishes it from a mammogram with an
    outlier, a frame of one value, or a small breast.

    Parameters
    ----------
    pixels
        ``(rows, columns)``, not constant.
    """
    if len(np.unique(pixels[::SAMPLE_STEP, ::SAMPLE_STEP])) > MOST_VALUES:
        return False
    low, high = float(pixels.min()), float(pixels.max())
    at_low, at_high = pixels == pixels.min(), pixels == pixels.max()
    if bool((at_low | at_high).all()):
        return True
    if pixels.size < LEAST_PIXELS:
        return False
    near = (high - low) * NEAR_VALUE
    is_low, is_high = np.less_equal(pixels, low + near), np.greater_equal(pixels, high - near)
    between = ~(is_low | is_high)
    if between.mean() > MOST_BETWEEN or is_high.mean() < LEAST_MARKED:
        return False
    if len(np.unique(pixels[is_low | is_high])) > MOST_VALUES:
        return False
    from scipy import ndimage

    edges = ndimage.binary_dilation(is_high, iterations=EDGE_PIXELS)
    return bool((between & ~edges).mean() <= MOST_ELSEWHERE)


def _is_synthetic(dataset: Dataset) -> bool:
    kinds = {one.upper() for one in get_texts(dataset, "ImageType")}
    description = get_text(dataset, "SeriesDescription")
    return bool(_SYNTHETIC_VALUES & kinds) or _has_words(description, _SYNTHETIC_WORDS)


def _has_words(text: str, words: str) -> bool:
    return bool(re.search(rf"(?<![A-Z0-9])(?:{words})(?![A-Z0-9])", text.upper()))
