"""From stored values to display values: modality, VOI and presentation steps, in that order.

The grey-scale pipeline of DICOM (PS3.4 N.2), as functions of arrays and attributes:

1. *modality*: Rescale Slope and Intercept, or Modality LUT Sequence (PS3.3 C.11.1);
2. *values of interest*: VOI LUT Sequence, or a window through LINEAR, LINEAR_EXACT or SIGMOID
   (PS3.3 C.11.2); without either, the whole range that the stored bits can give;
3. *presentation*: inverted if MONOCHROME1 or Presentation LUT Shape INVERSE says so, once at most,
   and after step 2 (PS3.3 C.7.6.3.1.2): inverting before it mirrors the image but not its window.

A stored value has 16 bits at most, so the whole pipeline is worked out for each value there can
be, in double precision, and the image is looked up in that table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mammopair.io.attributes import items, number, numbers, text, value
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Values = npt.NDArray[np.float64]
Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class StoredFormat:
    """How a pixel is stored: the low ``bits`` bits, in two's complement if ``signed``."""

    bits: int
    """BitsStored (0028,0101)."""
    signed: bool
    """PixelRepresentation (0028,0103)."""

    @property
    def lowest(self) -> int:
        """The smallest value there can be."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """The largest value there can be."""
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
    """The input that gets the first entry; smaller ones get it too."""
    bits: int
    """An entry's bits: the brightest output there can be is ``2**bits - 1``."""


@dataclass(frozen=True)
class Presentation:
    """Everything in a header that decides how stored values are shown."""

    stored: StoredFormat
    modality: Rescale | LookupTable = field(default_factory=Rescale)
    voi: Window | LookupTable | None = None
    inverted: bool = False
    padding: tuple[int, int] | None = None
    """First and last stored value that stand for no image; they are shown as 0."""


def show(stored: npt.NDArray[np.generic], presentation: Presentation) -> npt.NDArray[np.float32]:
    """Display values, 0 to 1, of an image of stored values.

    Parameters
    ----------
    stored
        ``(rows, columns)`` of integers within the range of ``presentation.stored``.
    presentation
        How to show them.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)``, float32.
    """
    return ShownPixels(stored, presentation)[:, :]


