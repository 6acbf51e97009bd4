"""Metrics of binary predictions, with intervals and tests that resample patients.

The functions do not depend on networks or images. A probability is that of malignancy, in
``[0, 1]``; a label is 1 for malignant and 0 for benign; a patient is an identifier.

====================  ==============================================================================
``sample``            validation of probabilities and labels
``metrics``           AUC, accuracy, sensitivity, specificity, Brier score, calibration error
``weighted_metrics``  the same metrics for thousands of resamples at once
``bootstrap``         intervals and paired tests from resampled patients
``proportions``       a share of rows with its interval
``metric_summary``    metrics and intervals in one dictionary
====================  ==============================================================================
"""
