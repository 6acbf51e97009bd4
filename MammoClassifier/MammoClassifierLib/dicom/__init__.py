"""Loading mammograms from, and exporting results to, Slicer's DICOM database."""
