"""The ordered levels of evidence, from very strong against malignancy to very strong for it.

One definition for whatever shows evidence in steps: the Slicer label map, the DICOM Segmentation.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mammopair.results.colours import evidence_rgba

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LEVEL_BOUNDS = (0.5, 1.0, 2.0, 4.0)
"""Logits, for or against, from which evidence is weak, moderate, strong, very strong."""
STRENGTHS = ("weak", "moderate", "strong", "very strong")
LEVELS = len(LEVEL_BOUNDS)
LEVEL_NAMES = (
    *(f"{strength}, against malignancy" for strength in reversed(STRENGTHS)),
    *(f"{strength}, for malignancy" for strength in STRENGTHS),
)
"""What the labels from 1 on say; label 0 is too faint for a side."""


def levels_of(cells: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Labels of signed evidence in logits, of the same shape.

    0 is too faint for a side; ``1 ... LEVELS`` speak against malignancy, the strongest first;
    ``LEVELS + 1 ... 2 LEVELS`` speak for it, the strongest last.
    """
    import numpy as np

    values = np.asarray(cells, dtype=np.float64)
    strength = np.digitize(np.abs(values), LEVEL_BOUNDS)
    label = np.where(values > 0, LEVELS + strength, LEVELS + 1 - strength)
    return np.where(strength == 0, 0, label).astype(np.uint8)


def level_colours() -> npt.NDArray[np.uint8]:
    """``(2 LEVELS + 1, 4)``: red, green, blue and opacity, of the middle of each level."""
    middles = [*((low + high) / 2 for low, high in pairwise(LEVEL_BOUNDS)), LEVEL_BOUNDS[-1]]
    return evidence_rgba([0.0, *(-middle for middle in reversed(middles)), *middles])


def label_strengths() -> npt.NDArray[np.int_]:
    """``(2 LEVELS + 1,)``: the level of each label, 0 for faint evidence to ``LEVELS``."""
    import numpy as np

    return np.array([0, *range(LEVELS, 0, -1), *range(1, LEVELS + 1)])


def labels_in_order() -> list[int]:
    """Labels from the strongest evidence against malignancy to the strongest evidence for it."""
    return [*range(1, LEVELS + 1), 0, *range(LEVELS + 1, 2 * LEVELS + 1)]
