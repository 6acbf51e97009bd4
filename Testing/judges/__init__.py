"""Independent programs that judge the DICOM objects we write; see README.md."""
