"""The radiologists' words for a mass: what a network learns beside malignancy.

Source: the case description of CBIS-DDSM (Lee et al., Sci Data 4:170177, 2017), whose words are
those of the American College of Radiology's lexicon. A mass may have several; a mass whose margin
or shape nobody described says nothing about that group of words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mammopair.reading.crop_folder import CropRow

MARGINS = {
    "circumscribed": "CIRCUMSCRIBED",
    "microlobulated": "MICROLOBULATED",
    "obscured": "OBSCURED",
    "ill-defined": "ILL_DEFINED",
    "spiculated": "SPICULATED",
}
SHAPES = {
    "round": "ROUND",
    "oval": "OVAL",
    "lobulated": "LOBULATED",
    "irregular": "IRREGULAR",
    "distorting": "ARCHITECTURAL_DISTORTION",
}
DENSE = "dense breast"
"""The breast's density on the scale of four, from 0 (fatty) to 1 (extremely dense)."""
CONCEPTS = (*MARGINS, *SHAPES, DENSE)
"""All words, in the order of a network's outputs after malignancy."""


def concept_targets(rows: Sequence[CropRow], words: Sequence[str]) -> npt.NDArray[np.float32]:
    """``(n, words)``: 1 where a word was given, 0 where others of its group were, else NaN."""
    return np.array([[concept_target(row, word) for word in words] for row in rows], np.float32)


def concept_target(row: CropRow, word: str) -> float:
    """One word for one row; see :func:`concept_targets`."""
    if word == DENSE:
        known = row.breast_density in ("1", "2", "3", "4")
        return (int(row.breast_density) - 1) / 3 if known else np.nan
    if word in MARGINS:
        return _given(MARGINS[word], row.mass_margins)
    return _given(SHAPES[word], row.mass_shape)


def _given(word: str, cell: str) -> float:
    """The words of a cell are joined by hyphens: ``ILL_DEFINED-SPICULATED``."""
    return float(word in cell.split("-")) if cell and cell != "N/A" else np.nan
