"""Training targets of the BI-RADS descriptors, from the columns of a crop folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mammopair.descriptors import DENSE, MARGINS, SHAPES
from mammopair.io.crop_folder import CropRow


def descriptor_targets(
    rows: Sequence[CropRow], descriptors: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Return targets ``(rows, descriptors)``: 1 if present, 0 if absent, NaN if unknown.

    A descriptor is absent if only others of its group (margin or shape) are listed, and unknown if
    none is. Breast density is graded from 0 (fatty) to 1 (extremely dense).
    """
    return np.array(
        [[descriptor_target(row, descriptor) for descriptor in descriptors] for row in rows],
        np.float32,
    )


def descriptor_target(row: CropRow, descriptor: str) -> float:
    """Return the target of one descriptor for one row; see :func:`descriptor_targets`."""
    if descriptor == DENSE:
        known = row.breast_density in ("1", "2", "3", "4")
        return (int(row.breast_density) - 1) / 3 if known else np.nan
    if descriptor in MARGINS:
        return _is_listed(MARGINS[descriptor], row.mass_margins)
    return _is_listed(SHAPES[descriptor], row.mass_shape)


def _is_listed(descriptor: str, cell: str) -> float:
    """Return whether a cell (``ILL_DEFINED-SPICULATED``) lists a descriptor; NaN if empty."""
    return float(descriptor in cell.split("-")) if cell and cell != "N/A" else np.nan
