"""The pixel spacing and the plane in which it is measured (DICOM PS3.3 section 10.7.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mammopair.io.dicom_attributes import get_number, get_numbers, get_text
from mammopair.view import Acquisition, Spacing, SpacingMeaning

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def read_spacing(dataset: Dataset, acquisition: Acquisition) -> Spacing | None:
    """Read the pixel spacing from the most specific attribute, with its meaning.

    - Pixel Spacing (0028,0030) with Pixel Spacing Calibration Type (0028,0A02), or with a value
      other than Imager Pixel Spacing (0018,1164), has been corrected or calibrated and is used
      unchanged.
    - Imager Pixel Spacing is measured at the detector. Divided by Estimated Radiographic
      Magnification Factor (0018,1114), where present, it applies to the breast. Pixel Spacing
      of the same value adds no information (PS3.3 10.7.1.3).
    - Pixel Spacing alone has an unknown plane. On a digitised film it is measured on the film and
      takes precedence over Nominal Scanned Pixel Spacing (0018,2010) (PS3.3 A.8.1.3).

    Parameters
    ----------
    dataset
        The data set.
    acquisition
        Whether the image is a digitised film.

    Returns
    -------
    Spacing or None
        None where no attribute has two positive numbers.
    """
    plain = _read_pair(dataset, "PixelSpacing")
    imager = _read_pair(dataset, "ImagerPixelSpacing")
    scanned = _read_pair(dataset, "NominalScannedPixelSpacing")
    calibration = get_text(dataset, "PixelSpacingCalibrationType").upper()

    if plain and calibration == "GEOMETRY":
        return Spacing(*plain, meaning=SpacingMeaning.CORRECTED)
    if plain and calibration == "FIDUCIAL":
        return Spacing(*plain, meaning=SpacingMeaning.CALIBRATED)
    if plain and imager and not _is_same(plain, imager):
        return Spacing(*plain, meaning=SpacingMeaning.CALIBRATED)
    if imager:
        factor = get_number(dataset, "EstimatedRadiographicMagnificationFactor")
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


def _read_pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Row spacing, then column spacing, in the order in which DICOM stores them."""
    read = get_numbers(dataset, keyword)
    if len(read) != 2 or min(read) <= 0:
        return None
    return read[0], read[1]


def _is_same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(one, other, strict=True))
