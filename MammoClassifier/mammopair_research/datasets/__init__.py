"""Training data: patches in memory, whole films, patient folds and samples of lesions."""

CONFOUNDED_SCANNER = "DBA"
"""The scanner all of whose crops in CBIS-DDSM are malignant."""
