"""Tests, as a package: so that Testing/slicer can never be taken for a part of Slicer's package."""
