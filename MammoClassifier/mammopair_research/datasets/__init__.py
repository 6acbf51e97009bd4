"""Training data: patches in memory, whole films, patient folds and samples of lesions."""
