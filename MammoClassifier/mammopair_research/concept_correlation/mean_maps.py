"""Mean evidence of the masses with one descriptor.

The crops are centred on the mass and scaled to it, so their maps can be averaged. Left and right
breasts are not mirrored, so only the dependence on the distance from the centre is meaningful.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammopair.descriptors import MARGINS
from mammopair.io.crop_folder import CropRow
from mammopair_research.concept_correlation.crop_measurements import Floats
from mammopair_research.training.descriptor_targets import descriptor_target


@dataclass(frozen=True)
class MeanMap:
    """The mean map of the masses with one descriptor."""

    descriptor: str
    cells: Floats
    """``(h, w)``, in logits."""
    crops: int
    """Number of crops."""


def mean_maps(evidence: Floats, rows: Sequence[CropRow]) -> list[MeanMap]:
    """Compute a mean map for each margin descriptor that some crop has.

    Parameters
    ----------
    evidence
        Maps of the crops, ``(n, h, w)``.
    rows
        The ``n`` crops.
    """
    found = []
    for descriptor in MARGINS:
        chosen = np.array([descriptor_target(row, descriptor) == 1 for row in rows])
        if chosen.any():
            found.append(MeanMap(descriptor, evidence[chosen].mean(axis=0), int(chosen.sum())))
    return found
