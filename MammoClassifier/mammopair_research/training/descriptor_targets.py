"""Training targets for the BI-RADS descriptors, from the case descriptions of a crop folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mammopair.descriptors import DENSE, MARGINS, SHAPES
from mammopair.io.crop_folder import CropRow


def descriptor_targets(
    rows: Sequence[CropRow], descriptors: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Targets ``(rows, descriptors)``: 1 if given, 0 if another of its group was given, else NaN.

    A mass whose margin (or shape) was not described has NaN for every margin (or shape).
    """
    return np.array(
        [[descriptor_target(row, descriptor) for descriptor in descriptors] for row in rows],
        np.float32,
    )


def descriptor_target(row: CropRow, descriptor: str) -> float:
    """Target of one descriptor for one row; see :func:`descriptor_targets`."""
    if descriptor == DENSE:
        known = row.breast_density in ("1", "2", "3", "4")
        return (int(row.breast_density) - 1) / 3 if known else np.nan
    if descriptor in MARGINS:
        return _is_listed(MARGINS[descriptor], row.mass_margins)
    return _is_listed(SHAPES[descriptor], row.mass_shape)


def _is_listed(descriptor: str, cell: str) -> float:
    """Whether a cell such as ``ILL_DEFINED-SPICULATED`` lists a descriptor; NaN if it is empty."""
    return float(descriptor in cell.split("-")) if cell and cell != "N/A" else np.nan
