"""Tests of the DICOM objects with independent programs; see README.md."""
