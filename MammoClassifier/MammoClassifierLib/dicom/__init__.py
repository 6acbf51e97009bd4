"""Loading from and exporting to the DICOM database of Slicer."""
