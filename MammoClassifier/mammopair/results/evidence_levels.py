"""Ordered levels of evidence, from very strong against malignancy to very strong for it.

The label map in Slicer and the DICOM Segmentation show evidence in these levels. Label 0 is
negligible evidence, labels ``1 ... LEVELS`` are against malignancy, strongest first, and labels
``LEVELS + 1 ... 2 LEVELS`` are for malignancy, strongest last.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mammopair.results.colours import evidence_rgba

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LEVEL_BOUNDS = (0.5, 1.0, 2.0, 4.0)
"""Absolute evidence, in logits, from which it is weak, moderate, strong, very strong."""
STRENGTHS = ("weak", "moderate", "strong", "very strong")
LEVELS = len(LEVEL_BOUNDS)
LEVEL_NAMES = (
    *(f"Against malignancy, {strength}" for strength in reversed(STRENGTHS)),
    *(f"For malignancy, {strength}" for strength in STRENGTHS),
)
"""Names of the labels from 1 on."""


def levels_of(cells: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return the labels of signed evidence in logits, in the shape of ``cells``."""
    import numpy as np

    values = np.asarray(cells, dtype=np.float64)
    strength = np.digitize(np.abs(values), LEVEL_BOUNDS)
    label = np.where(values > 0, LEVELS + strength, LEVELS + 1 - strength)
    return np.where(strength == 0, 0, label).astype(np.uint8)


def level_evidence() -> npt.NDArray[np.float64]:
    """Return the evidence in logits that represents each label, ``(2 LEVELS + 1,)``.

    It is the middle of the level; for the outermost levels, which are open, their bound.
    """
    import numpy as np

    middles = [*((low + high) / 2 for low, high in pairwise(LEVEL_BOUNDS)), LEVEL_BOUNDS[-1]]
    return np.array([0.0, *(-middle for middle in reversed(middles)), *middles])


def level_colours() -> npt.NDArray[np.uint8]:
    """Return red, green, blue and opacity of each label, ``(2 LEVELS + 1, 4)``."""
    return evidence_rgba(level_evidence())


def label_strengths() -> npt.NDArray[np.int_]:
    """Return the level of each label, ``(2 LEVELS + 1,)``: 0 for negligible to ``LEVELS``."""
    import numpy as np

    return np.array([0, *range(LEVELS, 0, -1), *range(1, LEVELS + 1)])


def label_opacities(weakest: int) -> npt.NDArray[np.float64]:
    """Return the opacity of each label in [0, 1], ``(2 LEVELS + 1,)``; 0 below a level.

    Parameters
    ----------
    weakest
        The weakest visible level, from 1 to ``LEVELS``.
    """
    import numpy as np

    return np.where(label_strengths() >= weakest, level_colours()[:, 3] / 255.0, 0.0)


def is_visible(cells: npt.ArrayLike, weakest: int) -> npt.NDArray[np.bool_]:
    """Return whether evidence in logits reaches a level, in the shape of ``cells``."""
    import numpy as np

    return np.abs(np.asarray(cells, dtype=np.float64)) >= LEVEL_BOUNDS[weakest - 1]


def labels_in_order() -> list[int]:
    """Return the labels from strongest evidence against malignancy to strongest for it."""
    return [*range(1, LEVELS + 1), 0, *range(LEVELS + 1, 2 * LEVELS + 1)]
