"""BI-RADS descriptors of a mass that the networks predict in addition to malignancy.

Source: the case descriptions of CBIS-DDSM (Lee et al., Sci Data 4:170177, 2017), which use the
lexicon of the American College of Radiology. A mass may have several descriptors of one group.
"""

from __future__ import annotations

MARGINS = {
    "circumscribed": "CIRCUMSCRIBED",
    "microlobulated": "MICROLOBULATED",
    "obscured": "OBSCURED",
    "ill-defined": "ILL_DEFINED",
    "spiculated": "SPICULATED",
}
"""Margin descriptors, with their terms in CBIS-DDSM."""
SHAPES = {
    "round": "ROUND",
    "oval": "OVAL",
    "lobulated": "LOBULATED",
    "irregular": "IRREGULAR",
    "distorting": "ARCHITECTURAL_DISTORTION",
}
"""Shape descriptors, with their terms in CBIS-DDSM."""
DENSE = "dense breast"
"""Breast density on the four-point scale, mapped to 0 (fatty) to 1 (extremely dense)."""
DESCRIPTORS = (*MARGINS, *SHAPES, DENSE)
"""All descriptors, in the order of a network's outputs after malignancy."""
