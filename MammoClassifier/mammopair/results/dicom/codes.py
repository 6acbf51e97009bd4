"""Coded concepts of the results, with their context group or template in DICOM PS3.16."""

from __future__ import annotations

from pydicom.sr.coding import Code

MAMMOGRAPHY = Code("71651007", "SCT", "Mammography")
MAMMOGRAPHY_MODALITY = Code("MG", "DCM", "Mammography")
"""CID 29."""
BREAST = Code("76752008", "SCT", "Breast")
SIDES = {
    "L": Code("7771000", "SCT", "Left"),
    "R": Code("24028007", "SCT", "Right"),
}
"""CID 244, by the laterality of the record."""
PROJECTIONS = {
    "CC": Code("399162004", "SCT", "cranio-caudal"),
    "MLO": Code("399368009", "SCT", "medio-lateral oblique"),
}
"""CID 4014, by the projection of the view."""
IMAGE_LATERALITY = Code("111027", "DCM", "Image Laterality")
"""TID 1603."""
IMAGE_VIEW = Code("111031", "DCM", "Image View")
"""TID 1603."""
MASS = Code("129788004", "SCT", "Mammographic breast mass")
"""CID 6054."""

MARGINS = {
    "circumscribed": Code("129738007", "SCT", "Circumscribed lesion"),
    "microlobulated": Code("129739004", "SCT", "Microlobulated lesion"),
    "obscured": Code("129740002", "SCT", "Obscured lesion"),
    "ill-defined": Code("129741003", "SCT", "Indistinct lesion"),
    "spiculated": Code("129742005", "SCT", "Spiculated lesion"),
}
"""CID 6006, by the margin descriptor; ill-defined is an older term for indistinct."""

PROBABILITY_OF_CANCER = Code("111047", "DCM", "Probability of cancer")
PERCENT = Code("%", "UCUM", "Percent")
"""Unit of the probability of cancer in TID 4006."""
NO_UNITS = Code("1", "UCUM", "no units")
MEAN = Code("373098007", "SCT", "Mean")
INTERVAL_BOUNDS = {
    0.8: (
        Code("371890005", "SCT", "Tenth percentile"),
        Code("371887004", "SCT", "Ninetieth percentile"),
    ),
    0.9: (
        Code("371888009", "SCT", "Fifth percentile"),
        Code("371889001", "SCT", "Ninety-fifth percentile"),
    ),
}
"""Bounds of a central interval, by its coverage; codes exist for these two only."""

VISUAL_EXPLANATION = Code("130401", "DCM", "Visual explanation")
CLASS_ACTIVATION = Code("130402", "DCM", "Class activation")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
"""CID 7162."""
COMMENT = Code("121106", "DCM", "Comment")
