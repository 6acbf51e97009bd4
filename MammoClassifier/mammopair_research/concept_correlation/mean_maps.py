"""The mean evidence of the masses of one word: where the networks look on an average mass.

The crops are centred on the mass and scaled to it, so their maps can be averaged as they are;
left and right breasts are not mirrored onto each other, so only what depends on the distance from
the mass's middle is to be read from them.
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
    """Of the masses of one word."""

    descriptor: str
    cells: Floats
    """``(h, w)``, in logits."""
    crops: int


def mean_maps(
    evidence: Floats, rows: Sequence[CropRow], words: Sequence[str] = tuple(MARGINS)
) -> list[MeanMap]:
    """One for each word that some crop has.

    Parameters
    ----------
    evidence
        ``(n, h, w)``
    """
    found = []
    for word in words:
        chosen = np.array([descriptor_target(row, word) == 1 for row in rows])
        if chosen.any():
            found.append(MeanMap(word, evidence[chosen].mean(axis=0), int(chosen.sum())))
    return found
