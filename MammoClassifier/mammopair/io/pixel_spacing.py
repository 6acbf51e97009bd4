"""The distance between pixels, and the plane where it holds (DICOM PS3.3 section 10.7.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mammopair.io.attributes import number, numbers, text
from mammopair.view import Acquisition, Spacing, SpacingMeaning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def read_spacing(dataset: Dataset, acquisition: Acquisition) -> Spacing | None:
    """Spacing from the attribute that knows best, with its meaning.

    - Pixel Spacing (0028,0030) with Pixel Spacing Calibration Type (0028,0A02), or other than
      Imager Pixel Spacing (0018,1164), has been corrected or calibrated: it is taken as it is.
    - Imager Pixel Spacing is at the detector; divided by Estimated Radiographic Magnification
      Factor (0018,1114), where there is one, it is at the breast. Pixel Spacing of the same value
      adds nothing (PS3.3 10.7.1.3).
    - Pixel Spacing alone is taken as the file declares it, for nothing tells which it is; on a
      digitised film it is on the film, and goes before Nominal Scanned Pixel Spacing (0018,2010)
      (PS3.3 A.8.1.3).

    Returns
    -------
    Spacing or None
        None where no attribute holds two positive numbers.
    """
    plain = _pair(dataset, "PixelSpacing")
    imager = _pair(dataset, "ImagerPixelSpacing")
    scanned = _pair(dataset, "NominalScannedPixelSpacing")
    calibration = text(dataset, "PixelSpacingCalibrationType").upper()

    if plain and calibration == "GEOMETRY":
        return Spacing(*plain, meaning=SpacingMeaning.CORRECTED)
    if plain and calibration == "FIDUCIAL":
        return Spacing(*plain, meaning=SpacingMeaning.CALIBRATED)
    if plain and imager and not _same(plain, imager):
        return Spacing(*plain, meaning=SpacingMeaning.CALIBRATED)
    if imager:
        factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
        if factor and factor > 0 and factor != 1:
            row, column = imager
            return Spacing(row / factor, column / factor, meaning=SpacingMeaning.CORRECTED)
        return Spacing(*imager, meaning=SpacingMeaning.DETECTOR)
    film = acquisition is Acquisition.FILM or scanned is not None
    if plain:
        meaning = SpacingMeaning.FILM if film else SpacingMeaning.DECLARED
        return Spacing(*plain, meaning=meaning)
    if scanned:
        return Spacing(*scanned, meaning=SpacingMeaning.FILM)
    return None


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Row spacing, then column spacing: the order in which DICOM writes them."""
    read = numbers(dataset, keyword)
    if len(read) != 2 or min(read) <= 0:
        return None
    return read[0], read[1]


def _same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(one, other, strict=True))
