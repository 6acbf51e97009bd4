"""Pixel spacing: which attribute counts, and values that no mammogram can have."""

from __future__ import annotations

from Testing.field_cases.case import TRUTH, FieldCase, Read, dicom

_STANDARD = "PS3.3 10.7.1"

CASES = (
    FieldCase("spacing", "ImagerPixelSpacing alone", _STANDARD, dicom(), Read(pixels=TRUTH)),
    FieldCase(
        "spacing",
        "magnification factor 1.8",
        _STANDARD,
        dicom(EstimatedRadiographicMagnificationFactor=1.8),
        Read(spacing=(0.2 / 1.8, 0.2 / 1.8), meaning="CORRECTED", warnings=("magnification",)),
    ),
)
