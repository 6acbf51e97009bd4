"""The Slicer side of the extension: widget, logic, MRML nodes, slice views and DICOM database.

Slicer imports this package when it starts. Modules therefore import numpy, and engine modules that
need numpy or packages that may not be installed yet (msgspec, pydicom, torch), inside functions.
"""