class ShownPixels:
    """The display values of an image, worked out where they are looked at.

    A lesion is a small part of a film: a slice of this is exactly that of :func:`show`, without
    the work for the rest.
    """

    def __init__(self, stored: npt.NDArray[np.generic], presentation: Presentation) -> None:
        bits, signed = presentation.stored.bits, presentation.stored.signed
        every = np.arange(1 << bits)
        # The table is in the order of the bit patterns, so that negative values are found too.
        values = np.where(every > presentation.stored.highest, every - (1 << bits), every)
        self._table = grey_levels(values.astype(np.float64), presentation).astype(np.float32)
        self._mask = (1 << bits) - 1 if signed else None
        self._stored = stored
        self.shape = stored.shape
        """``(rows, columns)``"""

    def __getitem__(self, place: tuple[slice, slice]) -> npt.NDArray[np.float32]:
        """The display values, float32, of the rows and columns that two slices name."""
        stored = self._stored[place]
        shown = np.empty(stored.shape, dtype=np.float32)
        # By a few rows, whose indices stay in the cache.
        for row in range(0, len(shown), _ROWS_AT_ONCE):
            rows = slice(row, row + _ROWS_AT_ONCE)
            self._look_up(stored[rows], shown[rows])
        return shown

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[np.generic]:
        """The whole image, for whatever asks for an array."""
        return self[:, :].astype(dtype or np.float32, copy=False)

    def is_flat(self) -> bool:
        """Whether all pixels are shown alike, in which case there is no picture in it."""
        ends = np.array([self._stored.min(), self._stored.max()])
        if np.ptp(self._look_up(ends, np.empty(2, dtype=np.float32))):
            return False  # two pixels differ, and the others need not be looked at
        shown = self[:, :]
        return bool(shown.min() == shown.max())

    def _look_up(
        self, stored: npt.NDArray[np.generic], out: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        patterns = stored.view(np.dtype(f"u{stored.dtype.itemsize}"))
        if self._mask is not None:
            patterns = patterns & patterns.dtype.type(self._mask)
        # "clip" spares a check: none is outside.
        return np.take(self._table, patterns, out=out, mode="clip")


_ROWS_AT_ONCE = 16


def grey_levels(stored: Values, presentation: Presentation) -> Values:
    """Display values, 0 to 1, of stored values: the whole pipeline."""
    values = apply_modality(stored, presentation.modality)
    if presentation.voi is None:
        low, high = modality_range(presentation)
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
    """``slope * stored + intercept``, or the entry of the modality LUT."""
    if isinstance(modality, LookupTable):
        return look_up(stored, modality)
    return modality.slope * stored + modality.intercept


def modality_range(presentation: Presentation) -> tuple[float, float]:
    """The smallest and the largest value that the modality step can give."""
    modality, stored = presentation.modality, presentation.stored
    if isinstance(modality, LookupTable):
        return 0.0, 2.0**modality.bits - 1
    ends = [modality.slope * end + modality.intercept for end in (stored.lowest, stored.highest)]
    return min(ends), max(ends)


def look_up(values: Values, table: LookupTable) -> Values:
    """Entries of a table; inputs before its first or after its last get that entry."""
    index = np.clip(np.rint(values) - table.first, 0, len(table.entries) - 1)
    return table.entries[index.astype(np.intp)].astype(np.float64)


def apply_window(values: Values, window: Window) -> Values:
    """Display values, 0 to 1, through a window (PS3.3 C.11.2.1.2 and C.11.2.1.3).

    With centre ``c`` and width ``w``:

    - LINEAR: ``(x - (c - 0.5)) / (w - 1) + 0.5``, clipped; a step after ``c - 0.5`` for ``w = 1``;
    - LINEAR_EXACT: ``(x - c) / w + 0.5``, clipped;
    - SIGMOID: ``1 / (1 + exp(-4 (x - c) / w))``.
    """
    centre, width = window.centre, window.width
    if window.function == "SIGMOID":
        # Beyond 700 the exponential overflows; the result is 0 long before.
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0)))
    if window.function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def read_presentation(dataset: Dataset) -> tuple[Presentation, tuple[CodedWarning, ...]]:
    """Take the grey-scale attributes from a header.

    Of several windows or VOI LUTs the first is taken; a VOI LUT goes before a window. What makes
    no sense (a window without width, a slope of 0) is left out, with a warning.
    """
    warnings: list[CodedWarning] = []
    stored = StoredFormat(bits=dataset.BitsStored, signed=bool(dataset.PixelRepresentation))
    presentation = Presentation(stored=stored)

    modality_table = _read_table(dataset, "ModalityLUTSequence")
    if modality_table is not None:
        presentation = replace(presentation, modality=modality_table)
    else:
        rescale = Rescale(
            slope=_or(number(dataset, "RescaleSlope"), 1.0),
            intercept=_or(number(dataset, "RescaleIntercept"), 0.0),
        )
        if rescale.slope == 0:
            warnings.append(
                CodedWarning(
                    code="invalid-rescale",
                    message="Rescale Slope (0028,1053) is 0 and was left out.",
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


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _read_window(dataset: Dataset) -> tuple[Window | None, tuple[CodedWarning, ...]]:
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    if not centres or not widths:
        return None, ()
    word = text(dataset, "VOILUTFunction").upper()
    function: Function = "LINEAR"
    if word in ("LINEAR_EXACT", "SIGMOID"):
        function = word  # type: ignore[assignment]
    if widths[0] <= 0 or (function == "LINEAR" and widths[0] < 1):
        message = (
            f"Window Width (0028,1051) is {widths[0]:g}, which is no window; "
            "the whole range is shown instead."
        )
        return None, (CodedWarning(code="invalid-window", message=message),)
    return Window(centre=centres[0], width=widths[0], function=function), ()


def _read_table(dataset: Dataset, keyword: str) -> LookupTable | None:
    """The first item of a LUT sequence (PS3.3 C.11.1.1.1, C.11.2.1.1), if it is usable."""
    sequence = items(dataset, keyword)
    if not sequence:
        return None
    item = sequence[0]
    descriptor = numbers(item, "LUTDescriptor")
    data = value(item, "LUTData")
    if len(descriptor) != 3 or data is None:
        return None
    # A count of 0 means 65536. Of signed pixels in implicit VR pydicom reads the whole descriptor
    # as signed, though a count never is.
    count = int(descriptor[0]) % 65536 or 65536
    bits = int(descriptor[2])
    entries = _read_entries(data, count, little_endian=_is_little_endian(dataset))
    if len(entries) < count or not 1 <= bits <= 16:
        return None
    # Some writers declare fewer bits than their entries have.
    bits = max(bits, int(entries.max()).bit_length())
    return LookupTable(entries=entries, first=int(descriptor[1]), bits=bits)


def _read_entries(data: object, count: int, *, little_endian: bool) -> npt.NDArray[np.uint16]:
    """LUT Data (0028,3006), which comes as numbers, as words, or as bytes for 8-bit entries."""
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
    """Whether small values are to be shown bright.

    FOR PROCESSING images are not made for display, and either photometric interpretation is met
    in them; there Pixel Intensity Relationship Sign (0028,1041) tells the physics: 1 where less
    radiation, which is denser tissue, gives smaller values.
    """
    sign = number(dataset, "PixelIntensityRelationshipSign")
    if text(dataset, "PresentationIntentType") == "FOR PROCESSING" and sign in (1, -1):
        return sign == 1
    return (
        text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
        or text(dataset, "PresentationLUTShape") == "INVERSE"
    )


def _read_padding(dataset: Dataset, stored: StoredFormat) -> tuple[int, int] | None:
    """Pixel Padding Value (0028,0120), and Range Limit (0028,0121) (PS3.3 C.7.5.1.1.2)."""
    padding = number(dataset, "PixelPaddingValue")
    if padding is None or not math.isfinite(padding):
        return None
    limit = _or(number(dataset, "PixelPaddingRangeLimit"), padding)
    first, last = sorted((_wrap(int(padding), stored), _wrap(int(limit), stored)))
    return first, last


def _wrap(value: int, stored: StoredFormat) -> int:
    """A padding value written in the other signedness, as the bit pattern that it is."""
    if stored.lowest <= value <= stored.highest:
        return value
    pattern = value & ((1 << stored.bits) - 1)
    return pattern - (1 << stored.bits) if stored.signed and pattern > stored.highest else pattern
