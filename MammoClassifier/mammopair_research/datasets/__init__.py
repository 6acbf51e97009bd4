"""Training data: crop folders, whole films, patient folds, samples of lesions."""
