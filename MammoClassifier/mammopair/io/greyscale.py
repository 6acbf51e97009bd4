"""Stored values to display values: modality, VOI and presentation transformation, in that order.

The grey-scale pipeline of DICOM (PS3.4 N.2), as functions of arrays and attributes:

1. *modality*: Rescale Slope and Intercept, or Modality LUT Sequence (PS3.3 C.11.1);
2. *values of interest*: VOI LUT Sequence, or a LINEAR, LINEAR_EXACT or SIGMOID window (PS3.3
   C.11.2); without either, the full range of the stored bits;
3. *presentation*: inversion if the image is MONOCHROME1 or Presentation LUT Shape is INVERSE, at
   most once, and after step 2 (PS3.3 C.7.6.3.1.2): inverting earlier would mirror the values but
   not the window.

A stored value has at most 16 bits. The pipeline is therefore computed once for each possible
value, in double precision, and applied to the image as a lookup table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mammopair.io.dicom_attributes import get_items, get_number, get_numbers, get_text, get_value
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Values = npt.NDArray[np.float64]
Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class StoredFormat:
    """The format of a stored pixel: its low ``bits`` bits, two's complement if ``signed``."""

    bits: int
    """BitsStored (0028,0101)."""
    signed: bool
    """PixelRepresentation (0028,0103)."""

    @property
    def lowest(self) -> int:
        """The smallest possible value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """The largest possible value."""
        return (1 << (self.bits - 1 if self.signed else self.bits)) - 1


@dataclass(frozen=True)
class Rescale:
    """Rescale Slope (0028,1053) and Intercept (0028,1052)."""

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class Window:
    """Window Center (0028,1050), Width (0028,1051) and VOI LUT Function (0028,1056)."""

    centre: float
    width: float
    function: Function = "LINEAR"


@dataclass(frozen=True)
class LookupTable:
    """An item of Modality LUT Sequence (0028,3000) or VOI LUT Sequence (0028,3010)."""

    entries: npt.NDArray[np.uint16]
    first: int
    """The input that maps to the first entry; smaller inputs map to it too."""
    bits: int
    """Bits of an entry: the largest possible output is ``2**bits - 1``."""


@dataclass(frozen=True)
class Presentation:
    """The attributes of a header that define how stored values are displayed."""

    stored: StoredFormat
    modality: Rescale | LookupTable = field(default_factory=Rescale)
    voi: Window | LookupTable | None = None
    inverted: bool = False
    padding: tuple[int, int] | None = None
    """First and last stored value of the padding; padding is displayed as 0."""


class DisplayPixels:
    """The display values of an image, computed for the rows and columns that are read.

    A lesion is a small part of a mammogram, so most callers need a small part of the image.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of integers within the range of ``presentation.stored``.
    presentation
        The transformation to display values.
    """

    def __init__(self, stored: npt.NDArray[np.generic], presentation: Presentation) -> None:
        bits, signed = presentation.stored.bits, presentation.stored.signed
        every = np.arange(1 << bits)
        # The table is indexed by bit pattern, so that it covers negative values too.
        values = np.where(every > presentation.stored.highest, every - (1 << bits), every)
        self._table = compute_display_values(values.astype(np.float64), presentation).astype(
            np.float32
        )
        self._mask = (1 << bits) - 1 if signed else None
        self._stored = stored
        self.shape = stored.shape
        """``(rows, columns)``"""

    def __getitem__(self, place: tuple[slice, slice]) -> npt.NDArray[np.float32]:
        """Return the display values, float32 in [0, 1], of a slice of rows and of columns."""
        stored = self._stored[place]
        shown = np.empty(stored.shape, dtype=np.float32)
        # A few rows at a time, so that their indices stay in the CPU cache.
        for row in range(0, len(shown), _ROWS_AT_ONCE):
            rows = slice(row, row + _ROWS_AT_ONCE)
            self._look_up(stored[rows], shown[rows])
        return shown

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[np.generic]:
        """Return the display values of the whole image, for NumPy functions."""
        return self[:, :].astype(dtype or np.float32, copy=False)

    def is_uniform(self) -> bool:
        """Whether all pixels have the same display value, so that the image shows nothing."""
        ends = np.array([self._stored.min(), self._stored.max()])
        if np.ptp(self._look_up(ends, np.empty(2, dtype=np.float32))):
            return False  # two pixels differ; the others need not be computed
        shown = self[:, :]
        return bool(shown.min() == shown.max())

    def _look_up(
        self, stored: npt.NDArray[np.generic], out: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        patterns = stored.view(np.dtype(f"u{stored.dtype.itemsize}"))
        if self._mask is not None:
            patterns = patterns & patterns.dtype.type(self._mask)
        # mode="clip" skips the bounds check; no index is out of bounds.
        return np.take(self._table, patterns, out=out, mode="clip")


_ROWS_AT_ONCE = 16


def compute_display_values(stored: Values, presentation: Presentation) -> Values:
    """Apply the complete pipeline to stored values; return display values in [0, 1]."""
    values = apply_modality(stored, presentation.modality)
    if presentation.voi is None:
        low, high = get_modality_range(presentation)
        shown = np.clip((values - low) / (high - low), 0.0, 1.0)
    elif isinstance(presentation.voi, LookupTable):
        shown = look_up(values, presentation.voi) / (2.0**presentation.voi.bits - 1)
    else:
        shown = apply_window(values, presentation.voi)
    if presentation.inverted:
        shown = 1.0 - shown
    if presentation.padding is not None:
        low_pad, high_pad = presentation.padding
        shown = np.where((stored >= low_pad) & (stored <= high_pad), 0.0, shown)
    return shown


def apply_modality(stored: Values, modality: Rescale | LookupTable) -> Values:
    """Return ``slope * stored + intercept``, or the entries of the modality LUT."""
    if isinstance(modality, LookupTable):
        return look_up(stored, modality)
    return modality.slope * stored + modality.intercept


def get_modality_range(presentation: Presentation) -> tuple[float, float]:
    """Return the smallest and the largest possible output of :func:`apply_modality`."""
    modality, stored = presentation.modality, presentation.stored
    if isinstance(modality, LookupTable):
        return 0.0, 2.0**modality.bits - 1
    ends = [modality.slope * end + modality.intercept for end in (stored.lowest, stored.highest)]
    return min(ends), max(ends)


def look_up(values: Values, table: LookupTable) -> Values:
    """Return the entries for some inputs; inputs beyond an end map to the entry at that end."""
    index = np.clip(np.rint(values) - table.first, 0, len(table.entries) - 1)
    return table.entries[index.astype(np.intp)].astype(np.float64)


def apply_window(values: Values, window: Window) -> Values:
    """Apply a window; return display values in [0, 1] (PS3.3 C.11.2.1.2 and C.11.2.1.3).

    With centre ``c`` and width ``w``:

    - LINEAR: ``(x - (c - 0.5)) / (w - 1) + 0.5``, clipped; a step after ``c - 0.5`` for ``w = 1``;
    - LINEAR_EXACT: ``(x - c) / w + 0.5``, clipped;
    - SIGMOID: ``1 / (1 + exp(-4 (x - c) / w))``.
    """
    centre, width = window.centre, window.width
    if window.function == "SIGMOID":
        # The exponential overflows beyond 700; the result is 0 well before that.
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0)))
    if window.function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def read_presentation(dataset: Dataset) -> tuple[Presentation, tuple[CodedWarning, ...]]:
    """Read the grey-scale attributes of a header.

    The first of several windows or VOI LUTs is used, and a VOI LUT takes precedence over a
    window. An invalid window width or a slope of 0 is ignored.

    Parameters
    ----------
    dataset
        A data set that :func:`~mammopair.io.image_checks.check_image` has accepted.

    Returns
    -------
    tuple of Presentation and tuple of CodedWarning
        The warnings are ``invalid-rescale`` and ``invalid-window``, where they apply.
    """
    warnings: list[CodedWarning] = []
    stored = StoredFormat(bits=dataset.BitsStored, signed=bool(dataset.PixelRepresentation))
    presentation = Presentation(stored=stored)

    modality_table = _read_table(dataset, "ModalityLUTSequence")
    if modality_table is not None:
        presentation = replace(presentation, modality=modality_table)
    else:
        rescale = Rescale(
            slope=_or(get_number(dataset, "RescaleSlope"), 1.0),
            intercept=_or(get_number(dataset, "RescaleIntercept"), 0.0),
        )
        if rescale.slope == 0:
            warnings.append(
                CodedWarning(
                    code="invalid-rescale",
                    message="Rescale Slope (0028,1053) is 0, which is invalid, and is ignored.",
                )
            )
        else:
            presentation = replace(presentation, modality=rescale)

    voi: LookupTable | Window | None = _read_table(dataset, "VOILUTSequence")
    if voi is None:
        voi, problem = _read_window(dataset)
        warnings.extend(problem)
    return (
        replace(
            presentation,
            voi=voi,
            inverted=_is_inverted(dataset),
            padding=_read_padding(dataset, stored),
        ),
        tuple(warnings),
    )


def _or(found: float | None, default: float) -> float:
    return default if found is None else found


def _read_window(dataset: Dataset) -> tuple[Window | None, tuple[CodedWarning, ...]]:
    centres, widths = get_numbers(dataset, "WindowCenter"), get_numbers(dataset, "WindowWidth")
    if not centres or not widths:
        return None, ()
    word = get_text(dataset, "VOILUTFunction").upper()
    function: Function = "LINEAR"
    if word in ("LINEAR_EXACT", "SIGMOID"):
        function = word  # type: ignore[assignment]
    if widths[0] <= 0 or (function == "LINEAR" and widths[0] < 1):
        message = (
            f"Window Width (0028,1051) is {widths[0]:g}, which is invalid; "
            "the full value range is displayed instead."
        )
        return None, (CodedWarning(code="invalid-window", message=message),)
    return Window(centre=centres[0], width=widths[0], function=function), ()


def _read_table(dataset: Dataset, keyword: str) -> LookupTable | None:
    """The first item of a LUT sequence (PS3.3 C.11.1.1.1, C.11.2.1.1); None if it is invalid."""
    sequence = get_items(dataset, keyword)
    if not sequence:
        return None
    item = sequence[0]
    descriptor = get_numbers(item, "LUTDescriptor")
    data = get_value(item, "LUTData")
    if len(descriptor) != 3 or data is None:
        return None
    # A count of 0 means 65536. For signed pixels in implicit VR pydicom reads the whole descriptor
    # as signed, although the count is always unsigned.
    count = int(descriptor[0]) % 65536 or 65536
    bits = int(descriptor[2])
    entries = _read_entries(data, count, little_endian=_is_little_endian(dataset))
    if len(entries) < count or not 1 <= bits <= 16:
        return None
    # Some writers declare fewer bits than the entries use.
    bits = max(bits, int(entries.max()).bit_length())
    return LookupTable(entries=entries, first=int(descriptor[1]), bits=bits)


def _read_entries(data: object, count: int, *, little_endian: bool) -> npt.NDArray[np.uint16]:
    """LUT Data (0028,3006), stored as numbers, 16-bit words, or bytes for 8-bit entries."""
    if isinstance(data, bytes):
        if len(data) < 2 * count:
            return np.frombuffer(data, dtype=np.uint8)[:count].astype(np.uint16)
        order = "<u2" if little_endian else ">u2"
        return np.frombuffer(data[: 2 * count], dtype=order).astype(np.uint16)
    try:
        words = np.atleast_1d(np.asarray(data, dtype=np.int64))
    except (TypeError, ValueError):
        return np.zeros(0, dtype=np.uint16)
    return (words % 65536).astype(np.uint16)[:count]


def _is_little_endian(dataset: Dataset) -> bool:
    return dataset.original_encoding[1] is not False


def _is_inverted(dataset: Dataset) -> bool:
    """Whether small values are displayed bright.

    FOR PROCESSING images are not intended for display and occur with either photometric
    interpretation. Their Pixel Intensity Relationship Sign (0028,1041) states the physics: 1 where
    less radiation at the detector, that is denser tissue, has smaller values.
    """
    sign = get_number(dataset, "PixelIntensityRelationshipSign")
    if get_text(dataset, "PresentationIntentType") == "FOR PROCESSING" and sign in (1, -1):
        return sign == 1
    return (
        get_text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
        or get_text(dataset, "PresentationLUTShape") == "INVERSE"
    )


def _read_padding(dataset: Dataset, stored: StoredFormat) -> tuple[int, int] | None:
    """Pixel Padding Value (0028,0120), and Range Limit (0028,0121) (PS3.3 C.7.5.1.1.2)."""
    padding = get_number(dataset, "PixelPaddingValue")
    if padding is None or not math.isfinite(padding):
        return None
    limit = _or(get_number(dataset, "PixelPaddingRangeLimit"), padding)
    first, last = sorted((_reinterpret(int(padding), stored), _reinterpret(int(limit), stored)))
    return first, last


def _reinterpret(value: int, stored: StoredFormat) -> int:
    """Reinterpret a padding value that was written with the wrong signedness, by bit pattern."""
    if stored.lowest <= value <= stored.highest:
        return value
    pattern = value & ((1 << stored.bits) - 1)
    return pattern - (1 << stored.bits) if stored.signed and pattern > stored.highest else pattern
