"""How good the predictions are: statistics on probabilities and labels, intervals by patient.

Nothing here knows of networks or of images. A probability is that of malignancy, in ``[0, 1]``; a
label is 1 for malignant and 0 for benign; a patient is a string.

==============  ====================================================================================
``sample``      probabilities and labels, checked
``metrics``     AUC, accuracy, sensitivity, specificity, Brier score, calibration error of a sample
``curves``      points of the ROC and of the calibration curve
``weighted``    the same metrics for thousands of reweighted samples at once
``bootstrap``   intervals and paired tests from resampled patients: the ones to quote
``delong``      the AUC's variance and paired test in closed form, for independent rows
``levels``      from predictions by view to predictions by pair and by lesion
``summary``     all of it in one JSON-serialisable dictionary
==============  ====================================================================================
"""
